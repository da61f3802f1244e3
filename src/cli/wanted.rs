//! What a policy wants of a database, where that is written, and the plan to get there as a page.

use std::cell::{Cell, OnceCell};

use crate::date::Date;
use crate::language::Text;
use crate::model::Policy;
use crate::name::Name;
use crate::plan::{self, Desired, Drift, Plan, Reading, Told};
use crate::report::block::Page;
use crate::report::text;
use crate::report::view::{self, Unfold};
use crate::review::Compared;
use crate::say;
use crate::state::{Key, State};
use crate::text::Place;

use super::Context;
use super::database::Database;
use super::session::Opened;

/// What the flag `--keep-drift` says.
pub fn drift(keep: bool) -> Drift {
    if keep { Drift::Keep } else { Drift::Revert }
}

/// What a policy wants of a database, and where it is written.
pub struct Wanted<'o> {
    desired: Desired,
    policy: &'o Policy,
    /// Only who shows something asks for them.
    places: OnceCell<Places>,
}

/// Where something is written, by its key.
struct Places {
    sorted: Vec<(Key, Place)>,
    /// Behind the key that was asked for last: who asks for all does so in their order.
    next: Cell<usize>,
}

impl Places {
    fn of(policy: &Policy) -> Self {
        let rules = policy.rules.iter().map(|rule| (Key::of_rule(policy, rule), rule.place));
        let members = policy.memberships.iter().map(|it| (Key::of_membership(policy, it), it.place));
        let users = policy.users.iter().map(|(_, name, user)| (Key::User(name.clone()), user.place));
        let groups = policy.groups.iter().map(|(_, key, group)| (Key::of_group(key), group.place));
        let sets = policy.module_sets.iter().map(|(_, name, set)| (Key::ModuleSet(name.clone()), set.place));
        let company = policy.company.iter().map(|company| (Key::Company, company.place));
        let licence = policy.licence.iter().map(|licence| (Key::Licence, licence.place));
        let all = company.chain(licence).chain(rules).chain(members).chain(users).chain(groups).chain(sets);
        let mut sorted: Vec<(Key, Place)> = all.filter_map(|(key, place)| Some((key, place?))).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        // The first one counts where something is written twice.
        sorted.dedup_by(|later, first| later.0 == first.0);
        Self { sorted, next: Cell::new(0) }
    }

    fn find(&self, key: &Key) -> Option<Place> {
        let next = self.next.get();
        let is_next = self.sorted.get(next).is_some_and(|(known, _)| known == key);
        let at = if is_next { next } else { self.sorted.binary_search_by(|(known, _)| known.cmp(key)).ok()? };
        self.next.set(at + 1);
        Some(self.sorted[at].1)
    }
}

impl<'o> Wanted<'o> {
    /// What the policy of a repository wants.
    pub fn of(opened: &'o Opened) -> Self {
        let policy = opened.policy();
        let desired = Desired::of(opened.company().name.as_ref(), policy);
        Self { desired, policy, places: OnceCell::new() }
    }

    /// The way from what a target says to what the policy wants, as seen on a day.
    pub fn plan(&self, reading: &Reading, on: Date, drift: Drift) -> Plan {
        plan::plan(reading, &self.desired, on, drift, |key| self.place(key))
    }

    /// The same, with what a page tells of it.
    pub fn plan_told(&self, reading: &Reading, on: Date, drift: Drift) -> (Plan, Option<Told>) {
        plan::plan_told(reading, &self.desired, on, drift, |key| self.place(key))
    }

    /// What the policy declares.
    pub fn state(&self) -> &State {
        &self.desired.state
    }

    /// The name of the company, where there are several.
    pub fn company(&self) -> Option<&Name> {
        self.desired.company.as_ref()
    }

    fn place(&self, key: &Key) -> Option<Place> {
        self.places.get_or_init(|| Places::of(self.policy)).find(key)
    }
}

/// What a database is called above a plan. A server's, too, is a new one if no apply was ever there, or if its address
/// names a schema by mistake: everything seems to be missing then.
pub fn heading(database: &Database, reading: &Reading) -> Text {
    if reading.base.is_none() && reading.actual.facts.is_empty() {
        return say!("{name}, a new database", name = database.name);
    }
    say!("{name}", name = database.name)
}

/// With how many changes at most a plan looks at later days too. It is told before every apply, a first one of a large
/// firm as well, and each later day costs a comparison of everybody who is new.
const MOST_TO_LOOK_AHEAD: usize = 300;

/// How many lines can be seen at once, about.
const ONE_SCREEN: usize = 40;

/// A plan for people, with what is told of it. `errors` is how many findings will keep it from being applied.
pub fn page(
    opened: &Opened,
    context: &Context,
    wanted: &Wanted<'_>,
    (plan, told): (&Plan, Option<Told>),
    heading: &Text,
    unfold: Unfold,
    errors: usize,
) -> Page {
    // Where nothing differs there is nothing to compare.
    if plan.finds_no_difference() {
        return view::settled_plan(plan, heading, errors);
    }
    let company = opened.company().name.as_ref();
    let (policies, diff) = match told {
        Some(Told { policies, diff }) => (policies, Some(diff)),
        None => (plan.policies(|key| wanted.place(key)), None),
    };
    let [before, after] = &policies;
    let mut compared = match diff {
        Some(diff) => Compared { company, policies: [before, after], days: plan.days, diff, later: Vec::new() },
        None => Compared::between(company, [before, after], plan.days),
    };
    let knows_dates = plan.days[0] == plan.days[1];
    let looks_ahead = knows_dates && !context.on_was_said && plan.changes.len() <= MOST_TO_LOOK_AHEAD;
    if looks_ahead {
        compared = compared.and_later(context.on);
    }
    let (sensitive, sources) = (opened.sensitive(), [opened.sources(); 2]);
    let of_people = view::Shown { sources, sensitive: &sensitive, unfold, days: false };
    let mut page = view::plan(plan, &compared, of_people, heading, errors);
    let is_folded = unfold != Unfold::Wanted && page.fold();
    if knows_dates && !looks_ahead && !context.on_was_said {
        page.text(say!(
            "so many changes are compared on {day} only; `rightful plan --on DAY` shows another day",
            day = context.on
        ));
    }
    if is_folded {
        page.text(match unfold {
            // An apply leaves nothing to plan, and has it recorded.
            Unfold::Never => {
                say!("`rightful plan --unfold` lists everybody and everything by name, after an apply `rightful audit --unfold`")
            }
            _ => say!("--unfold lists everybody and everything by name"),
        });
    }
    // Of a long page people see the end.
    if text::is_longer(&page, ONE_SCREEN, opened.out) {
        page.blank();
        page.0.extend(view::plan_in_short(plan, &compared, heading, errors).0);
    }
    page
}
