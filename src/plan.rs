//! The plan: what must be written so that a database says what the policy says, and whose change each difference is.
//!
//! Three states are compared: what the last apply wrote (base), what the policy wants, and what the database says.
//! What a plan lists is what an apply runs; nothing is decided later.

mod adopted;
mod base;
mod beside;
mod changes;
mod fingerprint;
mod grants;
pub mod guard;
mod keep;
mod rename;
mod retire;
mod strays;

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diff::{self, Diff, Effective};
use crate::model::Policy;
use crate::name::Name;
use crate::resolve::InForce;
use crate::state::{self, Action, Fact, Key, Said, State};
use crate::text::Place;
use crate::workers;

pub use adopted::{Adopted, adopted};
pub use base::{Base, Written};
pub use beside::CRM;
use changes::{Remembered, rename_change};
pub use fingerprint::{Feed, Fingerprint, digest, digest_of_base};
pub use grants::{Grant, Grants};
use rename::Accounts;
pub use rename::{Former, Obstacle, Unrenamed};
use retire::{Unknown, with_retired};

/// What a target says at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Everything that stands in it.
    pub actual: State,
    /// What the last apply wrote; `None` before the first.
    pub base: Option<Base>,
    /// The items of lists that are not there themselves, as a database without foreign keys can have them: under the
    /// list's key. They are no part of what it says, and mean something only to who looks for them.
    pub strays: BTreeMap<Key, Fact>,
    /// What tells the database from every other one, whatever it is called; `None` before the first apply.
    pub id: Option<String>,
    /// Whether what stands there as written by the last apply is not what its record says it wrote.
    pub is_forged: bool,
    /// What a CRM says beside, that no policy can say.
    pub beside: Vec<Beside>,
    /// The day whose rights a CRM has that knows no dates; `None` where dates are looked at with each question.
    pub projected: Option<Date>,
    /// The day on which it is read, where that may be another one than the day that is looked at.
    pub today: Option<Date>,
}

/// What a CRM says of somebody and no policy can say. An apply puts it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Of whom.
    pub key: Key,
    /// What it is, in the CRM's words.
    pub says: String,
}

/// Who made a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The policy changed.
    Policy,
    /// Somebody changed the database.
    Drift,
    /// Both did; the policy wins.
    Conflict,
}

impl Origin {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Drift => "drift",
            Self::Conflict => "conflict",
        }
    }
}

/// One difference, as people review it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// To what.
    pub key: Key,
    /// Which field of it, for an update.
    pub field: Option<&'static str>,
    /// What the database says: the field's value, or all fields of a row that goes away.
    pub before: Option<Said>,
    /// What it will say.
    pub after: Option<Said>,
    /// Whose change it is.
    pub origin: Origin,
}

/// A field that the policy and the database both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Of what.
    pub key: Key,
    /// Which field; `None` if the row as a whole.
    pub field: Option<&'static str>,
    /// What the last apply wrote.
    pub base: Option<Said>,
    /// What the policy wants.
    pub policy: Option<Said>,
    /// What the database says.
    pub database: Option<Said>,
}

/// One write. Steps stand in an order in which each finds what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Rows go away that hang on something that is not there.
    Clear(Key, Fact),
    /// An account gets another name and keeps everything that hangs on it.
    RenameUser {
        /// The old name.
        from: Name,
        /// The new name.
        to: Name,
    },
    /// A row goes away.
    Delete(Key),
    /// A row comes into being.
    Insert(Key, Fact),
    /// A row changes.
    Update(Key, Fact),
    /// A CRM is told anew what it shall say, though nothing else changes.
    Project,
}

/// What becomes of what somebody changed in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drift {
    /// It is taken back.
    #[default]
    Revert,
    /// It stays, and the next plan shows it again.
    Keep,
}

