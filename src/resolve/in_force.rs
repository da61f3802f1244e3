//! A policy on a day: which memberships are in force, and so which groups each user is in.

use std::collections::{BTreeMap, VecDeque};

use crate::date::Date;
use crate::model::{GroupId, Id, Member, MembershipId, Policy, Subject, UserId, outermost_first};

/// The way from a user to a group: the memberships, one after the other. Empty for the user's own rules.
pub type Path = Vec<MembershipId>;

/// A policy together with the day for which it is asked.
#[derive(Debug)]
pub struct InForce<'p> {
    /// The policy.
    pub policy: &'p Policy,
    /// The day, UTC.
    pub on: Date,
    /// For each group itself and all groups around it, in order.
    outer: Vec<Vec<GroupId>>,
    /// The groups that everyone is in.
    everyone: Vec<GroupId>,
}

impl<'p> InForce<'p> {
    /// Finds out which groups lie in which on a day.
    pub fn new(policy: &'p Policy, on: Date) -> Self {
        let mut outer: Vec<Vec<GroupId>> = vec![Vec::new(); policy.groups.len()];
        for knot in outermost_first(policy) {
            let around = |group: &GroupId| {
                let memberships = policy.memberships_of(Member::Group(*group));
                memberships.filter(|(_, m)| m.validity.holds(on)).map(|(_, m)| m.group)
            };
            // A policy has no cycles; a database that somebody wrote into may, and then dates can cut them.
            if let [group] = knot.as_slice() {
                let mut all = vec![*group];
                all.extend(around(group).flat_map(|next| &outer[next.index()]));
                outer[group.index()] = sorted(all);
                continue;
            }
            for group in &knot {
                let (mut all, mut open) = (vec![*group], vec![*group]);
                while let Some(next) = open.pop() {
                    for further in around(&next).filter(|g| !all.contains(g)).collect::<Vec<_>>() {
                        all.push(further);
                        open.push(further);
                    }
                }
                outer[group.index()] = sorted(all);
            }
        }
        let of_everyone = policy.memberships_of(Member::Everyone).filter(|(_, m)| m.validity.holds(on));
        let everyone = of_everyone.flat_map(|(_, m)| outer[m.group.index()].iter().copied()).collect();
        Self { policy, on, everyone: sorted(everyone), outer }
    }

    /// A group and all groups around it, in order.
    pub fn outer_groups(&self, group: GroupId) -> &[GroupId] {
        &self.outer[group.index()]
    }

    /// The groups that everyone is in, in order.
    pub fn groups_of_everyone(&self) -> &[GroupId] {
        &self.everyone
    }

    /// The groups in which somebody is by the very line that says so, in order; one that two lines name stands there twice.
    pub fn direct_groups(&self, member: Member) -> impl Iterator<Item = GroupId> {
        self.policy.memberships_of(member).filter(|(_, m)| m.validity.holds(self.on)).map(|(_, m)| m.group)
    }

    /// All groups of a user, direct and outer, roles among them, in order.
    pub fn groups_of(&self, user: UserId) -> Vec<GroupId> {
        let mut groups = self.everyone.clone();
        groups.extend(self.direct_groups(Member::User(user)).flat_map(|group| &self.outer[group.index()]));
        sorted(groups)
    }

    /// Whether somebody is in a group, directly or through others.
    pub fn is_member(&self, user: UserId, group: GroupId) -> bool {
        self.groups_of(user).binary_search(&group).is_ok()
    }

    /// The users in a group, in order, inactive ones too.
    pub fn members_of(&self, group: GroupId) -> Vec<UserId> {
        self.policy.users.ids().filter(|user| self.is_member(*user, group)).collect()
    }

    /// For each group of a user the shortest way to it, and of equally short ones the first in order of names. For a
    /// group the ways that everybody in it has.
    pub fn paths_of(&self, subject: Subject) -> BTreeMap<GroupId, Path> {
        let in_force = |member| {
            let mut all: Vec<_> =
                self.policy.memberships_of(member).filter(|(_, m)| m.validity.holds(self.on)).collect();
            all.sort_by_key(|(id, m)| (m.group, *id));
            all.into_iter()
        };
        let mut paths: BTreeMap<GroupId, Path> = BTreeMap::new();
        let member = match subject {
            Subject::User(user) => Member::User(user),
            Subject::Group(group) => {
                paths.insert(group, Path::new());
                Member::Group(group)
            }
        };
        let mut direct: Vec<_> = in_force(member).chain(in_force(Member::Everyone)).collect();
        direct.sort_by_key(|(id, m)| (m.group, *id));
        let mut queue: VecDeque<(GroupId, Path)> = direct.into_iter().map(|(id, m)| (m.group, vec![id])).collect();
        while let Some((group, path)) = queue.pop_front() {
            if paths.contains_key(&group) {
                continue;
            }
            for (id, membership) in in_force(Member::Group(group)) {
                let mut further = path.clone();
                further.push(id);
                queue.push_back((membership.group, further));
            }
            paths.insert(group, path);
        }
        paths
    }

    /// The subjects along a path, beginning with the one that it leads from.
    pub fn subjects_along(&self, from: Subject, path: &[MembershipId]) -> Vec<Subject> {
        let groups = path.iter().map(|id| Subject::Group(self.policy.membership(*id).group));
        std::iter::once(from).chain(groups).collect()
    }
}

fn sorted(mut groups: Vec<GroupId>) -> Vec<GroupId> {
    groups.sort_unstable();
    groups.dedup();
    groups
}
