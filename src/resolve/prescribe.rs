//! Which module set is prescribed to whom: the own one, else that of the groups.

use crate::model::{GroupId, ModuleSetId, UserId};

use super::Population;

/// What is prescribed to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prescribed {
    /// One module set.
    One(ModuleSetId),
    /// None.
    Nothing,
    /// Different ones, by these groups.
    Several(Vec<GroupId>),
}

/// What is prescribed to every active user who may not arrange modules, in order of names.
pub fn prescriptions(population: &Population<'_>) -> Vec<(UserId, Prescribed)> {
    let policy = population.in_force().policy;
    let arrange = policy.right_called("modules.arrange");
    let mut all = Vec::new();
    for (id, _, user) in policy.users.iter().filter(|(_, _, user)| user.active) {
        if arrange.is_some_and(|right| population.decide(id, right, None).allowed) {
            continue;
        }
        let prescribed = user.modules.map_or_else(|| by_groups(population, id), Prescribed::One);
        all.push((id, prescribed));
    }
    all
}

fn by_groups(population: &Population<'_>, user: UserId) -> Prescribed {
    let policy = population.in_force().policy;
    let of_group = |group: &GroupId| policy.groups.get(*group).modules.map(|set| (*group, set));
    let prescribing: Vec<(GroupId, ModuleSetId)> = population.person(user).groups.iter().filter_map(of_group).collect();
    match prescribing.as_slice() {
        [] => Prescribed::Nothing,
        [(_, first), rest @ ..] if rest.iter().all(|(_, set)| set == first) => Prescribed::One(*first),
        several => Prescribed::Several(several.iter().map(|(group, _)| *group).collect()),
    }
}
