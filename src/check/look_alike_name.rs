//! `look-alike-name`: two names that people take for one another.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

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
    let names: Vec<(&Name, Option<Place>)> = names.collect();
    // Of a million names nearly all look like none of the others, which a number for each tells.
    let hasher = RandomState::new();
    let mut looked = String::new();
    let mut numbers: Vec<(u64, usize)> = Vec::with_capacity(names.len());
    for (index, (name, _)) in names.iter().enumerate() {
        looked.clear();
        looks(name.as_str(), &mut looked);
        numbers.push((hasher.hash_one(&looked), index));
    }
    numbers.sort_unstable();
    let mut findings = Vec::new();
    for same in numbers.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (_, index) in same {
            let (name, place) = names[*index];
            looked.clear();
            looks(name.as_str(), &mut looked);
            let Some(earlier) = seen.insert(looked.clone(), *index) else { continue };
            let (other, first) = names[earlier];
            let (Some(place), Some(first), true) = (place, first, other != name) else { continue };
            let message = say!("`{name}` looks like `{other}`", name, other);
            let finding = Diagnostic::new(Code::LookAlikeName, place, message).also(first, say!("the other one"));
            findings.push(finding.help(say!("rename one of them, so that nobody takes one for the other")));
        }
    }
    findings
}

/// What a name looks like at a glance.
fn looks(name: &str, into: &mut String) {
    if name.is_ascii() {
        name.bytes().for_each(|byte| into.push_str(&ASCII[usize::from(byte)]));
    } else {
        into.push_str(&looks_in_unicode(name));
    }
}

/// What each character of ASCII looks like, which is the same beside any other.
static ASCII: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..128_u8).map(|byte| looks_in_unicode(&char::from(byte).to_string())).collect());

fn looks_in_unicode(name: &str) -> String {
    let folded = name.to_lowercase();
    skeleton(&folded).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{looks, looks_in_unicode};

    #[test]
    fn characters_of_ascii_look_the_same_beside_each_other() {
        let looked = |name: &str| {
            let mut looked = String::new();
            looks(name, &mut looked);
            looked
        };
        for name in ["lars", "m0dern-1l", "rnodern.I@x_", "ANNA", "a", ""] {
            assert_eq!(looked(name), looks_in_unicode(name), "{name}");
        }
        assert_eq!(looked("modern"), looked("rnodern"));
    }
}
