//! `rightful invite`

use clap::{Args, Subcommand};

use crate::name::Name;
use crate::online::{self, Settled};
use crate::report::{text, view};
use crate::repository::Company;
use crate::say;
use crate::wire;

use super::database::{database, database_of};
use super::registered::{Everywhere, alter, deed, message_id, send, who_acts};
use super::running::gather;
use super::session::{Failure, open, open_at, open_for, open_whatever};
use super::{Context, Format, Outcome};

/// Look after invitations: list, send again, take back, accept
///
/// Whoever the policy gives online access is invited by `rightful apply`, by
/// e-mail and within the licence. What was taken back, or was not answered in
/// time, stays so until it is sent again. A newer letter makes older ones void.
///
/// Examples:
///   rightful invite list
///   rightful invite resend lars --as anna
///   rightful invite accept 3f9a...
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Invite {
    #[command(subcommand)]
    deed: Deed,
    #[command(flatten)]
    everywhere: Everywhere,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Who was invited, and what became of the letters
    List,
    /// Send an invitation again, also one that expired or was taken back
    Resend {
        /// Whose
        user: String,
    },
    /// Take an invitation back, or the access of whoever accepted it
    Revoke {
        /// Whose
        user: String,
    },
    /// Accept an invitation
    Accept {
        /// The token of the letter
        token: String,
    },
}

pub fn run(command: &Invite, context: &Context) -> Result<Outcome, Failure> {
    let Everywhere { database: url, format, .. } = &command.everywhere;
    // Whoever was invited comes in, and lists are shown, whatever is wrong with the policy right now.
    let opened = match command.deed {
        Deed::List => open_whatever(context)?,
        Deed::Accept { ref token } => open_at(context, None, company_of(context, url.as_deref(), token)?.as_deref())?,
        Deed::Resend { .. } | Deed::Revoke { .. } => open_for(context, None, context.company.as_deref())?,
    };
    let acting = command.everywhere.acting();
    let policy = opened.policy();
    let mut database = database(context, &opened, url.as_deref())?;
    let (register, now) = super::registered::registered(&mut *database.target)?;
    let json = *format == Format::Json;
    let who_may = |word: &str| {
        let who = who_acts(&opened, &acting)?;
        online::may_administer(policy, &register, &who)?;
        Ok::<_, Failure>(deed(&opened, &acting, context, &who, word))
    };
    let out = match &command.deed {
        Deed::List if json => wire::to_text(&wire::invitations(&register, now)),
        Deed::List => text::print(&view::invitations(&register, now), opened.out),
        Deed::Resend { user } => {
            let user = Name::foreign(user);
            let run = who_may("resend")?;
            alter(&mut database, &run, &opened, |register, now| {
                online::resend(policy, register, now, &user, &mut message_id).map(|after| (after, ()))
            })?;
            let posted = send(&opened, &mut *database.target)?;
            if json {
                wire::to_text(&wire::deed("resend", 0, &Settled::default(), &posted.sent, &posted.failed))
            } else {
                text::print(&view::settled(&Settled::default(), &posted.sent, &posted.failed), opened.out)
            }
        }
        Deed::Revoke { user } => {
            let user = Name::foreign(user);
            let run = who_may("revoke")?;
            alter(&mut database, &run, &opened, |register, now| {
                online::revoke(register, now, &user).map(|after| (after, ()))
            })?;
            if json {
                wire::to_text(&wire::deed("revoke", 0, &Settled::default(), &[], &[]))
            } else {
                text::print(&view::revoked(&user), opened.out)
            }
        }
        Deed::Accept { token } => {
            // Whoever has the token is whom it was sent to; nobody else has to act.
            let hash = hash_of(token);
            let run = crate::audit::Run { deed: Some("accept".to_owned()), ..gather(&opened, &acting, context) };
            let user = alter(&mut database, &run, &opened, |register, now| {
                let presented = online::accept(register, now, &hash)?;
                Ok((presented.register, presented.user))
            })?;
            if json {
                wire::to_text(&wire::deed("accept", 0, &Settled::default(), &[], &[]))
            } else {
                text::print(&view::sentence(say!("{user} can work online now", user)), opened.out)
            }
        }
    };
    Ok(Outcome::new(out, 0))
}

/// The hash of a token, which is all that a database knows of it.
fn hash_of(token: &str) -> String {
    blake3::hash(token.trim().as_bytes()).to_hex().to_string()
}

/// The company whose invitation a token opens: the letter does not name it, and whoever got it need not know.
fn company_of(context: &Context, url: Option<&str>, token: &str) -> Result<Option<String>, Failure> {
    if context.company.is_some() || url.is_some() {
        return Ok(context.company.clone());
    }
    let opened = open(context, None)?;
    let (hash, companies) = (hash_of(token), &opened.repository.companies);
    let invites = |company: &&Company| {
        // What cannot be read now does not keep those of other companies out.
        let register = database_of(&opened, company, company.database.as_ref())
            .and_then(|mut database| Ok(database.target.register()?));
        let invitations = register.ok().flatten().map(|(register, _)| register.invitations).unwrap_or_default();
        invitations.values().any(|one| one.token_hash.as_deref() == Some(&hash))
    };
    let found = companies.iter().find(invites).or(companies.first());
    Ok(found.and_then(|company| company.name.as_ref()).map(ToString::to_string))
}