/// Everything that an apply would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The differences, for people.
    pub changes: Vec<Change>,
    /// What both sides changed.
    pub conflicts: Vec<Conflict>,
    /// What somebody changed in the database and stays so: with [`Drift::Keep`] everything that may, else accounts that
    /// nobody declared and that are out of use already, since no account is deleted. Each is told as the change that
    /// would take it back.
    pub kept: Vec<Change>,
    /// Accounts that shall get another name and cannot.
    pub unrenamed: Vec<Unrenamed>,
    /// The rows of the database that give access, by what stands behind them.
    pub grants: Grants,
    /// What it means for people.
    pub effective: Effective,
    /// The days whose rights are compared: before it and after it. A CRM that knows no dates has those of the day on which it
    /// was told.
    pub days: [Date; 2],
    /// The writes.
    pub steps: Vec<Step>,
    /// What the database says, with accounts under their new names.
    pub before: State,
    /// What the database will say.
    pub after: State,
    /// What is remembered as applied: what the policy declares, and its former accounts, out of use. This is what will
    /// stand in the database, unless drift is kept.
    pub declared: State,
    /// The names that accounts had, and which the policy gave up. That is remembered too, so that there is a way back.
    pub former: Former,
    /// Identifies what the plan was made from and what it does, for whom. The day is no part of it.
    pub fingerprint: Fingerprint,
    /// Whether what the last apply wrote is not what the database has as such, so that nobody can tell whose change a
    /// difference is.
    pub is_forged: bool,
    /// Identifies what the database said; an apply is refused if it says something else.
    pub seen: Fingerprint,
}

impl Plan {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the database says what the policy says.
    pub fn finds_no_difference(&self) -> bool {
        self.changes.is_empty() && self.kept.is_empty()
    }

    /// What the database gives to people, before and after, as policies. `place` tells where a fact is written in the
    /// policy files.
    pub fn policies(&self, place: impl Fn(&Key) -> Option<Place>) -> [Policy; 2] {
        policies(&self.before, &self.after, place)
    }

    /// The accounts that get another name: from, to.
    pub fn renames(&self) -> BTreeMap<Name, Name> {
        let renames = self.steps.iter().filter_map(|step| match step {
            Step::RenameUser { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        });
        renames.collect()
    }

    /// What the next plan will see as its base.
    pub fn remembered(&self) -> Base {
        let mut base = as_base(&self.declared);
        base.put(&self.former);
        base
    }
}

fn policies(before: &State, after: &State, place: impl Fn(&Key) -> Option<Place>) -> [Policy; 2] {
    [state::compile(before, |_| None), state::compile(after, place)]
}

/// What a policy wants of a database.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// The company, where there are several.
    pub company: Option<Name>,
    /// What it declares.
    pub state: State,
    /// Accounts with an old name: from, to.
    pub renames: Vec<(Name, Name)>,
}

impl Desired {
    /// What a policy wants, that of a company where there are several.
    pub fn of(company: Option<&Name>, policy: &Policy) -> Self {
        Self { company: company.cloned(), state: State::of(policy), renames: policy.renames().collect() }
    }
}

/// What a plan means for people, and what is behind it.
#[derive(Debug)]
pub struct Told {
    /// What the database gives to people, before and after.
    pub policies: [Policy; 2],
    /// What differs between the two.
    pub diff: Diff,
}

/// Plans the way from what a database says to what a policy wants, as seen on a day. `place` tells where a fact is
/// written in the policy files.
pub fn plan(
    reading: &Reading,
    desired: &Desired,
    on: Date,
    drift: Drift,
    place: impl Fn(&Key) -> Option<Place>,
) -> Plan {
    planned(reading, desired, (on, drift), place, |base, head| (diff::effective(base, head), ())).0
}

/// The same, with what is told of it; `None` if it means nothing to anybody. Whoever shows a plan needs both.
pub fn plan_told(
    reading: &Reading,
    desired: &Desired,
    on: Date,
    drift: Drift,
    place: impl Fn(&Key) -> Option<Place>,
) -> (Plan, Option<Told>) {
    let (plan, told) = planned(reading, desired, (on, drift), place, diff::effective_and_diff);
    (plan, told.map(|(policies, diff)| Told { policies, diff }))
}

