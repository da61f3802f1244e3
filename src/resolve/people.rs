//! People with their groups, and groups with their members: all looked up beforehand, or each when somebody asks.
//!
//! Whoever compares two large firms that hardly differ asks for few of them.

use std::sync::OnceLock;

use crate::model::{GroupId, Id, Member, UserId};

use super::{InForce, Person};

/// So many people are looked up by one thread, and have their room together.
pub(super) const TOGETHER: usize = 2_000;

/// The room of some people who follow each other.
type Room = Box<[OnceLock<Person>]>;

/// Everybody, room by room.
pub(super) struct People {
    rooms: Vec<OnceLock<Room>>,
    number: usize,
}

impl People {
    /// Those who are known, [`TOGETHER`] of them in each list but the last.
    pub fn of(people: Vec<Vec<Person>>) -> Self {
        let number = people.iter().map(Vec::len).sum();
        let room = |people: Vec<Person>| OnceLock::from(people.into_iter().map(OnceLock::from).collect::<Room>());
        Self { rooms: people.into_iter().map(room).collect(), number }
    }

    /// So many of whom nobody is looked up yet.
    pub fn nobody(number: usize) -> Self {
        let rooms = number.div_ceil(TOGETHER);
        Self { rooms: std::iter::repeat_with(OnceLock::new).take(rooms).collect(), number }
    }

    pub fn get(&self, in_force: &InForce<'_>, user: UserId) -> &Person {
        let (number, place) = (user.index() / TOGETHER, user.index() % TOGETHER);
        let room = self.rooms[number].get_or_init(|| {
            let size = TOGETHER.min(self.number - number * TOGETHER);
            std::iter::repeat_with(OnceLock::new).take(size).collect()
        });
        room[place].get_or_init(|| Person::new(in_force, user))
    }
}

/// The members of each group, in order.
pub(super) struct Members {
    groups: Vec<OnceLock<Vec<UserId>>>,
    direct: OnceLock<Direct>,
}

/// Who is in a group by the very line that says so, and which groups lie in which.
struct Direct {
    /// The users, group by group, and where those of each group begin.
    users: Vec<UserId>,
    starts: Vec<usize>,
    /// For each group itself and all groups in it.
    inner: Vec<Vec<GroupId>>,
}

impl Members {
    /// Those who are known, by the index of the group.
    pub fn of(members: Vec<Vec<UserId>>) -> Self {
        Self { groups: members.into_iter().map(OnceLock::from).collect(), direct: OnceLock::new() }
    }

    /// Groups of which nobody has asked yet.
    pub fn nobody(groups: usize) -> Self {
        Self { groups: std::iter::repeat_with(OnceLock::new).take(groups).collect(), direct: OnceLock::new() }
    }

    pub fn get(&self, in_force: &InForce<'_>, group: GroupId) -> &[UserId] {
        self.groups[group.index()].get_or_init(|| {
            if in_force.groups_of_everyone().binary_search(&group).is_ok() {
                return in_force.policy.users.ids().collect();
            }
            let direct = self.direct.get_or_init(|| Direct::of(in_force));
            let inner = direct.inner[group.index()].iter();
            let mut members: Vec<UserId> = inner.flat_map(|inner| direct.users_of(*inner)).copied().collect();
            members.sort_unstable();
            members.dedup();
            members
        })
    }

    /// All of them, by the index of the group.
    pub fn into_all(self, in_force: &InForce<'_>) -> Vec<Vec<UserId>> {
        for group in in_force.policy.groups.ids() {
            self.get(in_force, group);
        }
        self.groups.into_iter().map(|members| members.into_inner().unwrap_or_default()).collect()
    }
}

impl Direct {
    fn of(in_force: &InForce<'_>) -> Self {
        let policy = in_force.policy;
        let user_of = |membership: &crate::model::Membership| match membership.member {
            Member::User(user) if membership.validity.holds(in_force.on) => Some((user, membership.group)),
            _ => None,
        };
        // Counted first, so that all stand in one list.
        let mut starts = vec![0; policy.groups.len() + 1];
        policy.memberships.iter().filter_map(user_of).for_each(|(_, group)| starts[group.index() + 1] += 1);
        (1..starts.len()).for_each(|group| starts[group] += starts[group - 1]);
        let (mut next, mut users) = (starts.clone(), vec![UserId::from_index(0); starts.last().copied().unwrap_or(0)]);
        for (user, group) in policy.memberships.iter().filter_map(user_of) {
            users[next[group.index()]] = user;
            next[group.index()] += 1;
        }
        let mut inner = vec![Vec::new(); policy.groups.len()];
        for group in policy.groups.ids() {
            in_force.outer_groups(group).iter().for_each(|outer| inner[outer.index()].push(group));
        }
        Self { users, starts, inner }
    }

    fn users_of(&self, group: GroupId) -> &[UserId] {
        &self.users[self.starts[group.index()]..self.starts[group.index() + 1]]
    }
}
