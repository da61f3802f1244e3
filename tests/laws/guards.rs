//! What guards count equals counting single answers, one by one, before and after a plan.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prop_assert_eq;
use rightful::date::Date;
use rightful::diff::effective_within;
use rightful::model::{Policy, Scope};
use rightful::name::Name;
use rightful::plan::guard::{Case, Subject, Tripped, judge};
use rightful::plan::{Desired, Drift, Plan, Reading, as_base, plan};
use rightful::resolve::{InForce, Request, decide};
use rightful::state::{self, State};
use rightful::syntax::settings::{self, Guard, Settings};
use rightful::text::{FileId, SourceFile};

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// Every right that somebody holds: user, right and target. Own data are held only where they need a right somewhere.
type Held = BTreeSet<(Name, String, String)>;

fn held(policy: &Policy, other: &Policy, on: Date) -> Held {
    let in_force = InForce::new(policy, on);
    let mut held = Held::new();
    for (right, name, declared) in policy.rights.iter() {
        let theirs = other.rights.find(name).map(|right| other.rights.get(right));
        let over_people =
            [Some(declared), theirs].into_iter().flatten().filter(|right| right.scope == Some(Scope::People));
        let needs_none = over_people.clone().count() > 0 && over_people.clone().all(|right| right.own_data_allowed);
        let targets = match declared.scope {
            None => vec![None],
            Some(scope) => policy.single_targets(scope).into_iter().map(Some).collect(),
        };
        for user in policy.users.ids() {
            for target in &targets {
                let key = target.map(|target| policy.target_key(target.into()).to_string()).unwrap_or_default();
                let own = key == format!("user:{}", policy.users.key(user));
                if decide(&in_force, Request::by(user, right, *target)).allowed && !(own && needs_none) {
                    held.insert((policy.users.key(user).clone(), name.to_string(), key));
                }
            }
        }
    }
    held
}

fn by_person(held: &Held) -> BTreeMap<(&Name, &str), usize> {
    let mut people = BTreeMap::new();
    for (user, right, _) in held {
        *people.entry((user, right.as_str())).or_default() += 1;
    }
    people
}

/// What a guard about rights counts: the subject, how many, out of how many, and whom it concerns.
type Counts = BTreeMap<String, (usize, usize, BTreeSet<Name>)>;

/// Counts answer by answer.
fn counted(guard: Guard, before: &Policy, held: &Held, turned: &Held, on: Date) -> Counts {
    let mut counts = Counts::new();
    for (user, right, _) in turned {
        let count = counts.entry(right.clone()).or_default();
        count.0 += 1;
        count.2.insert(user.clone());
    }
    for (right, count) in &mut counts {
        count.1 = held.iter().filter(|(_, known, _)| known == right).count();
    }
    let (held, turned) = (by_person(held), by_person(turned));
    let in_force = InForce::new(before, on);
    for group in before.groups.ids() {
        let members = in_force.members_of(group).into_iter().filter(|user| before.users.get(*user).active);
        let members: BTreeSet<&Name> = members.map(|user| before.users.key(user)).collect();
        let mut count = (0, 0, BTreeSet::new());
        count.1 = held.keys().filter(|(user, _)| members.contains(user)).count();
        for ((user, right), turned) in turned.iter().filter(|((user, _), _)| members.contains(user)) {
            let has = held.get(&(*user, *right)).copied().unwrap_or_default();
            let is_most = if guard == Guard::LoseRights { turned * 2 > has } else { *turned > has };
            if is_most {
                count.0 += 1;
                count.2.insert((*user).clone());
            }
        }
        if count.0 > 0 {
            counts.insert(before.groups.key(group).to_string(), count);
        }
    }
    counts
}

fn judged(guard: Guard, tripped: &[Tripped]) -> Counts {
    let of_guard = tripped.iter().filter(|tripped| tripped.guard == guard);
    let shown = of_guard.map(|tripped| {
        let subject = match &tripped.subject {
            Subject::Right(right) => right.to_string(),
            Subject::Group(group) => group.to_string(),
            other => format!("{other:?}"),
        };
        (subject, (tripped.found, tripped.of, tripped.users.iter().cloned().collect()))
    });
    shown.collect()
}

/// Settings by which anything at all trips.
fn strict() -> Settings {
    let text = "guards: { remove_users: 0, lose_rights: 0, gain_rights: 0 }\n";
    settings::read(FileId(0), &SourceFile::new("rightful.yaml", text)).0
}

#[test]
fn guards_count_what_single_answers_count() {
    let settings = strict();
    let law = |(first, second): (Organisation, Organisation)| {
        let (first_policy, second_policy) = (compiled(&first).policy, compiled(&second).policy);
        let on = some_days(&first)[0];
        let actual = State::of(&first_policy);
        let reading = Reading { base: Some(as_base(&actual)), actual, ..Reading::default() };
        let desired = Desired { company: None, state: State::of(&second_policy), renames: Vec::new() };
        let plan = plan(&reading, &desired, on, Drift::Revert, |_| None);
        let case = Case {
            base: reading.base.as_ref(),
            plan: &plan,
            desired: &desired.state,
            on,
            settings: &settings,
            os_user: None,
        };
        let tripped = judge(&case);
        // What is told in sum counts as much.
        let sides = [&plan.before, &plan.after].map(|state| state::compile(state, |_| None));
        let in_sum = effective_within(&InForce::new(&sides[0], on), &InForce::new(&sides[1], on), 0);
        let plan_in_sum = Plan { effective: in_sum, ..plan.clone() };
        prop_assert_eq!(&judge(&Case { plan: &plan_in_sum, ..case }), &tripped);
        let (before, after) = (state::compile(&plan.before, |_| None), state::compile(&plan.after, |_| None));
        let (held_before, held_after) = (held(&before, &after, on), held(&after, &before, on));
        let lost: Held = held_before.difference(&held_after).cloned().collect();
        let gained: Held = held_after.difference(&held_before).cloned().collect();
        for (guard, turned) in [(Guard::LoseRights, &lost), (Guard::GainRights, &gained)] {
            let expected = counted(guard, &before, &held_before, turned, on);
            prop_assert_eq!(judged(guard, &tripped), expected, "{:#?}\n{:#?}", first.to_files(), second.to_files());
        }
        let active = |policy: &Policy| -> BTreeSet<Name> {
            policy.users.iter().filter(|(_, _, user)| user.active).map(|(_, name, _)| name.clone()).collect()
        };
        let gone: BTreeSet<Name> = active(&before).difference(&active(&after)).cloned().collect();
        let removed = judged(Guard::RemoveUsers, &tripped).into_values().next().map(|(_, _, users)| users);
        prop_assert_eq!(removed.unwrap_or_default(), gone);
        Ok(())
    };
    runner(1_000).run(&(organisation(), organisation()), law).unwrap();
}
