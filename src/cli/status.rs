//! `rightful status`

use clap::Args;

use crate::online;
use crate::plan::{Drift, Origin};
use crate::report::{text, view};
use crate::wire;

use super::running::kept;
use super::service::{Looked, Looking, Seen, absent, look};
use super::session::Failure;
use super::wanted::Wanted;
use super::{Context, Format, Outcome};

/// Show how synchronisation stands, for every company
///
/// Says since when a company is connected and by whom, which machine
/// synchronises, how the last run ended and when the next one is, what somebody
/// changed in the database that no policy says, and how many places of the
/// licence are taken. `rightful doctor` says what to do if something stopped.
///
/// Examples:
///   rightful status
///   rightful status --company nordwind --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Status {
    #[command(flatten)]
    looking: Looking,
}

pub fn run(command: &Status, context: &Context) -> Result<Outcome, Failure> {
    let looked = look(&command.looking, context)?;
    let look = looked.first().map_or(context.out, |looked| looked.opened.out);
    let mut stands = Vec::new();
    for one in looked {
        stands.push(stand(context, one));
    }
    let code = if stands.iter().any(|(_, stand)| stand.is_err()) { 2 } else { 0 };
    let out = match command.looking.format {
        Format::Json => wire::to_text(&wire::status(&stands)),
        Format::Text => text::print(&view::status(&stands), look),
    };
    Ok(Outcome::new(out, code))
}

/// How one company stands, or why that cannot be seen.
fn stand(context: &Context, looked: Looked) -> online::Stand {
    let company = looked.company.clone();
    let done = || -> Result<online::Overview, Failure> {
        let Looked { opened, database, .. } = looked;
        let Seen { mut database, register } = database?;
        let register = register?;
        if register.is_none() && !kept(&opened, &database, None).heads.is_empty() {
            return Err(absent(&opened, &database, true));
        }
        let (register, now) = register.unwrap_or_default();
        let compiles = opened.company().compiles();
        let places = compiles.then(|| online::places(opened.policy(), &register, now));
        let drift = if compiles {
            let reading = database.read(context)?;
            let plan = Wanted::of(&opened).plan(&reading, now.day(), Drift::Revert);
            let of = |origin| plan.changes.iter().filter(|change| change.origin == origin).count();
            reading.base.is_some().then(|| of(Origin::Drift))
        } else {
            None
        };
        Ok(online::Overview { database: database.name, register, now, drift, places })
    };
    (company, done().map_err(|failure| (&failure).into()))
}
