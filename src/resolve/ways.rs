//! In which order a proof names the groups of a person: shorter ways first, then by the names along them.
//!
//! Gives the order of [`prove`](super::prove()) for a whole population, from ways that are found once for each group.

use std::collections::VecDeque;
use std::sync::OnceLock;

use crate::model::{GroupId, Id, Member, UserId};

use super::InForce;

/// A way into a group: all groups along it, the one that it leads to among them.
type Way = Box<[GroupId]>;

/// The ways from groups to those around them, on a day.
pub struct Ways<'p> {
    in_force: &'p InForce<'p>,
    /// From each group to itself and every group around it, the first of the shortest; once somebody asks.
    known: Vec<OnceLock<Box<[Way]>>>,
}

impl<'p> Ways<'p> {
    /// Begins with nothing found.
    pub fn new(in_force: &'p InForce<'p>) -> Self {
        let known = std::iter::repeat_with(OnceLock::new).take(in_force.policy.groups.len()).collect();
        Self { in_force, known }
    }

    /// Those groups of a person that are wanted, in the order in which a proof names them.
    pub fn order(&self, user: UserId, is_wanted: impl Fn(&GroupId) -> bool) -> Vec<GroupId> {
        let direct = [Member::User(user), Member::Everyone].into_iter();
        let mut direct: Vec<GroupId> = direct.flat_map(|member| self.in_force.direct_groups(member)).collect();
        direct.sort_unstable();
        direct.dedup();
        let leads_there = |way: &&Way| way.last().is_some_and(&is_wanted);
        let mut ways: Vec<&Way> = direct.into_iter().flat_map(|group| self.from(group)).filter(leads_there).collect();
        ways.sort_unstable_by_key(|way| (way.last(), way.len(), *way));
        ways.dedup_by_key(|way| way.last());
        ways.sort_unstable_by_key(|way| (way.len(), *way));
        ways.into_iter().filter_map(|way| way.last().copied()).collect()
    }

    fn from(&self, group: GroupId) -> &[Way] {
        self.known[group.index()].get_or_init(|| self.find(group))
    }

    fn find(&self, group: GroupId) -> Box<[Way]> {
        let mut found: Vec<Way> = Vec::new();
        let mut queue: VecDeque<Vec<GroupId>> = VecDeque::from([vec![group]]);
        while let Some(way) = queue.pop_front() {
            let Some(last) = way.last().copied().filter(|last| found.iter().all(|way| way.last() != Some(last))) else {
                continue;
            };
            let around = self.in_force.direct_groups(Member::Group(last));
            queue.extend(around.map(|next| [way.as_slice(), &[next]].concat()));
            found.push(way.into());
        }
        found.into()
    }
}
