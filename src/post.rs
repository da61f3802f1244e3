//! The post: letters go to a mail server, or into a maildir on this machine.
//!
//! Nothing is kept here. Whoever sends sees to it that a letter that did not go is sent again.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MessageBuilder};
use lettre::{Message, SmtpTransport, Transport};
use thiserror::Error;

use crate::online::Letter;

/// How long a mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where letters go.
pub enum Post {
    /// Into a folder with `tmp`, `new` and `cur`, from which mail programs take them.
    Maildir(PathBuf),
    /// To a server.
    Server(Box<SmtpTransport>),
}

/// Why a letter did not go. Never holds an address of the server with a password in it.
#[derive(Debug, Error)]
pub enum PostError {
    /// The address of the server is none.
    #[error("this is no address of a mail server")]
    BadServer,
    /// An address of a person is none.
    #[error("`{0}` is no e-mail address")]
    BadAddress(String),
    /// The letter cannot be written as a mail.
    #[error("the letter cannot be written: {0}")]
    Unwritable(String),
    /// The folder cannot be written.
    #[error("cannot write the letter into `{}`: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The server did not take it, or could not be reached.
    #[error("the mail server did not take the letter: {0}")]
    Refused(String),
}

impl Post {
    /// A maildir; its folders are made with the first letter.
    pub fn maildir(folder: &Path) -> Self {
        Self::Maildir(folder.to_owned())
    }

    /// A server by its URL: `smtps://user:password@host`, or `smtp://host:587?tls=required`.
    ///
    /// # Errors
    /// If it is no such URL; no part of it is repeated.
    pub fn server(url: &str) -> Result<Self, PostError> {
        let builder = SmtpTransport::from_url(&with_tls(url)).map_err(|_| PostError::BadServer)?;
        Ok(Self::Server(Box::new(builder.timeout(Some(PATIENCE)).build())))
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// If it did not go, or nobody knows.
    pub fn send(&self, from: &str, letter: &Letter) -> Result<(), PostError> {
        let message = message(from, letter)?;
        match self {
            Self::Maildir(folder) => deliver(folder, &letter.message_id, &message.formatted()),
            Self::Server(server) => {
                server.send(&message).map(drop).map_err(|error| PostError::Refused(in_a_line(&error)))
            }
        }
    }
}

/// A server that is not on this machine gets letters, and the password, over an encrypted line only.
fn with_tls(url: &str) -> String {
    let Some(rest) = url.strip_prefix("smtp://").filter(|rest| !rest.contains("tls=")) else { return url.to_owned() };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let is_here = ["localhost", "127.", "[::1]"].iter().any(|here| host.starts_with(here));
    let joint = if rest.contains('?') { '&' } else { '?' };
    if is_here { url.to_owned() } else { format!("{url}{joint}tls=required") }
}

fn in_a_line(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    // Some say their cause themselves.
    let (text, cause) = (error.to_string(), error.source().map(ToString::to_string).unwrap_or_default());
    let cause = if text.contains(&cause) { String::new() } else { format!(": {cause}") };
    format!("{text}{cause}").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn message(from: &str, letter: &Letter) -> Result<Message, PostError> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|_| PostError::BadAddress(text.to_owned()));
    let builder: MessageBuilder = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(&letter.to)?)
        .message_id(Some(format!("<{}>", letter.message_id)))
        .header(ContentType::TEXT_PLAIN)
        .subject(letter.subject.clone());
    // Addresses with a token are longer than a line may be in other encodings' view, and must come through whole.
    let body = Body::new_with_encoding(letter.text.clone(), ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| PostError::Unwritable("its text cannot be encoded".to_owned()))?;
    builder.body(body).map_err(|error| PostError::Unwritable(error.to_string()))
}

/// Puts a letter into a maildir: whole or not at all. The same letter, sent again, has another name.
fn deliver(folder: &Path, message_id: &str, bytes: &[u8]) -> Result<(), PostError> {
    let failed = |error: std::io::Error| PostError::Folder { folder: folder.to_owned(), reason: error.to_string() };
    for part in ["tmp", "new", "cur"] {
        fs::create_dir_all(folder.join(part)).map_err(failed)?;
    }
    let plain: String = message_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = (1..).map(|number| format!("{plain}.{number}")).find(|name| {
        let is_there = |part: &str| folder.join(part).join(name).exists();
        !is_there("new") && !is_there("cur") && !is_there("tmp")
    });
    let name = name.unwrap_or(plain);
    let (written, there) = (folder.join("tmp").join(&name), folder.join("new").join(&name));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Whoever reads the letter can accept the invitation.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&written).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&written, &there).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            to: "lars@nordwind.example".to_owned(),
            subject: "Einladung für Lars".to_owned(),
            text: format!("Moin Lars,\n\nhttps://crm.example/accept?token={}\n", "a".repeat(64)),
            message_id: "1234.lars@rightful".to_owned(),
        }
    }

    #[test]
    fn a_letter_in_a_maildir_is_whole_and_keeps_its_message_id() {
        let folder = tempfile::tempdir().unwrap();
        let post = Post::maildir(&folder.path().join("mail"));
        post.send("CRM <crm@nordwind.example>", &letter()).unwrap();
        post.send("CRM <crm@nordwind.example>", &letter()).unwrap();
        let new = folder.path().join("mail/new");
        let mut names: Vec<_> = fs::read_dir(&new).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["1234-lars-rightful.1", "1234-lars-rightful.2"]);
        let text = fs::read_to_string(new.join(&names[0])).unwrap();
        assert!(text.contains("Message-ID: <1234.lars@rightful>\r\n"), "{text}");
        assert!(text.contains("To: lars@nordwind.example\r\n"), "{text}");
        assert!(fs::read_dir(folder.path().join("mail/tmp")).unwrap().next().is_none());
    }

    #[test]
    fn only_a_server_on_this_machine_gets_letters_in_the_clear() {
        assert_eq!(with_tls("smtp://localhost:25"), "smtp://localhost:25");
        assert_eq!(with_tls("smtp://u:p@127.0.0.1:25"), "smtp://u:p@127.0.0.1:25");
        assert_eq!(with_tls("smtp://mail.example:587"), "smtp://mail.example:587?tls=required");
        assert_eq!(with_tls("smtp://u:127.@mail.example"), "smtp://u:127.@mail.example?tls=required");
        assert_eq!(with_tls("smtp://mail.example?tls=opportunistic"), "smtp://mail.example?tls=opportunistic");
        assert_eq!(with_tls("smtps://mail.example"), "smtps://mail.example");
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none_and_a_password_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let post = Post::maildir(folder.path());
        let wrong = Letter { to: "lars".to_owned(), ..letter() };
        assert_eq!(post.send("crm@x.example", &wrong).unwrap_err().to_string(), "`lars` is no e-mail address");
        let error = Post::server("http://u:hunter2@h").err().map(|error| error.to_string()).unwrap();
        assert!(!error.contains("hunter2"));
    }
}
