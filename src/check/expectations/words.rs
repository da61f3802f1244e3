//! What a failed expectation says: everybody because of whom it fails, and the rules that decided.

use std::collections::BTreeMap;

use crate::date::{Date, Validity};
use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, Text, Word, list};
use crate::model::expectation::{Bound, Expectation, Expected};
use crate::model::{Effect, Membership, UserId};
use crate::resolve::{InForce, prove};
use crate::say;
use crate::text::Place;

use super::{Offender, Verdict};

/// The finding.
pub fn failure(in_force: &InForce<'_>, expectation: &Expectation, verdict: &Verdict, today: Date) -> Diagnostic {
    let text = &expectation.text;
    let what = offence(in_force, &expectation.expected, &verdict.offenders);
    let day = in_force.on;
    let message = if expectation.on.is_some() {
        say!("`{text}` does not hold on {day}: {what}", text, day, what)
    } else if day == today {
        say!("`{text}` does not hold: {what}", text, what)
    } else {
        say!("`{text}` does not hold from {day} on: {what}", text, day, what)
    };
    let mut finding = Diagnostic::new(Code::ExpectationFailed, expectation.place, message);
    let too_few = matches!(expectation.expected, Expected::Count(Bound::AtLeast, ..));
    let mut by_rule: BTreeMap<(Place, Effect), Vec<UserId>> = BTreeMap::new();
    let mut by_default = Vec::new();
    let mut memberships: BTreeMap<Place, &Membership> = BTreeMap::new();
    for offender in verdict.offenders.iter().filter(|_| !too_few) {
        for request in &offender.requests {
            let proof = prove(in_force, *request);
            let path = proof.rules.first().into_iter().flat_map(|proven| &proven.path);
            let dated = path.map(|id| in_force.policy.membership(*id)).filter(|m| m.validity != Validity::ALWAYS);
            memberships.extend(dated.filter_map(|membership| Some((membership.place?, membership))));
            let rule = proof.rules.first().map(|proven| in_force.policy.rule(proven.rule));
            match rule.and_then(|rule| Some((rule.place?, rule.effect))) {
                Some(key) => by_rule.entry(key).or_default().push(offender.user),
                None => by_default.push(offender.user),
            }
        }
    }
    for ((place, effect), users) in by_rule {
        let names = users_named(in_force, &users);
        finding = finding.also(
            place,
            match effect {
                Effect::Allow => say!("gives it to {names}", names),
                Effect::Deny => say!("takes it from {names}", names),
            },
        );
    }
    for (place, membership) in memberships {
        let group = &in_force.policy.groups.key(membership.group).name;
        let period = membership.validity.to_string();
        finding = finding.also(place, say!("in `{group}`{period}", group, period));
    }
    let advice = advice(&expectation.expected);
    let advice = if by_default.is_empty() {
        advice
    } else {
        let names = users_named(in_force, &by_default);
        say!("no rule gives it to {names}; {advice}", names, advice)
    };
    finding.help(match &expectation.because {
        Some(because) => say!("{advice}; it is expected because \"{because}\"", advice, because),
        None => advice,
    })
}

fn users_named(in_force: &InForce<'_>, users: &[UserId]) -> Word {
    list(users.iter().map(|user| in_force.policy.users.key(*user).to_string()), Joint::And)
}

/// Who can or cannot, in words.
fn offence(in_force: &InForce<'_>, expected: &Expected, offenders: &[Offender]) -> Text {
    let names = list(offenders.iter().map(|offender| person(in_force, offender)), Joint::And);
    let count = offenders.len();
    match expected {
        Expected::Can(..) if count == 1 => say!("{names} cannot", names),
        Expected::Can(..) => say!("{names} cannot, {count} users", names, count),
        Expected::Cannot(..) | Expected::Only(..) | Expected::Nobody(_) if count == 1 => say!("{names} can", names),
        Expected::Cannot(..) | Expected::Only(..) | Expected::Nobody(_) => {
            say!("{names} can, {count} users", names, count)
        }
        Expected::Count(..) if count == 0 => say!("nobody can"),
        Expected::Count(..) if count == 1 => say!("1 user can: {names}", names),
        Expected::Count(..) => say!("{count} users can: {names}", count, names),
    }
}

/// The name of somebody, and over whom or what it first shows.
fn person(in_force: &InForce<'_>, offender: &Offender) -> Text {
    let policy = in_force.policy;
    let user = policy.users.key(offender.user);
    let target = offender.requests.iter().find_map(|request| request.target);
    match target.and_then(|target| policy.target_key(target.into()).name().cloned()) {
        Some(target) => say!("{user} (over {target})", user, target),
        None => say!("{user}", user),
    }
}

fn advice(expected: &Expected) -> Text {
    match expected {
        Expected::Can(..) => say!("give it to them, or change the expectation"),
        Expected::Cannot(..) | Expected::Only(..) => say!("take it from them, or change the expectation"),
        Expected::Nobody(_) => say!("take one of the rights from them, or change the expectation"),
        Expected::Count(..) => say!("change who can, or the number"),
    }
}
