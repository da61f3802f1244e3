//! The two conditions under which a decision means anything: no subject contradicts itself, no group contains
//! itself. Takes an organisation, gives what breaks them; compares every pair, follows every path.

use super::super::catalogue;
use super::super::organisation::{Member, Organisation};
use super::Subject;

/// Two rules of one subject, as places in its list, that allow and deny the same on some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Whose rules they are.
    pub subject: Subject,
    /// The place of the earlier one.
    pub first: usize,
    /// The place of the later one.
    pub second: usize,
}

/// Every pair of rules that contradict each other.
pub fn contradictions(org: &Organisation) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for subject in Subject::all(org) {
        let rules = subject.rules(org);
        for (second, late) in rules.iter().enumerate() {
            for (first, early) in rules.iter().enumerate().take(second) {
                let opposed = early.effect != late.effect && early.target == late.target;
                let together = early.validity.overlaps(late.validity);
                let late_rights = catalogue::rights_of(org, late);
                let share = catalogue::rights_of(org, early).iter().any(|right| late_rights.contains(right));
                if opposed && together && share {
                    found.push(Contradiction { subject, first, second });
                }
            }
        }
    }
    found
}

/// The groups of one membership cycle in order, whatever the dates; `None` if there is no cycle.
pub fn membership_cycle(org: &Organisation) -> Option<Vec<usize>> {
    (0..org.groups.len()).find_map(|group| cycle_from(org, &[group]))
}

/// Follows every path of groups on from this one until a group comes back.
fn cycle_from(org: &Organisation, path: &[usize]) -> Option<Vec<usize>> {
    let last = path.last()?;
    org.groups[*last].members.iter().find_map(|membership| {
        let Member::Group(inner) = membership.member else {
            return None;
        };
        if let Some(start) = path.iter().position(|&group| group == inner) {
            return Some(path[start..].to_vec());
        }
        cycle_from(org, &[path, &[inner]].concat())
    })
}
