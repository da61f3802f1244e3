//! A server's database is read while the policy is: neither needs the other, and most of the time is spent waiting.
//!
//! What comes out counts only if it turns out to be the database that is meant, and only once the policy compiles. If it
//! does not, nobody asks for it any more.

use std::thread::{self, JoinHandle};

use crate::plan::Reading;
use crate::syntax::database::DatabaseUrl;
use crate::target::{Registered, Target, TargetError};

use super::Context;
use super::database::{meant, server};

/// A reading that is under way.
pub struct Ahead {
    url: String,
    reader: JoinHandle<Read>,
}

/// A database with everything that it says.
pub type Read = (Box<dyn Target + Send>, Result<(Reading, Registered), TargetError>);

impl Ahead {
    /// Begins to read the database of `--database`, else of the settings, if it is one on a server.
    pub fn of(context: &Context, url: Option<&str>) -> Option<Self> {
        let DatabaseUrl::Postgres(url) = meant(context, url)? else { return None };
        let target = server(&url)?;
        let reader = thread::Builder::new().spawn(move || read(target)).ok()?;
        Some(Self { url: url.into(), reader })
    }

    /// What was read, if it is the database of this URL.
    pub fn take(self, url: &str) -> Option<Read> {
        if self.url == url { self.reader.join().ok() } else { None }
    }
}

fn read(mut target: Box<dyn Target + Send>) -> Read {
    let read = target.read_all();
    (target, read)
}
