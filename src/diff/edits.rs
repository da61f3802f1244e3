//! What was declared otherwise, edit by edit: what somebody who reads the change would call one thing.
//!
//! A rule or member that was added, taken out or dated otherwise is an edit; so is a whole user or group that is new or
//! gone, with all that is said of it. A line that only moved to another place is none.

use std::collections::BTreeMap;

use crate::date::Validity;
use crate::model::key::GroupKey;
use crate::model::{GroupId, Id, Member, MembershipId, ModuleSetId, Policy, RightId, Rule, RuleId, Subject, UserId};
use crate::name::Name;
use crate::resolve::Supposition;
use crate::state::Key;
use crate::text::Place;

use super::Line;
use super::joint::Side;
use super::touched::{Lines as Differing, Stands, only_in_force};

/// What an edit is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// A user whom only one side has, with own rules and memberships.
    User(Name),
    /// Whether an account is in use: in the head it is, or it is not.
    Active(Name, bool),
    /// A group or role that only one side has, with its members and rules.
    Group(GroupKey),
    /// Which modules a set has.
    ModuleSet(Name),
    /// The rules of one line.
    Rules,
    /// A member.
    Member,
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What it is about.
    pub what: Edited,
    /// What only the base says, or what is in force there only.
    pub removed: Vec<Line>,
    /// What only the head says, or what is in force there only.
    pub added: Vec<Line>,
}

impl Edit {
    /// Where it stands: in the head, unless it was taken out.
    pub fn place(&self) -> Option<Place> {
        self.added.first().or(self.removed.first()).and_then(|line| line.place)
    }
}

/// An edit with all that it does on the two days.
#[derive(Debug)]
pub(super) struct Deed {
    pub edit: Edit,
    /// The rules that are in force on one side only, by that side's ids.
    pub rules: [Vec<RuleId>; 2],
    /// The memberships.
    pub members: [Vec<MembershipId>; 2],
    /// The account that is in use on one side only.
    pub active: Option<UserId>,
    /// The set that has other modules.
    pub modules: Option<ModuleSetId>,
    /// What has a period, and is in force on neither day.
    pub waiting: bool,
}

impl Deed {
    fn new(what: Edited) -> Self {
        let edit = Edit { what, removed: Vec::new(), added: Vec::new() };
        Self {
            edit,
            rules: Default::default(),
            members: Default::default(),
            active: None,
            modules: None,
            waiting: true,
        }
    }

    /// What a side would be with what the other says about this.
    pub fn supposed_on(&self, side: usize, policies: [&Policy; 2]) -> Supposition {
        let other = policies[1 - side];
        // A rule about a right that is over something else there says nothing here.
        let fits = |rule: &&Rule| other.rights.get(rule.right).scope == policies[side].rights.get(rule.right).scope;
        let membership = |id: &MembershipId| (other.membership(*id).member, other.membership(*id).group);
        Supposition {
            rules_out: self.rules[side].clone(),
            rules_in: self.rules[1 - side].iter().map(|rule| other.rule(*rule)).filter(fits).cloned().collect(),
            members_out: self.members[side].clone(),
            members_in: self.members[1 - side].iter().map(membership).collect(),
            active: self.active.map(|user| (user, other.users.get(user).active)),
            modules: self.modules.map(|set| (set, other.module_sets.get(set).modules.clone())),
        }
    }

    /// Whether it can be what is behind the change of an answer of people who are on both sides.
    pub fn can_explain(&self) -> bool {
        !self.waiting && !matches!(self.edit.what, Edited::User(_))
    }

    /// Whether it says something about a right that is over something else on the other side.
    pub fn is_redefined(&self, policies: [&Policy; 2]) -> bool {
        let redefined = |right: RightId| policies[0].rights.get(right).scope != policies[1].rights.get(right).scope;
        [0, 1].into_iter().any(|side| self.rules[side].iter().any(|rule| redefined(policies[side].rule(*rule).right)))
    }

    fn say(&mut self, side: usize, line: Line) {
        if side == 0 { &mut self.edit.removed } else { &mut self.edit.added }.push(line);
    }
}