fn planned<T>(
    reading: &Reading,
    desired: &Desired,
    (on, drift): (Date, Drift),
    place: impl Fn(&Key) -> Option<Place>,
    compare: impl FnOnce(&InForce<'_>, &InForce<'_>) -> (Effective, T),
) -> (Plan, Option<([Policy; 2], T)>) {
    let content = fingerprint::content(reading);
    let base = reading.base.as_ref();
    let former = base.map(Base::former).unwrap_or_default();
    let accounts = Accounts { actual: &reading.actual, desired, base, former: &former };
    let (renames, unrenamed) = accounts.renames();
    let strays = strays::of(reading, &renames);
    let before = renames.done(&reading.actual, &strays);
    let known = Remembered { base, declared: &desired.state, renames: &renames };
    let unknown = if drift == Drift::Keep { Unknown::Left } else { Unknown::Retired };
    let declared = with_retired(&known, desired, &before, unknown);
    let (after, kept) = match drift {
        Drift::Revert => (declared.clone(), known.idle_accounts(&before, &declared)),
        Drift::Keep => {
            let after = keep::with_drift(&known, &declared, &before);
            let kept = known.kept([&before, &after, &declared]);
            (after, kept)
        }
    };
    let in_order = renames.in_order.iter();
    let mut steps: Vec<Step> =
        in_order.clone().map(|(from, to)| Step::RenameUser { from: from.clone(), to: to.clone() }).collect();
    steps.extend(steps_between(&before, &after));
    let cleared: Vec<Step> = strays.iter().map(|(key, fact)| Step::Clear(key.clone(), fact.clone())).collect();
    let former = rename::remembered(desired, &declared, &renames, &former);
    let mut aside = beside::told(reading);
    let days = [reading.projected.unwrap_or(on), on];
    // What is written is told while it is worked out what it means.
    let tell = || {
        let (mut changes, conflicts) = known.describe_all(&steps, &before);
        changes.extend(in_order.clone().map(|(from, to)| rename_change(from, to)));
        changes.extend(strays::told(&strays, &changes));
        let grants = grants::grants(&known, &desired.state, &before, on);
        let all = cleared.iter().chain(&steps);
        let feed = fingerprint::of_writing(content, desired.company.as_ref(), (&declared, &former), all);
        (changes, conflicts, grants, feed)
    };
    // What is written nowhere else means nothing else to anybody, unless a CRM knows no days.
    let mean = || {
        if before == after && reading.projected.is_none() {
            return (Effective::default(), None);
        }
        let [base, head] = policies(&before, &after, place);
        aside.extend(beside::lapsed(reading, &head, on));
        let (effective, told) = compare(&InForce::new(&base, days[0]), &InForce::new(&head, days[1]));
        (effective, Some(([base, head], told)))
    };
    let ((mut changes, conflicts, grants, feed), (effective, told)) = workers::both(tell, mean);
    let last: Vec<Step> = (!aside.is_empty()).then_some(Step::Project).into_iter().collect();
    let fingerprint = fingerprint::of_plan(feed, &last, &effective);
    steps.splice(0..0, cleared);
    steps.extend(last);
    changes.extend(aside);
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    let plan = Plan {
        changes,
        conflicts,
        kept,
        unrenamed,
        grants,
        effective,
        days,
        steps,
        before,
        after,
        declared,
        former,
        fingerprint,
        is_forged: reading.is_forged,
        seen: fingerprint::of_seen(reading, content),
    };
    (plan, told)
}

/// What must be written so that a database says another thing: what refers to something goes before it and comes after
/// it.
fn steps_between(before: &State, after: &State) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut written = Vec::new();
    for (key, facts) in before.beside(after) {
        match facts {
            [Some(_), None] => steps.push(Step::Delete(key.clone())),
            [None, Some(fact)] => written.push(Step::Insert(key.clone(), fact.clone())),
            [Some(old), Some(fact)] if old != fact => written.push(Step::Update(key.clone(), fact.clone())),
            _ => {}
        }
    }
    steps.reverse();
    steps.extend(written);
    steps
}

/// A state as the next plan will see it as its base.
pub fn as_base(state: &State) -> Base {
    Base::of_state(state)
}
