//! A way to a server that passes through the test, which sees each message of the client before the server does, and
//! may break the connection there.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The server gets it.
    Forward,
    /// The connection breaks before the server gets it.
    CutBefore,
    /// The server gets it, and the connection breaks before the client gets the answer.
    CutAfter,
    /// Nothing comes through any more, either way, and nobody is told: as when a machine loses its power.
    Silence,
}

/// One message of a client.
pub struct Message<'a> {
    /// How many requests there were on all connections, with this one: a server answers to requests, not to the
    /// messages that they consist of.
    pub request: usize,
    /// Whether the request is complete with this message.
    pub is_last: bool,
    body: &'a [u8],
}

impl Message<'_> {
    /// Whether these words are in it.
    pub fn says(&self, words: &str) -> bool {
        self.body.windows(words.len()).any(|part| part == words.as_bytes())
    }
}

/// What the test does with messages.
type Judge = dyn Fn(&Message<'_>) -> Act + Send + Sync;

/// The way to a server; nothing comes through any more when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
}

impl Proxy {
    /// A way to a server for clients that do not ask for TLS.
    pub fn to(server: SocketAddr, judge: impl Fn(&Message<'_>) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_closed = Arc::new(AtomicBool::new(false));
        let closed = is_closed.clone();
        let judge: Arc<Judge> = Arc::new(judge);
        let requests = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for client in listener.incoming() {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                // A server that is gone is one to which no connection comes about.
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { continue };
                // Messages come one by one, and none waits for the next.
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (judge, requests, is_closed) = (judge.clone(), requests.clone(), closed.clone());
                let way = Way { client, server, is_silent: Arc::default(), is_closed };
                thread::spawn(move || way.carry(&*judge, &requests));
            }
        });
        Self { address, is_closed }
    }

    /// The same database by this way.
    pub fn url(&self, url: &str) -> String {
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (_, database) = rest.split_once('/').unwrap();
        format!("{before}@{}/{database}?sslmode=disable", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection.
struct Way {
    client: TcpStream,
    server: TcpStream,
    is_silent: Arc<AtomicBool>,
    is_closed: Arc<AtomicBool>,
}

impl Way {
    fn carry(self, judge: &Judge, requests: &AtomicUsize) {
        let cuts_answer = Arc::new(AtomicBool::new(false));
        let (flag, back) = (cuts_answer.clone(), self.again());
        thread::spawn(move || back.answers(&flag));
        let _ = self.asks(judge, requests, &cuts_answer);
        self.cut();
    }

    /// The client's messages, until one end is gone.
    fn asks(&self, judge: &Judge, requests: &AtomicUsize, cuts_answer: &AtomicBool) -> std::io::Result<()> {
        let (mut is_first, mut is_new) = (true, true);
        loop {
            let bytes = message(&self.client, !is_first)?;
            // The greeting, a password, a plain query, and the word that a prepared one is complete.
            let is_last = is_first || matches!(bytes[0], b'p' | b'Q' | b'S');
            let request = requests.fetch_add(is_new.into(), Ordering::SeqCst) + usize::from(is_new);
            (is_first, is_new) = (false, is_last);
            match judge(&Message { request, is_last, body: &bytes }) {
                Act::Forward => {}
                Act::CutBefore => return Ok(()),
                Act::CutAfter => cuts_answer.store(true, Ordering::SeqCst),
                Act::Silence => {
                    self.is_silent.store(true, Ordering::SeqCst);
                    return Ok(());
                }
            }
            (&self.server).write_all(&bytes)?;
        }
    }

    /// The server's messages, until one end is gone, or the one that is to be cut off.
    fn answers(&self, cuts: &AtomicBool) {
        while let Ok(bytes) = message(&self.server, true) {
            // Ready for the next request, ready for rows, or asking who it is.
            let is_answered = matches!(bytes[0], b'Z' | b'G' | b'R');
            if is_answered && cuts.load(Ordering::SeqCst) {
                break;
            }
            if !self.is_silent.load(Ordering::SeqCst) && (&self.client).write_all(&bytes).is_err() {
                break;
            }
        }
        self.cut();
    }

    fn cut(&self) {
        while self.is_silent.load(Ordering::SeqCst) && !self.is_closed.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    fn again(&self) -> Self {
        let (client, server) = (self.client.try_clone().unwrap(), self.server.try_clone().unwrap());
        Self { client, server, is_silent: self.is_silent.clone(), is_closed: self.is_closed.clone() }
    }
}

/// The next message with its length, and with its kind before that unless it is the first of a client.
fn message(mut from: &TcpStream, has_kind: bool) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4 + usize::from(has_kind)];
    from.read_exact(&mut bytes)?;
    let length: [u8; 4] = bytes[bytes.len() - 4..].try_into().unwrap();
    let head = bytes.len();
    bytes.resize(head + u32::from_be_bytes(length) as usize - 4, 0);
    from.read_exact(&mut bytes[head..])?;
    Ok(bytes)
}
