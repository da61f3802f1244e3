//! `rightful doctor`

use std::sync::atomic::AtomicBool;

use clap::Args;

use crate::online::{self, Moment, Refused, Register, Verdict};
use crate::report::{text, view};
use crate::say;
use crate::target::TargetError;
use crate::wire;

use super::registered::foreseen;
use super::service::{Looked, Looking, absent, look};
use super::session::Failure;
use super::sync::{git, process};
use super::{Context, Format, Outcome};

/// Go through what can stop synchronisation, and say what to do
///
/// Looks at the machine, the connection, the service, the lease, the newest
/// line of the log, the credentials and the letters, in this order, for every
/// company. Each is OK, or it says what is wrong and what to do. Exit code 1 if
/// something is.
///
/// Examples:
///   rightful doctor
///   rightful doctor --env-file /etc/rightful/env
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Doctor {
    #[command(flatten)]
    looking: Looking,
}

pub fn run(command: &Doctor, context: &Context) -> Result<Outcome, Failure> {
    let looked = look(&command.looking, context)?;
    let look = looked.first().map_or(context.out, |looked| looked.opened.out);
    let found: Vec<online::Examined> = looked.iter().map(|one| (one.company.clone(), examine(context, one))).collect();
    let is_wrong = |verdict: &Verdict| matches!(verdict, Verdict::Wrong(_));
    let wrong = found.iter().flat_map(|(_, checks)| checks).any(|(_, verdict)| is_wrong(verdict));
    let out = match command.looking.format {
        Format::Json => wire::to_text(&wire::doctor(&found, look.language)),
        Format::Text => text::print(&view::doctor(&found), look),
    };
    Ok(Outcome::new(out, u8::from(wrong)))
}

fn examine(context: &Context, looked: &Looked) -> Vec<(online::Check, Verdict)> {
    let (terms, machines) = looked.terms();
    let mut seen = online::Seen {
        register: None,
        unasked: None,
        absent: None,
        unreached: None,
        not_let_in: None,
        remote: remote(context, looked),
        refused: None,
        is_gone: false,
        terms,
        machines: &machines,
    };
    match &looked.database {
        // There is no address: the variable is not set, for example.
        Err(failure) => seen.unasked = Some(failure.into()),
        Ok(database) => match &database.register {
            Ok(Some((register, now))) => {
                seen.register = Some((register, *now));
                seen.refused = refusal(looked, register, *now);
                seen.is_gone = register.service.process.as_deref().is_some_and(process::is_gone);
            }
            Ok(None) => seen.absent = Some((&absent(&looked.opened, &database.database, false)).into()),
            Err(error @ (TargetError::Credentials(_) | TargetError::Denied { .. })) => {
                seen.not_let_in = Some(refused(error));
            }
            Err(error) => seen.unreached = Some(refused(error)),
        },
    }
    online::examine(&seen)
}

/// Why the policy is not applied although the company is connected, if it is so.
fn refusal(looked: &Looked, register: &Register, now: Moment) -> Option<Refused> {
    if !looked.opened.company().compiles() {
        return None;
    }
    let renames = looked.opened.policy().renames().collect();
    let failure = foreseen(&looked.opened, Some(&(register.clone(), now)), &renames, None).err()?;
    Some((&failure).into())
}

fn refused(error: &TargetError) -> Refused {
    Refused::new(say!("{name}", name = error.to_string()), say!("{name}", name = error.help()))
}

/// Why the remote repository cannot be reached, if there is one.
fn remote(context: &Context, looked: &Looked) -> Option<Refused> {
    let (remote, branch) = (looked.source.remote.as_deref()?, looked.source.branch.as_deref()?);
    let _stage = context.working(&say!("asking {remote}", remote));
    let asked = git::ask(&AtomicBool::new(false), &looked.opened.root, remote, branch);
    asked.err().map(|failure| Refused::from(&failure))
}
