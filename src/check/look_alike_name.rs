//! `look-alike-name`: two names that people take for one another.

use std::collections::BTreeMap;

use unicode_security::confusable_detection::skeleton;

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::say;
use crate::text::Place;

use super::Subject;

/// Reports names of users, of groups and roles, and of module sets that differ in capitals, or in characters that look
/// the same in Unicode's table of confusables (UTS 39).
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let mut findings = alike(policy.users.iter().map(|(_, name, user)| (name, user.place)));
    findings.extend(alike(policy.groups.iter().map(|(_, key, group)| (&key.name, group.place))));
    findings.extend(alike(policy.module_sets.iter().map(|(_, name, set)| (name, set.place))));
    findings
}

fn alike<'p>(names: impl Iterator<Item = (&'p Name, Option<Place>)>) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<String, (&Name, Option<Place>)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, place) in names {
        let Some((other, first)) = seen.insert(looks(name.as_str()), (name, place)) else { continue };
        let (Some(place), Some(first), true) = (place, first, other != name) else { continue };
        let message = say!("`{name}` looks like `{other}`", name, other);
        let finding = Diagnostic::new(Code::LookAlikeName, place, message).also(first, say!("the other one"));
        findings.push(finding.help(say!("rename one of them, so that nobody takes one for the other")));
    }
    findings
}

/// What a name looks like at a glance.
fn looks(name: &str) -> String {
    let folded = name.to_lowercase();
    skeleton(&folded).collect::<String>().to_lowercase()
}
