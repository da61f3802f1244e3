//! Compares a plain right: each person by the nearest rules, a few nanoseconds each, however many groups there are.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Id, RightId, UserId};
use crate::resolve::{Nearest, Set};
use crate::workers;

use super::super::joint::Side;
use super::{Fold, TOGETHER, Verdict, Verdicts, has, is_same};

/// What changed about a right for some people, who stand in order.
pub(super) fn compare(sides: [&Side<'_>; 2], right: RightId, users: &[UserId]) -> Vec<Fold> {
    let nearest = sides.map(|side| has(side, right, None).then(|| Nearest::new(&side.population, right)));
    let verdict = |side: usize, user: UserId| {
        let nearest = nearest[side].as_ref().filter(|_| sides[side].present.users.contains(user.index()))?;
        let (allowed, step, rule) = nearest.decide(user);
        Some(Verdict { allowed, step, rule })
    };
    let changed = |users: &&[UserId]| {
        let mut alike: HashMap<Verdicts, Vec<UserId>> = HashMap::new();
        for user in users.iter().copied() {
            let verdicts = [0, 1].map(|side| verdict(side, user));
            if !is_same(sides, verdicts) {
                alike.entry(verdicts).or_default().push(user);
            }
        }
        alike
    };
    let mut alike: HashMap<Verdicts, Vec<UserId>> = HashMap::new();
    for (verdicts, users) in workers::each(&users.chunks(TOGETHER).collect::<Vec<_>>(), changed).into_iter().flatten() {
        alike.entry(verdicts).or_default().extend(users);
    }
    let targets = Arc::new(Set::all(1));
    let fold = |(verdicts, users)| Fold { right, scope: None, users, targets: Arc::clone(&targets), verdicts };
    alike.into_iter().map(fold).collect()
}
