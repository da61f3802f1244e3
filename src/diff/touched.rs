//! What can have changed: for each right whose answers, and over which targets, before any answer is compared.
//!
//! Everything that is not named here is the same on both sides, because nothing that decides it is another. A law
//! compares every single answer.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::date::Validity;
use crate::model::{Effect, GroupId, Id, Member, Membership, Right, RightId, Rule, Scope, Subject, Target, UserId};
use crate::resolve::{Bits, Set, Space};
use crate::workers;

use super::joint::Side;

/// What can have changed about one right.
#[derive(Debug, Clone)]
pub(super) struct Touched {
    /// Users whose answers can differ over everything.
    pub wholly: Bits,
    /// Users whose answers can differ over some targets.
    pub partly: Bits,
    /// These targets, by the index of their ids; of a plain right the first position.
    pub targets: Set,
}

/// What tells a rule from others, wherever it is written.
pub(super) type RuleKey = (Subject, RightId, Option<Target>, Effect, Validity);

/// What tells a membership from others.
pub(super) type MemberKey = (Member, GroupId, Validity);

pub(super) fn rule_key(rule: &Rule) -> RuleKey {
    (rule.subject, rule.right, rule.target, rule.effect, rule.validity)
}

pub(super) fn member_key(membership: &Membership) -> MemberKey {
    (membership.member, membership.group, membership.validity)
}

/// On which sides something stands, the base first: the index there.
pub(super) type Stands = [Option<usize>; 2];

/// So many lines are walked by one thread before it takes the next.
const TOGETHER: usize = 1 << 14;

/// Walks two lists in the order of their keys and names each key once, with where it stands first on each side; but no
/// key whose first lines on both sides are alike.
fn walk<T: Sync, K: Ord>(
    lists: [&[T]; 2],
    key: impl Fn(&T) -> K + Sync,
    is_alike: impl Fn(&T, &T) -> bool + Sync,
) -> Vec<Stands> {
    // Both are cut before the same keys, so that no key stands in two parts.
    let cuts = lists[0].chunks(TOGETHER).skip(1).filter_map(|part| part.first()).map(|first| {
        let key_of_cut = key(first);
        lists.map(|list| list.partition_point(|line| key(line) < key_of_cut))
    });
    let ends: Vec<[usize; 2]> = cuts.chain([lists.map(<[T]>::len)]).collect();
    let mut from = [0, 0];
    let parts: Vec<[Range<usize>; 2]> = ends
        .into_iter()
        .map(|to| {
            let part = [from[0]..to[0], from[1]..to[1]];
            from = to;
            part
        })
        .collect();
    let walked = workers::each(&parts, |part| {
        let found = walk_part([&lists[0][part[0].clone()], &lists[1][part[1].clone()]], &key, &is_alike);
        let whole = |stands: Stands| [0, 1].map(|side: usize| stands[side].map(|at| part[side].start + at));
        found.into_iter().map(whole).collect::<Vec<_>>()
    });
    walked.into_iter().flatten().collect()
}

fn walk_part<T, K: Ord>(lists: [&[T]; 2], key: impl Fn(&T) -> K, is_alike: impl Fn(&T, &T) -> bool) -> Vec<Stands> {
    let (mut at, mut found) = ([0, 0], Vec::new());
    loop {
        // Most lines stand on both sides.
        while let (Some(base), Some(head)) = (lists[0].get(at[0]), lists[1].get(at[1]))
            && key(base) == key(head)
            && is_alike(base, head)
            && [0, 1].iter().all(|side| lists[*side].get(at[*side] + 1).is_none_or(|next| key(next) != key(base)))
        {
            at = at.map(|at| at + 1);
        }
        let keys = [0, 1].map(|side: usize| lists[side].get(at[side]).map(&key));
        let takes = match &keys {
            [None, None] => return found,
            [Some(_), None] => [true, false],
            [None, Some(_)] => [false, true],
            [Some(base), Some(head)] => match base.cmp(head) {
                Ordering::Less => [true, false],
                Ordering::Greater => [false, true],
                Ordering::Equal => [true, true],
            },
        };
        let alike = takes == [true, true] && is_alike(&lists[0][at[0]], &lists[1][at[1]]);
        found.extend((!alike).then(|| [0, 1].map(|side| takes[side].then_some(at[side]))));
        for side in [0, 1].into_iter().filter(|side| takes[*side]) {
            while lists[side].get(at[side]).map(&key) == keys[side] {
                at[side] += 1;
            }
        }
    }
}

/// Where two policies have other lines: all that one side alone has, that is in force on one of the two days only, or that
/// has another reason. Found once for everybody who asks.
#[derive(Debug)]
pub(super) struct Lines {
    pub rules: Vec<Stands>,
    pub members: Vec<Stands>,
}

