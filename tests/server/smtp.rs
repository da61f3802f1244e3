//! A mail server on this machine: it takes letters, refuses them, or hangs up when it has one.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It is taken.
    Takes,
    /// It is read and then refused for now.
    Refuses,
    /// It is taken, and nobody is told.
    HangsUp,
}

/// A letter as it came.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who sends it, by the envelope.
    pub from: String,
    /// Who gets it, by the envelope.
    pub to: String,
    /// Its head and text, as people read it.
    pub text: String,
    /// What became of it.
    pub mood: Mood,
}

impl Letter {
    /// A line of the head.
    pub fn head(&self, name: &str) -> &str {
        let line = self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// The token behind `token=`.
    pub fn token(&self) -> &str {
        self.text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap()
    }
}

#[derive(Default)]
struct State {
    letters: Mutex<Vec<Letter>>,
    moods: Mutex<VecDeque<Mood>>,
    ends: AtomicBool,
}

/// The server; it ends with its value.
pub struct MailServer {
    port: u16,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

impl MailServer {
    /// One that is in these moods, letter by letter, and then takes all.
    pub fn start(moods: &[Mood]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { moods: Mutex::new(moods.iter().copied().collect()), ..State::default() });
        let seen = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.ends.load(Ordering::SeqCst) {
                    return;
                }
                // Whoever goes away in the middle is no matter of the server.
                let _ = talk(stream.unwrap(), &seen);
            }
        });
        Self { port, state, thread: Some(thread) }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// All that came, in order.
    pub fn letters(&self) -> Vec<Letter> {
        self.state.letters.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.state.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn talk(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut said = String::new();
    let (mut from, mut to) = (String::new(), String::new());
    stream.write_all(b"220 crm.example ESMTP\r\n")?;
    loop {
        said.clear();
        if lines.read_line(&mut said)? == 0 {
            return Ok(());
        }
        let line = said.trim_end();
        let address = || line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(it, _)| it);
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-crm.example\r\n250 8BITMIME\r\n",
            "MAIL" => {
                address().clone_into(&mut from);
                b"250 ok\r\n"
            }
            "RCPT" => {
                address().clone_into(&mut to);
                b"250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let mut text = String::new();
                loop {
                    said.clear();
                    lines.read_line(&mut said)?;
                    if said.trim_end() == "." {
                        break;
                    }
                    text.push_str(&said);
                }
                let mood = state.moods.lock().unwrap().pop_front().unwrap_or(Mood::Takes);
                let letter = Letter { from: from.clone(), to: to.clone(), text: readable(&text), mood };
                state.letters.lock().unwrap().push(letter);
                match mood {
                    Mood::Takes => b"250 taken\r\n",
                    Mood::Refuses => b"451 the mailbox is full\r\n",
                    Mood::HangsUp => return Ok(()),
                }
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer)?;
    }
}

/// Takes the encoding of lines and letters back.
fn readable(text: &str) -> String {
    let joined = text.replace("\r\n", "\n").replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match (first, code) {
            (b'=', Some(code)) => {
                bytes.push(code);
                rest = &others[2..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
