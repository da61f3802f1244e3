//! `rightful online`

use clap::{Args, Subcommand};

use crate::name::Name;
use crate::online::{self, Moment, Register};
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::database::database;
use super::registered::{Everywhere, alter, deed, who_acts};
use super::session::{Failure, open_for};
use super::{Context, Format, Outcome};

/// Show who works online, who was invited, and the places of the licence
///
/// Lists everybody who can have online access, an active user who is linked to
/// an employee with an e-mail address, with how far they got: not invited,
/// invited, active, expired, revoked or locked. `lock` and `unlock` are about
/// logins: too many failed ones lock by themselves.
///
/// Examples:
///   rightful online
///   rightful online unlock lars --as anna
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Online {
    #[command(subcommand)]
    deed: Option<Deed>,
    #[command(flatten)]
    everywhere: Everywhere,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Lock a login
    Lock {
        /// Whose
        user: String,
    },
    /// Unlock a login that somebody locked, or that failed too often
    Unlock {
        /// Whose
        user: String,
    },
}

pub fn run(command: &Online, context: &Context) -> Result<Outcome, Failure> {
    let Everywhere { database: url, format, .. } = &command.everywhere;
    let opened = open_for(context, None, context.company.as_deref())?;
    let acting = command.everywhere.acting();
    let policy = opened.policy();
    let mut database = database(context, &opened, url.as_deref())?;
    let Some(deed_) = &command.deed else {
        // Without a database nobody was invited yet.
        let (register, now) = database.target.register()?.unwrap_or((Register::default(), Moment::default()));
        let (people, places) = (online::people(policy, &register, now), online::places(policy, &register, now));
        let out = match *format {
            Format::Json => wire::to_text(&wire::online(&register, &people, places)),
            Format::Text => text::print(&view::online(policy, &register, &people, places), opened.out),
        };
        return Ok(Outcome::new(out, 0));
    };
    let who = who_acts(&opened, &acting)?;
    let (word, user) = match deed_ {
        Deed::Lock { user } => ("lock", Name::foreign(user)),
        Deed::Unlock { user } => ("unlock", Name::foreign(user)),
    };
    let run = deed(&opened, &acting, context, &who, word);
    let (register, _) = super::registered::registered(&mut *database.target)?;
    online::may_administer(policy, &register, &who)?;
    alter(&mut database, &run, &opened, |register, now| {
        let after = match deed_ {
            Deed::Lock { .. } => online::lock(register, now, &user),
            Deed::Unlock { .. } => online::unlock(policy, register, &user),
        };
        after.map(|after| (after, ()))
    })?;
    let out = match (format, deed_) {
        (Format::Json, _) => wire::to_text(&wire::deed(word, 0, &online::Settled::default(), &[], &[])),
        (Format::Text, Deed::Lock { .. }) => {
            text::print(&view::sentence(say!("the login of {user} is locked", user)), opened.out)
        }
        (Format::Text, Deed::Unlock { .. }) => {
            text::print(&view::sentence(say!("the login of {user} is unlocked", user)), opened.out)
        }
    };
    Ok(Outcome::new(out, 0))
}