/// Every edit, in the order of the places.
pub(super) fn deeds(sides: [&Side<'_>; 2], differing: &Differing) -> Vec<Deed> {
    let mut work = Work { sides, differing, users: BTreeMap::new(), groups: BTreeMap::new(), others: Vec::new() };
    work.names();
    work.rules();
    work.members();
    let Work { users, groups, others, .. } = work;
    let mut deeds: Vec<Deed> = users.into_values().chain(groups.into_values()).chain(others).collect();
    deeds.sort_by_key(|deed| (deed.edit.place(), deed.edit.removed.first().and_then(|line| line.place)));
    deeds
}

struct Work<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    differing: &'a Differing,
    users: BTreeMap<UserId, Deed>,
    groups: BTreeMap<GroupId, Deed>,
    others: Vec<Deed>,
}

impl<'p> Work<'_, 'p> {
    fn policies(&self) -> [&'p Policy; 2] {
        self.sides.map(|side| side.policy())
    }

    /// Users and groups that only one side has, accounts in use on one side only, sets of other modules.
    fn names(&mut self) {
        let policy = self.sides[0].policy();
        for user in policy.users.ids() {
            let active = self.sides.map(|side| side.policy().users.get(user).active);
            let there = self.sides.map(|side| side.present.users.contains(user.index()));
            if there[0] == there[1] && active[0] == active[1] {
                continue;
            }
            let name = policy.users.key(user).clone();
            let what = match (there[0] == there[1], active[0] == active[1]) {
                (false, _) => Edited::User(name.clone()),
                (true, _) => Edited::Active(name.clone(), active[1]),
            };
            let mut deed = Deed { waiting: false, ..Deed::new(what) };
            deed.active = (active[0] != active[1]).then_some(user);
            for side in [0, 1].into_iter().filter(|side| there[*side]) {
                let place = self.sides[side].policy().users.get(user).place;
                deed.say(side, Line { place, key: Key::User(name.clone()) });
            }
            match deed.edit.what {
                Edited::User(_) => drop(self.users.insert(user, deed)),
                _ => self.others.push(deed),
            }
        }
        for group in policy.groups.ids() {
            let there = self.sides.map(|side| side.present.groups.contains(group.index()));
            let Some(side) = (there[0] != there[1]).then_some(usize::from(there[1])) else { continue };
            let key = policy.groups.key(group);
            let mut deed = Deed { waiting: false, ..Deed::new(Edited::Group(key.clone())) };
            let place = self.sides[side].policy().groups.get(group).place;
            deed.say(side, Line { place, key: Key::of_group(key) });
            self.groups.insert(group, deed);
        }
        for set in policy.module_sets.ids() {
            let [mut base, mut head] = self.policies().map(|policy| policy.module_sets.get(set).modules.clone());
            // Their order is that of the bar, and decides nothing.
            base.sort_unstable();
            head.sort_unstable();
            if base == head {
                continue;
            }
            let name = policy.module_sets.key(set).clone();
            let mut deed = Deed { waiting: false, modules: Some(set), ..Deed::new(Edited::ModuleSet(name.clone())) };
            for side in [0, 1].into_iter().filter(|side| self.sides[*side].present.module_sets.contains(set.index())) {
                let place = self.sides[side].policy().module_sets.get(set).place;
                deed.say(side, Line { place, key: Key::ModuleSet(name.clone()) });
            }
            self.others.push(deed);
        }
    }

    fn rules(&mut self) {
        let lists = self.policies().map(|policy| policy.rules.as_slice());
        let mut lines = Lines::default();
        for stands in self.differing.rules.iter().copied() {
            let found = [0, 1].into_iter().find_map(|side| Some(&lists[side][stands[side]?]));
            let Some(rule) = found else { continue };
            let Some(differs) = self.differs(stands, rule.validity) else { continue };
            let Some(id) = stands[differs.on].map(RuleId::from_index) else { continue };
            let bundle = match rule.subject {
                Subject::User(user) => self.users.get_mut(&user),
                Subject::Group(group) => self.groups.get_mut(&group),
            };
            match bundle {
                Some(deed) if differs.in_force => deed.rules[differs.on].push(id),
                Some(_) => {}
                None => {
                    let rule = &lists[differs.on][id.index()];
                    let line = Line { place: rule.place, key: Key::of_rule(self.policies()[differs.on], rule) };
                    let undated = format!("{:?}", (rule.subject, rule.right, rule.target, rule.effect));
                    lines.add(differs.on, undated, Found { line, differs, rule: Some(id), member: None });
                }
            }
        }
        self.others.extend(lines.deeds(Edited::Rules));
    }

    fn members(&mut self) {
        let lists = self.policies().map(|policy| policy.memberships.as_slice());
        let mut lines = Lines::default();
        for stands in self.differing.members.iter().copied() {
            let found = [1, 0].into_iter().find_map(|side| Some(&lists[side][stands[side]?]));
            let Some(membership) = found else { continue };
            let Some(differs) = self.differs(stands, membership.validity) else { continue };
            let side = differs.on;
            let Some(id) = stands[side].map(MembershipId::from_index) else { continue };
            let user = match membership.member {
                Member::User(user) => Some(user),
                Member::Everyone | Member::Group(_) => None,
            };
            let bundle = match user.filter(|user| self.users.contains_key(user)) {
                Some(user) => self.users.get_mut(&user),
                // An online access is written with the person, not with the role.
                None if self.sides[0].policy().groups.key(membership.group).is_role() => None,
                None => self.groups.get_mut(&membership.group),
            };
            match bundle {
                Some(deed) if differs.in_force => deed.members[side].push(id),
                Some(_) => {}
                None => {
                    let membership = &lists[side][id.index()];
                    let key = Key::of_membership(self.policies()[side], membership);
                    // Somebody has one online access: another role is the same line.
                    let group = (!matches!(key, Key::Access(_))).then_some(membership.group);
                    let undated = format!("{:?}", (membership.member, group));
                    let line = Line { place: membership.place, key };
                    lines.add(side, undated, Found { line, differs, rule: None, member: Some(id) });
                }
            }
        }
        self.others.extend(lines.deeds(Edited::Member));
    }

    /// On which side alone something stands, or is in force though it stands on both.
    fn differs(&self, stands: Stands, validity: Validity) -> Option<Differs> {
        match (only_in_force(stands, validity, self.sides), stands) {
            (Some(on), _) => Some(Differs { on, in_force: true }),
            (None, [Some(_), None]) => Some(Differs { on: 0, in_force: false }),
            (None, [None, Some(_)]) => Some(Differs { on: 1, in_force: false }),
            (None, _) => None,
        }
    }
}

