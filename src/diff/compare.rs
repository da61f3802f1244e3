//! Compares what is decided on two sides, wherever something can have changed, and keeps people together who changed
//! alike.

mod plain;
mod sets;

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{Id, RightId, RuleId, Scope, UserId};
use crate::resolve::{Bits, Set, Step};

use super::joint::Side;
use super::touched::{Touched, rule_key};

/// What is decided on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Verdict {
    pub allowed: bool,
    pub step: Step,
    /// The rule that decided first.
    pub rule: Option<RuleId>,
}

/// What was decided in the base and in the head; `None` on a side that does not have the user, the target or the right.
pub(super) type Verdicts = [Option<Verdict>; 2];

/// Answers that changed alike: before, after, about which right, over what, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fold {
    pub right: RightId,
    pub scope: Option<Scope>,
    /// Whose, in order.
    pub users: Vec<UserId>,
    /// The indexes of the targets; the one position of a plain right. Folds over the same share it.
    pub targets: Arc<Set>,
    pub verdicts: Verdicts,
}

impl Fold {
    /// Whether it is allowed on a side.
    pub fn allowed(&self, side: usize) -> bool {
        self.verdicts[side].is_some_and(|verdict| verdict.allowed)
    }
}

/// So many people are compared by one thread before it takes the next.
const TOGETHER: usize = 4_096;

/// Every answer that changed, and every one that stayed and has another reason, of all but some people.
pub(super) fn compare(sides: [&Side<'_>; 2], touched: &[Touched], aside: &Set) -> Vec<Fold> {
    let mut same = HashSet::new();
    let mut folds = Vec::new();
    for (index, touched) in touched.iter().enumerate() {
        let right = RightId::from_index(index);
        let scopes = sides.map(|side| side.policy().rights.get(right).scope);
        let both = [scopes[0], scopes[1]];
        let both = if scopes[0] == scopes[1] { &both[..1] } else { &both[..] };
        let wholly: Vec<UserId> = users(&touched.wholly, |user| !aside.contains(user));
        let partly = users(&touched.partly, |user| !touched.wholly.contains(user) && !aside.contains(user));
        for scope in both {
            let all = Set::all(size(sides, *scope));
            let some = match touched.targets.size() == all.size() {
                true => touched.targets.clone(),
                false => Set::of(all.size(), touched.targets.iter().filter(|target| *target < all.size())),
            };
            for (users, targets) in [(&wholly, all), (&partly, some)] {
                if users.is_empty() || targets.is_empty() {
                    continue;
                }
                match scope {
                    None => folds.extend(plain::compare(sides, right, users)),
                    Some(scope) => folds.extend(sets::compare(sides, right, *scope, targets, users, &mut same)),
                }
            }
        }
    }
    folds.sort();
    folds
}

fn users(bits: &Bits, wanted: impl Fn(usize) -> bool) -> Vec<UserId> {
    bits.ones().filter(|user| wanted(*user)).map(UserId::from_index).collect()
}

/// Over how many targets a right of a scope can be; the names are the same on both sides.
pub(super) fn size(sides: [&Side<'_>; 2], scope: Option<Scope>) -> usize {
    let policy = sides[0].policy();
    match scope {
        None => 1,
        Some(Scope::People) => policy.users.len(),
        Some(Scope::Modules) => policy.modules.len(),
        Some(Scope::Attachments) => policy.attachments.len(),
    }
}

/// Whether a side has a right over this.
pub(super) fn has(side: &Side<'_>, right: RightId, scope: Option<Scope>) -> bool {
    side.present.rights.contains(right.index()) && side.policy().rights.get(right).scope == scope
}

/// Whether both sides give the same answer, by the same step and rule.
fn is_same(sides: [&Side<'_>; 2], [base, head]: Verdicts) -> bool {
    match (base, head) {
        (Some(base), Some(head)) => {
            let key =
                |side: usize, verdict: Verdict| verdict.rule.map(|rule| rule_key(sides[side].policy().rule(rule)));
            base.allowed == head.allowed && base.step == head.step && key(0, base) == key(1, head)
        }
        // Nothing decided is no other answer than no.
        (only, None) | (None, only) => !only.is_some_and(|verdict| verdict.allowed),
    }
}
