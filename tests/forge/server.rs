//! A web server on this machine that answers as a forge would, from memory, and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::Value;

/// What somebody asked; names of headers in lower case.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// The page that is asked for, of things of which there may be many.
    pub fn page(&self, all: &[Value]) -> Answer {
        let number = |name: &str, default: usize| self.query.get(name).map_or(default, |text| text.parse().unwrap());
        let size = number("per_page", 20).min(100);
        let page: Vec<&Value> = all.iter().skip((number("page", 1) - 1) * size).take(size).collect();
        Answer::json(200, &serde_json::json!(page))
    }

    /// The field `body` of what was sent.
    pub fn text(&self) -> String {
        let sent: Value = serde_json::from_slice(&self.body).unwrap();
        sent["body"].as_str().unwrap().to_owned()
    }
}

/// What is answered.
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, value: &Value) -> Self {
        Self::bytes(status, value.to_string().into_bytes())
    }

    pub fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, location: None, body }
    }

    pub fn redirect(location: String) -> Self {
        Self { status: 302, location: Some(location), body: Vec::new() }
    }

    pub fn missing() -> Self {
        Self::json(404, &serde_json::json!({ "message": "Not Found" }))
    }
}

/// What a forge knows and answers.
pub trait Forge: Send + 'static {
    fn answer(&mut self, request: &Request) -> Answer;
}

/// When a request goes wrong: before anything was done, or after, so that only the answer is lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Before,
    After,
}

/// A forge that listens.
pub struct Server<F> {
    /// Its address, without a slash at the end.
    pub address: String,
    forge: Arc<Mutex<F>>,
    seen: Arc<Mutex<Vec<Request>>>,
    faults: Arc<Mutex<Vec<(String, Fault, u16)>>>,
}

impl<F: Forge> Server<F> {
    /// Begins to listen; `make` gets the address.
    pub fn start(make: impl FnOnce(&str) -> F) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server =
            Self { forge: Arc::new(Mutex::new(make(&address))), seen: Arc::default(), faults: Arc::default(), address };
        let (forge, seen, faults) = (server.forge.clone(), server.seen.clone(), server.faults.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(&stream, &forge, &seen, &faults);
            }
        });
        server
    }

    /// What the forge knows, to look at or to change.
    pub fn forge(&self) -> MutexGuard<'_, F> {
        self.forge.lock().unwrap()
    }

    /// Lets the next request fail that begins so, as in `POST /issues`; each fault happens once, in order.
    pub fn fail(&self, request: &str, fault: Fault, status: u16) {
        self.faults.lock().unwrap().push((request.to_owned(), fault, status));
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// All requests so far that were to change something.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.seen().into_iter().filter(|request| request.method != "GET");
        writes.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

fn serve<F: Forge>(
    stream: &TcpStream,
    forge: &Mutex<F>,
    seen: &Mutex<Vec<Request>>,
    faults: &Mutex<Vec<(String, Fault, u16)>>,
) {
    let Some(request) = read(stream) else { return };
    seen.lock().unwrap().push(request.clone());
    let line = format!("{} {}", request.method, request.path);
    let fault = {
        let mut faults = faults.lock().unwrap();
        let found = faults.iter().position(|(begin, ..)| line.starts_with(begin));
        found.map(|index| faults.remove(index))
    };
    let broken = |status| Answer::json(status, &serde_json::json!({ "message": "broken" }));
    let answer = match fault {
        Some((_, Fault::Before, status)) => broken(status),
        Some((_, Fault::After, status)) => {
            forge.lock().unwrap().answer(&request);
            broken(status)
        }
        None => forge.lock().unwrap().answer(&request),
    };
    let location = answer.location.map(|location| format!("Location: {location}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} x\r\nContent-Length: {}\r\nConnection: close\r\n{location}\r\n",
        answer.status,
        answer.body.len()
    );
    let mut stream = stream;
    // Who has read enough hangs up.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer.body));
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut request = Request {
        method,
        path: path.to_owned(),
        query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = request.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}
