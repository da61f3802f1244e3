//! `cannot-start`: somebody who is given rights, but may not start the program.

use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, Id, Subject as On};
use crate::resolve::Bits;
use crate::say;

use super::Subject;

/// Reports every active user to whom a rule gives something else than the start of the program.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let Some(start) = policy.right_called("program.start") else { return Vec::new() };
    let (mut users, mut groups) = (Bits::with_capacity(policy.users.len()), Bits::with_capacity(policy.groups.len()));
    for rule in &policy.rules {
        if rule.right == start || rule.effect == Effect::Deny || !rule.validity.holds(subject.in_force.on) {
            continue;
        }
        match rule.subject {
            On::User(user) => users.insert(user.index()),
            On::Group(group) => groups.insert(group.index()),
        }
    }
    let mut findings = Vec::new();
    for (id, name, user) in policy.users.iter().filter(|(_, _, user)| user.active) {
        if subject.population.decide(id, start, None).allowed {
            continue;
        }
        let mut given = subject.population.person(id).groups.iter().map(|group| groups.contains(group.index()));
        let holds = users.contains(id.index()) || given.any(|given| given);
        let (true, Some(place)) = (holds, user.place) else { continue };
        let message = say!("`{name}` is given rights, but may not start the program", name);
        let finding = Diagnostic::new(Code::CannotStart, place, message);
        let own = policy.rules_on(On::User(id), start).map(|(_, rule)| rule);
        let own = own.filter(|rule| rule.effect == Effect::Deny && rule.validity.holds(subject.in_force.on));
        let finding = match own.last() {
            // Somebody who begins later is kept out until then, and that is no mistake.
            Some(rule) if rule.validity.ends().is_some() => continue,
            Some(rule) => {
                let help = say!("take the own rule out: it decides before any group");
                let finding = finding.help(help);
                rule.place.map_or(finding.clone(), |place| finding.also(place, say!("denied here")))
            }
            None => finding
                .help(say!("allow `program.start` to a group of `{name}`; without it nothing else can be used", name)),
        };
        findings.push(finding);
    }
    findings
}