impl Lines {
    /// Looks at every line of both.
    pub fn of(sides: [&Side<'_>; 2]) -> Self {
        let [base, head] = sides.map(|side| side.policy());
        let days = sides.map(|side| side.in_force().on);
        // What has no period holds on both days.
        let turns = |validity: Validity| days[0] != days[1] && validity.holds(days[0]) != validity.holds(days[1]);
        let same_rule = |one: &Rule, other: &Rule| one.because == other.because && !turns(one.validity);
        let same_member = |one: &Membership, other: &Membership| one.because == other.because && !turns(one.validity);
        let rules = || walk([base.rules.as_slice(), head.rules.as_slice()], rule_key, same_rule);
        let members = || walk([base.memberships.as_slice(), head.memberships.as_slice()], member_key, same_member);
        if std::ptr::eq(base, head) && days[0] == days[1] {
            return Self { rules: Vec::new(), members: Vec::new() };
        }
        Self { rules: rules(), members: members() }
    }
}

/// Whether what stands on some sides is in force on one of them only, and on which.
pub(super) fn only_in_force(stands: Stands, validity: Validity, sides: [&Side<'_>; 2]) -> Option<usize> {
    let in_force = [0, 1].map(|side| stands[side].is_some() && validity.holds(sides[side].in_force().on));
    match in_force {
        [true, false] => Some(0),
        [false, true] => Some(1),
        _ => None,
    }
}

/// What can have changed about each right, by the index of its id. `aside` is who is new or gone.
pub(super) fn touched(sides: [&Side<'_>; 2], aside: &Set, lines: &Lines) -> Vec<Touched> {
    let policy = sides[0].policy();
    let size = |right: &Right| match right.scope {
        None => 1,
        Some(scope) => sides[0].present.singles(scope).size(),
    };
    let users = || Bits::with_capacity(policy.users.len());
    // A right may have another scope in the head: then the longer of the two is long enough for both.
    let rights = policy.rights.ids().map(|id| {
        let longest = sides.map(|side| size(side.policy().rights.get(id))).into_iter().max().unwrap_or(1);
        Touched { wholly: users(), partly: users(), targets: Set::none(longest) }
    });
    let mut work = Work { sides, lines, touched: rights.collect(), filled: BTreeMap::new() };
    if aside.len() == policy.users.len() {
        // There is nobody else whose answers could differ.
        work.touched.iter_mut().for_each(|touched| touched.wholly.insert_range(..));
        return work.touched;
    }
    work.by_people(aside);
    work.by_memberships();
    work.by_rules();
    work.by_containers();
    work.by_scopes();
    work.touched
}

struct Work<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    lines: &'a Lines,
    touched: Vec<Touched>,
    /// The groups in which other people are, and who; some may be named twice.
    filled: BTreeMap<GroupId, Vec<usize>>,
}

impl Work<'_, '_> {
    /// Everybody who is new, gone, or in use on one side only.
    fn by_people(&mut self, aside: &Set) {
        let policy = self.sides[0].policy();
        let is_active = |side: usize, user: UserId| self.sides[side].policy().users.get(user).active;
        let mut users = Bits::with_capacity(policy.users.len());
        policy.users.ids().for_each(|user| users.set(user.index(), is_active(0, user) != is_active(1, user)));
        aside.iter().for_each(|user| users.insert(user));
        self.touched.iter_mut().for_each(|touched| touched.wholly.union_with(&users));
        for user in aside.iter() {
            for side in self.sides {
                let groups = &side.population.person(UserId::from_index(user)).groups;
                groups.iter().for_each(|group| self.filled.entry(*group).or_default().push(user));
            }
        }
    }

    /// Everybody who comes to a group by another way, or no longer, about the rights of the groups on that way.
    fn by_memberships(&mut self) {
        let lists = self.sides.map(|side| side.policy().memberships.as_slice());
        let size = self.sides[0].policy().users.len();
        let mut moved: BTreeMap<GroupId, Vec<usize>> = BTreeMap::new();
        for stands in self.lines.members.iter().copied() {
            let Some(membership) = stands[0].map(|at| &lists[0][at]).or(stands[1].map(|at| &lists[1][at])) else {
                continue;
            };
            if only_in_force(stands, membership.validity, self.sides).is_none() {
                continue;
            }
            let users = moved.entry(membership.group).or_default();
            match membership.member {
                Member::User(user) => users.push(user.index()),
                Member::Everyone => users.extend(0..size),
                Member::Group(group) => {
                    let members = self.sides.into_iter().flat_map(|side| side.population.members(group));
                    users.extend(members.map(|user| user.index()));
                }
            }
        }
        for (group, mut users) in moved {
            users.sort_unstable();
            users.dedup();
            let mut around: Vec<GroupId> =
                self.sides.into_iter().flat_map(|side| side.in_force().outer_groups(group)).copied().collect();
            around.sort_unstable();
            around.dedup();
            for outer in around {
                for side in self.sides {
                    for (_, rule) in side.policy().rules_of(Subject::Group(outer)) {
                        let wholly = &mut self.touched[rule.right.index()].wholly;
                        users.iter().for_each(|user| wholly.insert(*user));
                    }
                }
                let is_in = |side: usize, user: usize| {
                    let Side { population, present, .. } = self.sides[side];
                    let groups = || &population.person(UserId::from_index(user)).groups;
                    present.users.contains(user) && groups().binary_search(&outer).is_ok()
                };
                let differing = users.iter().copied().filter(|user| is_in(0, *user) != is_in(1, *user));
                self.filled.entry(outer).or_default().extend(differing);
            }
        }
    }

    /// Everybody on whom a rule is, or is no longer, over what it reaches.
    fn by_rules(&mut self) {
        let lists = self.sides.map(|side| side.policy().rules.as_slice());
        for stands in self.lines.rules.iter().copied() {
            let Some(rule) = stands[0].map(|at| &lists[0][at]).or(stands[1].map(|at| &lists[1][at])) else { continue };
            let Some(side) = only_in_force(stands, rule.validity, self.sides) else { continue };
            let population = &self.sides[side].population;
            let size = self.touched[rule.right.index()].targets.size();
            let reached = population.reached(rule.target, &Space::whole(size));
            speaks(self.sides, &mut self.touched, rule, &reached);
        }
    }

    /// Everybody who has a rule over a group in which other people are, over everybody where somebody is new or gone,
    /// or over a set of other modules.
    fn by_containers(&mut self) {
        let [everyone, modules, attachments] = [Scope::People, Scope::Modules, Scope::Attachments].map(|scope| {
            let mut set = self.sides[0].present.singles(scope).clone();
            set.symmetric_difference_with(self.sides[1].present.singles(scope));
            set
        });
        let policy = self.sides[0].policy();
        let sets = policy.module_sets.ids().map(|id| {
            let modules = self.sides.map(|side| &side.policy().module_sets.get(id).modules);
            let only =
                |these: usize, others: usize| modules[these].iter().filter(move |m| !modules[others].contains(m));
            Set::of(policy.modules.len(), only(0, 1).chain(only(1, 0)).map(|module| module.index()))
        });
        let sets: Vec<Set> = sets.collect();
        let size = policy.users.len();
        let filled = std::mem::take(&mut self.filled).into_iter();
        let filled: BTreeMap<GroupId, Set> = filled.map(|(group, users)| (group, Set::of(size, users))).collect();
        for side in [0, 1] {
            let in_force = self.sides[side].in_force();
            let on = in_force.on;
            for rule in in_force.policy.rules.iter().filter(|rule| rule.validity.holds(on)) {
                let reached = match rule.target {
                    Some(Target::Group(group)) => filled.get(&group),
                    Some(Target::Everyone) => Some(&everyone),
                    Some(Target::Everything) => match in_force.policy.rights.get(rule.right).scope {
                        Some(Scope::Modules) => Some(&modules),
                        _ => Some(&attachments),
                    },
                    Some(Target::ModuleSet(set)) => Some(&sets[set.index()]),
                    Some(Target::User(_) | Target::Module(_) | Target::Attachment(_)) | None => None,
                };
                if let Some(reached) = reached.filter(|reached| !reached.is_empty()) {
                    speaks(self.sides, &mut self.touched, rule, reached);
                }
            }
        }
    }

    /// Everybody, about a right that is over something else than before, or says another thing of own data.
    fn by_scopes(&mut self) {
        let [base, head] = self.sides.map(|side| &side.policy().rights);
        let said = |right: &Right| (right.scope, right.own_data_allowed);
        for id in base.ids().filter(|id| said(base.get(*id)) != said(head.get(*id))) {
            self.touched[id.index()].wholly.insert_range(..);
        }
    }
}

/// Notes whose answers a rule decides, over what it reaches.
fn speaks(sides: [&Side<'_>; 2], touched: &mut [Touched], rule: &Rule, reached: &Set) {
    let touched = &mut touched[rule.right.index()];
    touched.targets.union_with(reached);
    match rule.subject {
        Subject::User(user) => touched.partly.insert(user.index()),
        Subject::Group(group) => {
            let members = sides.into_iter().flat_map(|side| side.population.members(group));
            members.for_each(|user| touched.partly.insert(user.index()));
        }
    }
}
