//! The edits that can matter to a question at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::{Date, Validity};
use crate::model::{Effect, GroupId, Member, MembershipId, RightId, Rule, RuleId, Single, Subject, Target, UserId};
use crate::resolve::Supposition;
use crate::text::Place;

use super::{Edit, Problem};

/// Something that can be done, and the ways to write it: a line can be taken out, or end the day before.
pub(super) struct Move {
    /// The ways, the plainest first.
    pub ways: Vec<Edit>,
    /// What is otherwise then.
    pub supposition: Supposition,
    /// Whom it concerns: the person or members whose rule or membership it is.
    pub people: Member,
    /// How many that are.
    pub width: usize,
    /// Whether it clears away what refuses before any group is asked: that the account is not in use, or an own rule.
    pub is_obstacle: bool,
}

impl Problem<'_, '_> {
    /// Every edit that can matter to the question.
    pub(super) fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        if self.policy().users.get(self.user).active != self.allow {
            moves.push(Move {
                ways: vec![Edit::SetActive(self.user, self.allow)],
                supposition: Supposition { active: Some((self.user, self.allow)), ..Supposition::default() },
                people: Member::User(self.user),
                width: 1,
                is_obstacle: true,
            });
        }
        if self.turning.is_empty() {
            return moves;
        }
        for subject in self.subjects() {
            self.existing_rules(subject, &mut moves);
            self.new_rules(subject, &mut moves);
        }
        self.existing_memberships(&mut moves);
        self.new_memberships(&mut moves);
        moves
    }

    /// The person and the groups, whose rules decide.
    fn subjects(&self) -> impl Iterator<Item = Subject> {
        std::iter::once(Subject::User(self.user)).chain(self.groups().iter().map(|group| Subject::Group(*group)))
    }

    /// The rights that have to turn.
    fn rights(&self) -> Vec<RightId> {
        self.turning.iter().map(|request| request.right).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The targets that have to turn.
    fn targets(&self) -> BTreeSet<Option<Single>> {
        self.turning.iter().filter(|request| !self.is_own(request)).map(|request| request.target).collect()
    }

    /// The groups that all people are in over whose data it has to turn.
    fn target_groups(&self) -> Vec<GroupId> {
        let population = self.actual.population();
        let of = |target: Option<Single>| match target {
            Some(Single::User(user)) => population.person(user).groups.clone(),
            _ => Vec::new(),
        };
        let mut targets = self.targets().into_iter();
        let first = targets.next().map(of).unwrap_or_default();
        targets.fold(first, |mut common, target| {
            let others = of(target);
            common.retain(|group| others.binary_search(group).is_ok());
            common
        })
    }

    /// The only person over whose data it has to turn.
    fn target_person(&self) -> Option<UserId> {
        match self.targets().iter().collect::<Vec<_>>().as_slice() {
            [Some(Single::User(user))] => Some(*user),
            _ => None,
        }
    }

    /// How many people a rule of a subject concerns.
    fn width(&self, subject: Subject) -> usize {
        match subject {
            Subject::User(_) => 1,
            Subject::Group(group) => self.actual.population().members(group).len(),
        }
    }

    /// How many people a membership brings into its group.
    fn width_of(&self, member: Member) -> usize {
        match member {
            Member::User(_) => 1,
            Member::Group(group) => self.width(Subject::Group(group)),
            Member::Everyone => self.policy().users.len(),
        }
    }

    /// Lines to take out or to date otherwise, among the rules of a subject.
    fn existing_rules(&self, subject: Subject, moves: &mut Vec<Move>) {
        let on = self.actual.population().in_force().on;
        let rights = self.rights();
        let (against, favouring) =
            if self.allow { (Effect::Deny, Effect::Allow) } else { (Effect::Allow, Effect::Deny) };
        let mut lines = BTreeMap::new();
        for (_, rule) in rights.iter().flat_map(|right| self.policy().rules_on(subject, *right)) {
            lines.extend(rule.place.map(|place| (place, rule)));
        }
        let of_line = |place: Place| {
            let of_line = self.policy().rules_of(subject).filter(move |(_, other)| other.place == Some(place));
            of_line.map(|(id, _)| id).collect::<Vec<RuleId>>()
        };
        if self.allow && matches!(subject, Subject::User(_)) {
            // A line about several rights can contradict another one about any of them, once it is dated otherwise. What a
            // group says is no obstacle: a rule of the person is enough.
            let dated = lines.iter().filter(|(_, rule)| rule.effect == favouring && !rule.validity.holds(on));
            let beside = dated.flat_map(|(place, _)| of_line(*place)).map(|id| self.policy().rule(id).right);
            let beside: BTreeSet<RightId> = beside.collect();
            let others = beside.iter().flat_map(|right| self.policy().rules_on(subject, *right));
            let others = others.filter_map(|(_, rule)| rule.place.filter(|_| rule.effect == against));
            let others: BTreeSet<Place> = others.filter(|place| !lines.contains_key(place)).collect();
            for line in others.into_iter().map(of_line) {
                let supposition = Supposition { rules_out: line.clone(), ..Supposition::default() };
                let (ways, people, width) = (vec![Edit::RemoveRule(line)], people(subject), self.width(subject));
                moves.push(Move { ways, supposition, people, width, is_obstacle: true });
            }
        }
        for (place, rule) in lines {
            let line = of_line(place);
            let (people, width) = (people(subject), self.width(subject));
            if rule.effect == against && rule.validity.holds(on) {
                let mut ways = vec![Edit::RemoveRule(line.clone())];
                ways.extend(ended(rule.validity, on).map(|validity| Edit::DateRule(line.clone(), validity)));
                let supposition = Supposition { rules_out: line.clone(), ..Supposition::default() };
                moves.push(Move { ways, supposition, people, width, is_obstacle: matches!(subject, Subject::User(_)) });
            }
            if rule.effect == against && !rule.validity.holds(on) {
                // It decides nothing on this day, but contradicts a new rule that has no end.
                let supposition = Supposition { rules_out: line.clone(), ..Supposition::default() };
                let is_obstacle = matches!(subject, Subject::User(_));
                let ways = vec![Edit::RemoveRule(line.clone())];
                moves.push(Move { ways, supposition, people, width, is_obstacle });
            }
            if rule.effect == favouring && !rule.validity.holds(on) {
                let validity = reaching(rule.validity, on);
                let rules_in = line.iter().map(|id| Rule { validity, ..self.policy().rule(*id).clone() }).collect();
                let supposition = Supposition { rules_out: line.clone(), rules_in, ..Supposition::default() };
                moves.push(Move {
                    ways: vec![Edit::DateRule(line, validity)],
                    supposition,
                    people,
                    width,
                    is_obstacle: false,
                });
            }
        }
    }

    /// Rules to write for a subject.
    fn new_rules(&self, subject: Subject, moves: &mut Vec<Move>) {
        let rights = self.rights();
        let effect = if self.allow { Effect::Allow } else { Effect::Deny };
        let speaks = || rights.iter().any(|right| self.policy().rules_on(subject, *right).next().is_some());
        if !self.allow && matches!(subject, Subject::Group(_)) && !speaks() {
            return;
        }
        for target in self.covering() {
            let rules_in = rights.iter().map(|right| new_rule(subject, effect, *right, target)).collect();
            moves.push(Move {
                ways: vec![Edit::AddRule { subject, effect, rights: rights.clone(), target }],
                supposition: Supposition { rules_in, ..Supposition::default() },
                people: people(subject),
                width: self.width(subject),
                is_obstacle: false,
            });
        }
    }

    /// The targets that cover everything that has to turn.
    fn covering(&self) -> Vec<Option<Target>> {
        let policy = self.policy();
        let targets = self.targets();
        let Some(Some(first)) = targets.first() else { return vec![None] };
        let mut covering: Vec<Target> = Vec::new();
        if targets.len() == 1 {
            covering.push((*first).into());
        }
        match first {
            Single::User(_) => {
                covering.extend(self.target_groups().into_iter().map(Target::Group));
                covering.push(Target::Everyone);
            }
            Single::Module(_) => {
                let holds_all = |modules: &[_]| {
                    targets.iter().flatten().all(|target| matches!(target, Single::Module(id) if modules.contains(id)))
                };
                let sets = policy.module_sets.iter().filter(|(_, _, set)| holds_all(&set.modules));
                covering.extend(sets.map(|(id, _, _)| Target::ModuleSet(id)));
                covering.push(Target::Everything);
            }
            Single::Attachment(_) => covering.push(Target::Everything),
        }
        covering.into_iter().map(Some).collect()
    }

    /// Whoever can be put into a group, or taken out of one, with an effect on the person or on the target.
    fn members(&self) -> BTreeSet<Member> {
        let groups = self.groups().iter().copied().chain(self.target_groups());
        let groups = groups.filter(|group| !self.policy().groups.key(*group).is_role());
        let people = [Some(self.user), self.target_person()].into_iter().flatten();
        let members = groups.map(Member::Group).chain(people.map(Member::User));
        members.chain([Member::Everyone]).collect()
    }

    /// Whether a membership stands on a line of its own: that of a role is a part of online access.
    fn has_line(&self, id: MembershipId) -> bool {
        let membership = self.policy().membership(id);
        membership.place.is_some() && !self.policy().groups.key(membership.group).is_role()
    }

    fn existing_memberships(&self, moves: &mut Vec<Move>) {
        let on = self.actual.population().in_force().on;
        for member in self.members() {
            let (people, width) = (member, self.width_of(member));
            for (id, membership) in self.policy().memberships_of(member).filter(|(id, _)| self.has_line(*id)) {
                if membership.validity.holds(on) {
                    let mut ways = vec![Edit::RemoveMember(id)];
                    ways.extend(ended(membership.validity, on).map(|validity| Edit::DateMember(id, validity)));
                    let supposition = Supposition { members_out: vec![id], ..Supposition::default() };
                    moves.push(Move { ways, supposition, people, width, is_obstacle: false });
                } else {
                    let members_in = vec![(member, membership.group)];
                    let supposition = Supposition { members_in, ..Supposition::default() };
                    let ways = vec![Edit::DateMember(id, reaching(membership.validity, on))];
                    moves.push(Move { ways, supposition, people, width, is_obstacle: false });
                }
            }
        }
    }

    fn new_memberships(&self, moves: &mut Vec<Move>) {
        let mut found: BTreeSet<(Member, GroupId)> = BTreeSet::new();
        let members = self.members();
        let of_target = self.target_groups();
        let in_both = |member: &Member| match member {
            Member::Everyone => true,
            Member::User(user) => *user == self.user && self.target_person() == Some(*user),
            Member::Group(group) => {
                of_target.binary_search(group).is_ok() && self.groups().binary_search(group).is_ok()
            }
        };
        for (group, for_both) in self.leading_to_rules() {
            let fitting = members.iter().filter(|member| !for_both || in_both(member));
            found.extend(fitting.map(|member| (*member, group)));
        }
        for (member, group) in found {
            if self.is_in(member, group) {
                continue;
            }
            moves.push(Move {
                ways: vec![Edit::AddMember(member, group)],
                supposition: Supposition { members_in: vec![(member, group)], ..Supposition::default() },
                people: member,
                width: self.width_of(member),
                is_obstacle: false,
            });
        }
    }

    /// Whether a member is in a group already.
    fn is_in(&self, member: Member, group: GroupId) -> bool {
        let in_force = self.actual.population().in_force();
        match member {
            Member::User(user) => self.actual.population().person(user).groups.binary_search(&group).is_ok(),
            Member::Group(inner) => in_force.outer_groups(inner).binary_search(&group).is_ok(),
            Member::Everyone => in_force.groups_of_everyone().binary_search(&group).is_ok(),
        }
    }

    /// The groups that lead to one with a rule that could turn the answer, or to one that such a rule is over; and
    /// whether they help only those who are in them together with the target.
    fn leading_to_rules(&self) -> Vec<(GroupId, bool)> {
        let in_force = self.actual.population().in_force();
        let policy = self.policy();
        let wanted = if self.allow { Effect::Allow } else { Effect::Deny };
        let (all, any) = (self.target_groups(), self.groups_of_any_target());
        let mut doors: BTreeSet<GroupId> = BTreeSet::new();
        let mut double_doors: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
        let rights = self.rights();
        let in_force_now = rights.iter().flat_map(|right| self.actual.population().rules(*right));
        // What takes away later can be dated earlier, which with a membership is two edits.
        let ours_later = self.subjects().filter(|_| !self.allow).flat_map(|subject| {
            rights.iter().flat_map(move |right| policy.rules_on(subject, *right)).map(|(_, rule)| rule)
        });
        for rule in in_force_now.map(|rule| policy.rule(*rule)).chain(ours_later) {
            let ours = match rule.subject {
                Subject::User(user) => user == self.user,
                Subject::Group(group) => self.groups().binary_search(&group).is_ok(),
            };
            let over = match rule.target {
                Some(Target::Group(group)) if all.binary_search(&group).is_err() => Some(group),
                _ => None,
            };
            let reaches = match rule.target {
                None | Some(Target::Everyone | Target::Everything | Target::ModuleSet(_)) => true,
                Some(Target::Group(group)) => any.contains(&group),
                Some(Target::User(_) | Target::Module(_) | Target::Attachment(_)) => {
                    self.turning.iter().any(|request| request.target.map(Target::from) == rule.target)
                }
            };
            if rule.effect != wanted {
                continue;
            }
            match (rule.subject, over) {
                (_, Some(over)) if ours => doors.extend([over]),
                (Subject::Group(group), over) if !ours && self.allow => {
                    doors.extend(reaches.then_some(group));
                    double_doors.entry(group).or_default().extend(over);
                }
                _ => {}
            }
        }
        let leading = policy.groups.ids().filter(|group| !policy.groups.key(*group).is_role()).filter_map(|group| {
            let outer = in_force.outer_groups(group);
            let single = outer.iter().any(|around| doors.contains(around));
            let both = outer.iter().filter_map(|around| double_doors.get(around));
            let double = || both.flatten().any(|over| outer.binary_search(over).is_ok());
            (single || double()).then_some((group, !single))
        });
        leading.collect()
    }

    /// The groups of everybody over whose data it has to turn.
    fn groups_of_any_target(&self) -> BTreeSet<GroupId> {
        let people = self.turning.iter().filter_map(|request| match request.target {
            Some(Single::User(user)) => Some(user),
            _ => None,
        });
        people.flat_map(|user| self.actual.population().person(user).groups.iter().copied()).collect()
    }

    /// Whether a policy with some edits compiles: no contradiction, no membership cycle.
    pub(super) fn compiles(&self, edits: &[&Edit]) -> bool {
        let policy = self.policy();
        let (mut out, mut added) = (Vec::new(), Vec::new());
        for edit in edits {
            match edit {
                Edit::RemoveRule(line) => out.extend(line),
                Edit::DateRule(line, validity) => {
                    out.extend(line);
                    added.extend(line.iter().map(|id| Rule { validity: *validity, ..policy.rule(*id).clone() }));
                }
                Edit::AddRule { subject, effect, rights, target } => {
                    added.extend(rights.iter().map(|right| new_rule(*subject, *effect, *right, *target)));
                }
                _ => {}
            }
        }
        let opposed = |rule: &Rule, other: &Rule| {
            let same = (rule.subject, rule.right, rule.target) == (other.subject, other.right, other.target);
            same && rule.effect != other.effect && rule.validity.overlaps(other.validity)
        };
        let contradicts = added.iter().any(|rule| {
            let kept = policy.rules_on(rule.subject, rule.right).filter(|(id, _)| !out.contains(id));
            kept.map(|(_, other)| other).chain(&added).any(|other| opposed(rule, other))
        });
        !contradicts && !self.closes_a_circle(edits)
    }

    /// Whether new memberships of groups close a circle; as everywhere, dates do not matter for that.
    fn closes_a_circle(&self, edits: &[&Edit]) -> bool {
        let mut removed = BTreeSet::new();
        let mut added = BTreeSet::new();
        for edit in edits {
            match edit {
                Edit::AddMember(Member::Group(inner), group) => added.extend([(*inner, *group)]),
                Edit::RemoveMember(id) => removed.extend([*id]),
                _ => {}
            }
        }
        let around = |group: GroupId| {
            let existing = self.policy().memberships_of(Member::Group(group)).filter(|(id, _)| !removed.contains(id));
            existing.map(|(_, membership)| membership.group).collect::<Vec<_>>()
        };
        added.iter().any(|(inner, group)| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![*group]);
            while let Some(next) = open.pop() {
                if next == *inner {
                    return true;
                }
                if seen.insert(next) {
                    open.extend(around(next));
                    open.extend(added.iter().filter(|(member, _)| *member == next).map(|(_, group)| *group));
                }
            }
            false
        })
    }
}

/// Whom the rules of a subject concern.
fn people(subject: Subject) -> Member {
    match subject {
        Subject::User(user) => Member::User(user),
        Subject::Group(group) => Member::Group(group),
    }
}

/// A rule that stands on no line yet.
pub(super) fn new_rule(subject: Subject, effect: Effect, right: RightId, target: Option<Target>) -> Rule {
    Rule { subject, right, target, effect, validity: Validity::ALWAYS, because: None, place: None }
}

/// A period that ends before a day on which it is in force; `None` if it begins on that day only.
fn ended(validity: Validity, on: Date) -> Option<Validity> {
    let until = on.yesterday().ok()?;
    (validity.from < on).then_some(Validity { until, ..validity })
}

/// A period stretched just so far that a day is in it.
fn reaching(validity: Validity, on: Date) -> Validity {
    Validity { from: validity.from.min(on), until: validity.until.max(on) }
}
