//! Changes answer by answer, in the order of users, rights and targets, without a list of all of them: there can be
//! hundreds of millions.

use std::collections::BTreeMap;
use std::iter::Peekable;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::diff::Change;
use crate::model::key::TargetKey;
use crate::name::Name;

/// One answer of a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct SingleOf<'a, T> {
    pub user: &'a Name,
    pub target: Option<&'a TargetKey>,
    pub change: &'a Change,
    /// What was given with the change.
    pub with: T,
}

/// Every answer of some changes, each given with something.
pub(super) fn singles<'a, T: Copy + 'a>(
    changes: impl IntoIterator<Item = (&'a Change, T)>,
) -> impl Iterator<Item = SingleOf<'a, T>> {
    let mut of_users: BTreeMap<&Name, Vec<(&'a Change, T)>> = BTreeMap::new();
    for (change, with) in changes {
        change.users.iter().for_each(|user| of_users.entry(user).or_default().push((change, with)));
    }
    of_users.into_iter().flat_map(|(user, mut changes)| {
        changes.sort_by(|(a, _), (b, _)| a.right.cmp(&b.right));
        let mut by_right: Vec<Vec<(&'a Change, T)>> = Vec::new();
        for (change, with) in changes {
            match by_right.last_mut() {
                Some(last) if last[0].0.right == change.right => last.push((change, with)),
                _ => by_right.push(vec![(change, with)]),
            }
        }
        by_right.into_iter().flat_map(move |changes| of_one_right(user, changes))
    })
}

/// The answers of one user about one right, in the order of targets.
fn of_one_right<'a, T: Copy + 'a>(
    user: &'a Name,
    changes: Vec<(&'a Change, T)>,
) -> impl Iterator<Item = SingleOf<'a, T>> {
    let single = move |change: &'a Change, with: T| {
        change.singles_of(user).map(move |target| SingleOf { user, target, change, with })
    };
    let mut open: Vec<Peekable<_>> =
        changes.into_iter().map(|(change, with)| single(change, with).peekable()).collect();
    std::iter::from_fn(move || {
        let mut first: Option<(usize, Option<&TargetKey>)> = None;
        for (index, singles) in open.iter_mut().enumerate() {
            if let Some(next) = singles.peek()
                && first.is_none_or(|(_, target)| next.target < target)
            {
                first = Some((index, next.target));
            }
        }
        open[first?.0].next()
    })
}

/// Writes a list whose length nobody knows beforehand.
pub(super) fn collect<S: Serializer, T: Serialize>(
    serializer: S,
    items: impl Iterator<Item = T>,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for item in items {
        list.serialize_element(&item)?;
    }
    list.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::effective;
    use crate::resolve::InForce;
    use crate::testing::{compiled, day};

    #[test]
    fn answers_come_user_by_user_in_the_order_of_rights_and_targets() {
        let with = |rules: &str| {
            let users = ["anna", "ben", "kim", "lars", "tom"].map(|user| format!("{user}: "));
            let text = "groups: { all: { members: [everyone], allow: [RULES] }, few: { members: [ben, kim], \
                        allow: [RULES] }, one: { members: [lars], deny: [calendar.see of tom] } }\n";
            format!(
                "users: {{ {} }}\n{}",
                users.join(", "),
                text.replacen("RULES", rules, 1).replace("RULES", "sms.send")
            )
        };
        let [base, head] = ["lists.print", "data.export, calendar.edit of group:few, calendar.see of everyone"]
            .map(|rules| compiled(&with(rules)).policy);
        let [base, head] = [&base, &head].map(|policy| InForce::new(policy, day("2026-11-22")));
        let changes = effective(&base, &head).gains;
        assert!(changes.len() > 3);
        let found: Vec<_> = singles(changes.iter().map(|change| (change, ())))
            .map(|single| (single.user, &single.change.right, single.target))
            .collect();
        let mut sorted: Vec<_> = changes
            .iter()
            .flat_map(|change| change.singles().map(move |(user, target)| (user, &change.right, target)))
            .collect();
        sorted.sort();
        assert_eq!(found, sorted);
        assert!(found.is_sorted());
    }
}
