//! `rightful why`

use std::collections::BTreeSet;

use clap::Args;

use crate::history::{Origins, origins};
use crate::language::Text;
use crate::question::{answer, members, notes};
use crate::repair::{Repair, anchor, near, repairs};
use crate::report::{text, view};
use crate::repository::{Company, RepositoryError};
use crate::resolve::{InForce, Population, Proof};
use crate::say;
use crate::text::{FileId, Place};
use crate::tree::blame::Blame;
use crate::wire;

use super::session::{Failure, Opened, ask, open_compiling};
use super::{Common, Context, Format, Outcome, fix};

/// Answer a question and prove the answer
///
/// Says yes or no first, then the step that decided, the rule with its file
/// and line, the way from the user to the group that has it, what was
/// overruled, what is missing, and for a user the smallest edits that would
/// turn the answer. The exit code is 0 for yes and 1 for no. Asked about a group, it
/// answers for whoever is in it and lists the members whose own answer differs.
/// With --blame each rule and membership says which commit brought it: when,
/// who, and why.
///
/// Examples:
///   rightful why lars data.export
///   rightful why lars can calendar.see of group:management
///   rightful why anna data.export on 2027-02-01
///   rightful why group:sales data.export
///   rightful why lars data.export --blame
///   rightful why lars data.export --fix 1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Why {
    /// The words of the question.
    #[arg(required = true, value_name = "QUESTION", help = "USER [can] RIGHT [of TARGET] [on DATE]")]
    question: Vec<String>,
    /// Name the commits that brought the rules and the memberships
    #[arg(long)]
    blame: bool,
    /// Write one of the edits that would turn the answer into the policy
    /// files, and touch nothing else there
    #[arg(long, value_name = "NUMBER", conflicts_with = "at")]
    fix: Option<usize>,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Why, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let (question, on) = ask(&command.question, &opened, context)?;
    let in_force = InForce::new(opened.policy(), on);
    let answer = answer(&in_force, &question);
    let population = Population::new(&in_force);
    let repairs = repairs(&population, &answer);
    if let Some(number) = command.fix {
        return fix::run(number, &command.question, &repairs, &opened, context, command.common.format);
    }
    let mut notes = notes(&in_force, &question, &answer);
    notes.extend(shared_files(&opened, &repairs));
    let members = members(&in_force, &question, &answer);
    let refused = answer.shown().filter(|_| !answer.allowed);
    let near = refused.map(|request| near(&in_force, request)).unwrap_or_default();
    let (policy, sources) = (opened.policy(), opened.sources());
    let origins = match answer.proof(&in_force).filter(|_| command.blame) {
        Some(proof) => Some(blamed(&opened, &proof)?),
        None => None,
    };
    let origins = origins.as_ref();
    let out = match command.common.format {
        Format::Json => {
            let language = opened.out.language;
            let mut out = wire::why(&in_force, sources, &question, &answer, &notes, origins, language);
            out.members = members.map(|members| wire::members(&in_force, sources, &members));
            out.missing = wire::missing(policy, sources, &near);
            out.repairs = wire::repairs(policy, sources, &repairs);
            wire::to_text(&out)
        }
        Format::Text => {
            let when = context.when(on);
            let mut page = view::why(&in_force, sources, &question, &answer, &notes, origins, &when);
            page.0.extend(members.iter().flat_map(|members| view::members(&in_force, sources, members).0));
            if let Some(request) = refused {
                view::near(&mut page, &in_force, sources, request, &near);
            }
            view::repairs(&mut page, &in_force, sources, answer.allowed, &repairs);
            text::print(&page, opened.out)
        }
    };
    Ok(Outcome::new(out, (!answer.allowed).into()))
}

/// Files of edits that other companies read too: what an edit changes there is not counted.
fn shared_files(opened: &Opened, repairs: &[Repair]) -> Vec<Text> {
    let policy = opened.policy();
    let edits = repairs.iter().flat_map(|repair| &repair.edits);
    let files: BTreeSet<FileId> = edits.filter_map(|edit| anchor(policy, edit)).map(|place| place.file).collect();
    let reads = |company: &Company, file: FileId| {
        let in_file = |place: Option<Place>| place.is_some_and(|place| place.file == file);
        company.policy.users.iter().any(|(_, _, user)| in_file(user.place))
            || company.policy.groups.iter().any(|(_, _, group)| in_file(group.place))
    };
    let others = opened.repository.companies.iter().filter(|company| company.name != opened.company().name);
    let others: Vec<&Company> = others.collect();
    let shared = files.into_iter().filter_map(|file| {
        let names = others.iter().filter(|company| reads(company, file)).filter_map(|company| company.name.as_ref());
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let file = opened.sources().file(file).path();
        (!names.is_empty()).then(|| {
            let companies = names.join(", ");
            say!("{file} is read for {companies} too; what an edit changes there is not counted", file, companies)
        })
    });
    shared.collect()
}

/// The commits of a proof, from where its policy was read.
fn blamed(opened: &Opened, proof: &Proof) -> Result<Origins, Failure> {
    let mut blame = Blame::open(&opened.root, opened.revision.as_deref()).map_err(RepositoryError::from)?;
    let origins = origins(&mut blame, opened.policy(), opened.sources(), proof);
    Ok(origins.map_err(RepositoryError::from)?)
}
