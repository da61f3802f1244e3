//! `rightful doctor`

use std::sync::atomic::AtomicBool;

use clap::Args;

use crate::online::{self, Refused, Verdict};
use crate::report::{text, view};
use crate::say;
use crate::target::TargetError;
use crate::wire;

use super::service::{Looked, Looking, look};
use super::session::Failure;
use super::sync::git;
use super::{Context, Format, Outcome};

/// Go through what can stop synchronisation, and say what to do
///
/// Looks at the machine, the connection, the service, the lease, the newest
/// line of the log and the credentials, in this order, for every company. Each
/// is OK, or it says what is wrong and what to do. Exit code 1 if something is.
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
        unreached: None,
        not_let_in: None,
        remote: remote(context, looked),
        terms,
        machines: &machines,
    };
    match &looked.database {
        // There is no address: the variable is not set, for example.
        Err(failure) => seen.not_let_in = Some(failure.into()),
        Ok(database) => match &database.register {
            Ok(found) => seen.register = found.as_ref().map(|(register, now)| (register, *now)),
            Err(error @ (TargetError::Credentials(_) | TargetError::Denied { .. })) => {
                seen.not_let_in = Some(refused(error));
            }
            Err(error) => seen.unreached = Some(refused(error)),
        },
    }
    online::examine(&seen)
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
