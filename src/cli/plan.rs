//! `rightful plan`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::plan::{self, Desired, Drift, Reading};
use crate::report::block::{Line, Page, Tone};
use crate::report::{text, view};
use crate::review::Compared;
use crate::say;
use crate::state::{Key, State};
use crate::text::Place;
use crate::wire;

use super::database::database;
use super::guards;
use super::saved;
use super::session::{Failure, Opened, errors, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Show what an apply would do, to people and in the database
///
/// Says who gains and loses what, and every row that would be written.
/// Compares the policy with the database and with what the last apply wrote,
/// so that a change of the policy is told from a change that somebody made in
/// the database, which is called drift and taken back. Access that nobody
/// declared is named first, and guards that would keep it from being applied
/// last. Never changes anything; a database that does not
/// exist counts as empty. --on says for which day gains and losses are worked
/// out. With --at a revision of before, the plan is the way back to it.
///
/// -o keeps the plan in a file for `rightful apply FILE`, which does what the
/// file says or nothing: it plans again, and refuses if the policy, the
/// database or what people gain and lose is not the same any more.
///
/// Examples:
///   rightful plan
///   rightful plan --database sqlite:crm.db --exit-code
///   rightful plan -o plan.json
///   rightful plan --at HEAD~1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Plan {
    /// The database, as sqlite:PATH; a relative path counts from the current
    /// directory, or from that of -C [default: crm.db beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Leave what somebody changed in the database as it is; where the policy
    /// changed the same, it wins all the same
    #[arg(long)]
    keep_drift: bool,
    /// Write the plan to a file for `rightful apply FILE`
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List every single answer, with what decided before and after
    #[arg(long)]
    unfold: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Plan, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let wanted = Wanted::of(&opened);
    let drift = drift(command.keep_drift);
    let reading = database.read(context)?;
    let plan = wanted.plan(&reading, context, drift);
    let tripped = guards::tripped(&opened, context, &reading, &plan);
    if let Some(path) = &command.out {
        saved::write(context, path, &opened, &plan, &database.name, drift)?;
    }
    let differs = command.exit_code && !plan.finds_no_difference();
    let out = match command.common.format {
        Format::Json => {
            let guards = wire::guards(opened.sources(), &tripped);
            wire::to_text(&wire::PlanOut { guards, ..wire::plan(opened.sources(), &plan, wanted.company()) })
        }
        Format::Text => {
            let shown = Shown { unfold: command.unfold, errors: errors(&opened, context).len() };
            let mut page = page(&opened, context, &wanted, &plan, &database.heading, shown);
            if !tripped.is_empty() {
                page.blank();
                page.0.extend(view::guards(&tripped, opened.sources()).0);
            }
            if let Some(path) = &command.out {
                let path = super::shown(path);
                page.blank();
                page.text(Line::new().then(Tone::Plain, say!("kept for `rightful apply {path}`", path)));
            }
            text::print(&page, opened.out)
        }
    };
    Ok(Outcome::new(out, differs.into()))
}

/// What the flag `--keep-drift` says.
pub fn drift(keep: bool) -> Drift {
    if keep { Drift::Keep } else { Drift::Revert }
}

/// What a policy wants of a database, and where it is written.
pub struct Wanted {
    desired: Desired,
    places: BTreeMap<Key, Place>,
}

impl Wanted {
    /// What the policy of a repository wants.
    pub fn of(opened: &Opened) -> Self {
        let policy = opened.policy();
        let renames =
            policy.users.iter().filter_map(|(_, name, user)| Some((user.renamed_from.clone()?, name.clone())));
        let desired =
            Desired { company: opened.company().name.clone(), state: State::of(policy), renames: renames.collect() };
        let rules = policy.rules.iter().map(|rule| (Key::of_rule(policy, rule), rule.place));
        let members = policy.memberships.iter().map(|it| (Key::of_membership(policy, it), it.place));
        let users = policy.users.iter().map(|(_, name, user)| (Key::User(name.clone()), user.place));
        let groups = policy.groups.iter().map(|(_, key, group)| (Key::of_group(key), group.place));
        let sets = policy.module_sets.iter().map(|(_, name, set)| (Key::ModuleSet(name.clone()), set.place));
        let mut places = BTreeMap::new();
        for (key, place) in rules.chain(members).chain(users).chain(groups).chain(sets) {
            // The first one counts where something is written twice.
            if let Some(place) = place {
                places.entry(key).or_insert(place);
            }
        }
        Self { desired, places }
    }

    /// The way from what a target says to what the policy wants, as seen on the day of the context.
    pub fn plan(&self, reading: &Reading, context: &Context, drift: Drift) -> plan::Plan {
        let _stage = context.working(&say!("comparing"));
        self.plan_on(reading, context.on, drift)
    }

    /// The same on another day.
    pub fn plan_on(&self, reading: &Reading, on: crate::date::Date, drift: Drift) -> plan::Plan {
        plan::plan(reading, &self.desired, on, drift, |key| self.place(key))
    }

    /// The name of the company, where there are several.
    pub fn company(&self) -> Option<&crate::name::Name> {
        self.desired.company.as_ref()
    }

    fn place(&self, key: &Key) -> Option<Place> {
        self.places.get(key).copied()
    }
}

/// With how many changes at most a plan looks at later days too. It is told before every apply, a first one of a large
/// firm as well, and each later day costs a comparison of everybody who is new.
const MOST_TO_LOOK_AHEAD: usize = 300;

/// How a plan is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// Whether every single answer is listed.
    pub unfold: bool,
    /// How many findings will keep the plan from being applied.
    pub errors: usize,
}

/// A plan for people.
pub fn page(
    opened: &Opened,
    context: &Context,
    wanted: &Wanted,
    plan: &plan::Plan,
    heading: &crate::language::Text,
    shown: Shown,
) -> Page {
    let policies = plan.policies(|key| wanted.place(key));
    let [before, after] = &policies;
    let mut compared = Compared::on(opened.company().name.as_ref(), [before, after], context.on);
    let looks_ahead = !context.on_was_said && plan.changes.len() <= MOST_TO_LOOK_AHEAD;
    if looks_ahead {
        compared = compared.and_later(context.on);
    }
    let (sensitive, sources) = (opened.sensitive(), [opened.sources(); 2]);
    let of_people = view::Shown { sources, sensitive: &sensitive, unfold: shown.unfold, days: false };
    let mut page = view::plan(plan, &compared, of_people, opened.policy(), heading, shown.errors);
    if !looks_ahead && !context.on_was_said {
        page.text(say!(
            "so many changes are compared on {day} only; `rightful diff` looks at later days too",
            day = context.on
        ));
    }
    page
}
