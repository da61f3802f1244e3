//! What two subjects can do that the other one cannot. Own data is left out: nobody is given it.

use crate::model::{Id, RightId, Scope, Single, Subject};
use crate::resolve::{Origin, Population};

use super::Reason;
use super::overview::{at_position, overview};

/// What only one of two subjects can do, by the rules that decide for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The right.
    pub right: RightId,
    /// Over whom or what, in order; one `None` for a plain right.
    pub targets: Vec<Option<Single>>,
    /// Why the first one can or cannot.
    pub subject: Reason,
    /// Why the second one cannot or can.
    pub versus: Reason,
}

/// How two subjects differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versus {
    /// Everything about which they have different answers, in order of rights and targets.
    pub differences: Vec<Difference>,
    /// About how many rights and single targets they have the same answer.
    pub same: usize,
}

impl Versus {
    /// About how many rights and single targets only the first one has a yes, and only the second one.
    pub fn counts(&self) -> [usize; 2] {
        let count = |first: bool| {
            let those = self.differences.iter().filter(|difference| difference.subject.allowed == first);
            those.map(|difference| difference.targets.len()).sum()
        };
        [count(true), count(false)]
    }
}

/// Compares what two subjects can do.
pub fn versus(population: &Population<'_>, subject: Subject, other: Subject) -> Versus {
    let policy = population.in_force().policy;
    let mut found = Versus::default();
    for (one, two) in overview(population, subject).into_iter().zip(overview(population, other)) {
        let own = own_positions(population, one.right, [subject, other]);
        let mut parts = Vec::new();
        for (here, there) in one.origins.iter().flat_map(|here| two.origins.iter().map(move |there| (here, there))) {
            let mut both = here.targets.clone();
            both.intersect_with(&there.targets);
            own.iter().for_each(|position| both.remove(*position));
            if here.allowed == there.allowed {
                found.same += both.len();
            } else if !both.is_empty() {
                parts.push((both, here, there));
            }
        }
        parts.sort_by_key(|(both, ..)| both.first());
        found.differences.extend(parts.into_iter().map(|(both, here, there)| Difference {
            right: one.right,
            targets: both.iter().map(|position| at_position(policy, one.right, position)).collect(),
            subject: reason(here),
            versus: reason(there),
        }));
    }
    found
}

/// Where the own data of these subjects stand, if they need no right.
fn own_positions(population: &Population<'_>, right: RightId, subjects: [Subject; 2]) -> Vec<usize> {
    let declared = population.in_force().policy.rights.get(right);
    if !declared.own_data_allowed || declared.scope != Some(Scope::People) {
        return Vec::new();
    }
    let own = subjects.into_iter().filter_map(|subject| match subject {
        Subject::User(user) => Some(user.index()),
        Subject::Group(_) => None,
    });
    own.collect()
}

fn reason(origin: &Origin) -> Reason {
    Reason { allowed: origin.allowed, step: origin.step, rule: origin.rule.clone() }
}