/// On which side alone something is said.
#[derive(Debug, Clone, Copy)]
struct Differs {
    on: usize,
    in_force: bool,
}

/// Something that one side alone says.
struct Found {
    line: Line,
    differs: Differs,
    rule: Option<RuleId>,
    member: Option<MembershipId>,
}

/// What single sides say, put together by what it says without its period, and by the line on which it stands.
#[derive(Default)]
struct Lines {
    by_words: BTreeMap<String, [Vec<Found>; 2]>,
}

impl Lines {
    fn add(&mut self, side: usize, undated: String, found: Found) {
        self.by_words.entry(undated).or_default()[side].push(found);
    }

    /// One edit for each line. What was only dated otherwise is one edit with its line before.
    fn deeds(self, what: Edited) -> Vec<Deed> {
        let mut by_line: BTreeMap<(Option<Place>, Option<Place>, usize), Deed> = BTreeMap::new();
        for (number, [base, head]) in self.by_words.into_values().enumerate() {
            let (mut base, mut head) = (base.into_iter(), head.into_iter());
            loop {
                let pair = [base.next(), head.next()];
                if pair.iter().all(Option::is_none) {
                    break;
                }
                let places = [0, 1].map(|side: usize| pair[side].as_ref().and_then(|found| found.line.place));
                // What was read from a database stands nowhere: there each is an edit of its own.
                let alone = if places == [None, None] { number + 1 } else { 0 };
                let deed = by_line.entry((places[0], places[1], alone)).or_insert_with(|| Deed::new(what.clone()));
                for (side, found) in pair.into_iter().enumerate() {
                    let Some(found) = found else { continue };
                    if found.differs.in_force {
                        deed.rules[side].extend(found.rule);
                        deed.members[side].extend(found.member);
                        deed.waiting = false;
                    }
                    deed.say(side, found.line);
                }
            }
        }
        by_line.into_values().collect()
    }
}
