//! Repairs are exact: they are held to trying out every line that could be added, taken out or dated otherwise, alone
//! and in pairs, and to comparing all answers of everybody before and after.

use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rightful::date::{Date, Validity};
use rightful::model::{
    Effect, GroupId, Id, Member, MembershipId, Policy, RightId, RuleId, Scope, Single, Subject, Target,
};
use rightful::question::{Answer, Question, answer};
use rightful::repair::{Edit, Kind, carried_out, repairs, write};
use rightful::repository::compile;
use rightful::resolve::{InForce, Population, Request, Step, decide};
use rightful::state::State;
use rightful::tree::memory::Memory;
use rightful::tree::overlay::Overlay;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// Every single answer about people, without what one does with one's own data where that needs no right.
fn all_answers(policy: &Policy, on: Date) -> BTreeMap<Request, bool> {
    let in_force = InForce::new(policy, on);
    let mut answers = BTreeMap::new();
    for (right, _, declared) in policy.rights.iter() {
        let targets = match declared.scope {
            None => vec![None],
            Some(scope) => policy.single_targets(scope).into_iter().map(Some).collect(),
        };
        for user in policy.users.ids() {
            let others =
                targets.iter().filter(|target| !declared.own_data_allowed || **target != Some(Single::User(user)));
            for target in others {
                let request = Request::by(user, right, *target);
                answers.insert(request, decide(&in_force, request).allowed);
            }
        }
    }
    answers
}

/// Whether a policy has no contradiction and no circle of groups.
fn compiles(policy: &Policy) -> bool {
    let opposed = |a: &rightful::model::Rule, b: &rightful::model::Rule| {
        (a.subject, a.right, a.target) == (b.subject, b.right, b.target)
            && a.effect != b.effect
            && a.validity.overlaps(b.validity)
    };
    let contradicts = policy.rules.iter().enumerate().any(|(i, a)| policy.rules[..i].iter().any(|b| opposed(a, b)));
    let inside = |group: GroupId| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![group]);
        while let Some(next) = open.pop() {
            for membership in policy.memberships.iter().filter(|m| m.member == Member::Group(next)) {
                if seen.insert(membership.group) {
                    open.push(membership.group);
                }
            }
        }
        seen
    };
    !contradicts && !policy.groups.ids().any(|group| inside(group).contains(&group))
}

/// The other periods that a line can get: ended before a day that it holds, stretched to a day that it does not.
fn redated(validity: Validity, on: Date) -> Option<Validity> {
    match (validity.holds(on), validity.from < on) {
        (true, true) => Some(Validity { until: on.yesterday().expect("a day before"), ..validity }),
        (true, false) => None,
        (false, true) => Some(Validity { until: on, ..validity }),
        (false, false) => Some(Validity { from: on, ..validity }),
    }
}

/// Every line that could be otherwise. New rules are about the rights that have to turn.
fn all_edits(policy: &Policy, on: Date, rights: &[RightId]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut lines: BTreeMap<_, Vec<RuleId>> = BTreeMap::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        lines.entry(rule.place).or_default().push(RuleId::from_index(index));
    }
    for line in lines.into_values() {
        let redated = redated(policy.rule(line[0]).validity, on);
        edits.extend(redated.map(|validity| Edit::DateRule(line.clone(), validity)));
        edits.push(Edit::RemoveRule(line));
    }
    let is_group = |group: &GroupId| !policy.groups.key(*group).is_role();
    for (index, membership) in policy.memberships.iter().enumerate().filter(|(_, m)| is_group(&m.group)) {
        let id = MembershipId::from_index(index);
        edits.push(Edit::RemoveMember(id));
        edits.extend(redated(membership.validity, on).map(|validity| Edit::DateMember(id, validity)));
    }
    let members = policy.users.ids().map(Member::User).chain(policy.groups.ids().filter(is_group).map(Member::Group));
    for member in members.chain([Member::Everyone]) {
        edits.extend(policy.groups.ids().filter(is_group).map(|group| Edit::AddMember(member, group)));
    }
    let scope = policy.rights.get(rights[0]).scope;
    let mut targets: Vec<Option<Target>> = match scope {
        None => vec![None],
        Some(scope) => policy.single_targets(scope).into_iter().map(|single| Some(single.into())).collect(),
    };
    match scope {
        None => {}
        Some(Scope::People) => {
            targets.extend(policy.groups.ids().map(|group| Some(Target::Group(group))).chain([Some(Target::Everyone)]));
        }
        Some(Scope::Modules) => {
            let sets = policy.module_sets.ids().map(|set| Some(Target::ModuleSet(set)));
            targets.extend(sets.chain([Some(Target::Everything)]));
        }
        Some(Scope::Attachments) => targets.push(Some(Target::Everything)),
    }
    let subjects = policy.users.ids().map(Subject::User).chain(policy.groups.ids().map(Subject::Group));
    for subject in subjects {
        for target in &targets {
            for effect in [Effect::Allow, Effect::Deny] {
                edits.push(Edit::AddRule { subject, effect, rights: rights.to_vec(), target: *target });
            }
        }
    }
    edits.extend(policy.users.iter().map(|(id, _, user)| Edit::SetActive(id, !user.active)));
    edits
}

struct Tried<'p> {
    policy: &'p Policy,
    on: Date,
    answer: Answer,
    turning: Vec<Request>,
    before: BTreeMap<Request, bool>,
}

impl Tried<'_> {
    fn asker(&self) -> Subject {
        self.answer.asked[0].0.subject
    }

    /// The policy with some edits, if that compiles and turns the answer.
    fn turned(&self, edits: &[Edit]) -> Option<Policy> {
        let policy = carried_out(self.policy, edits);
        let in_force = InForce::new(&policy, self.on);
        let allowed = |request: &Request| decide(&in_force, *request).allowed;
        let turned = if self.answer.allowed {
            let all_own = self.turning.is_empty();
            !self.turning.iter().any(allowed)
                && (!all_own || !self.answer.asked.iter().any(|(asked, _)| allowed(asked)))
        } else {
            self.answer.asked.iter().all(|(asked, _)| allowed(asked))
        };
        (turned && compiles(&policy)).then_some(policy)
    }

    fn radius(&self, policy: &Policy) -> usize {
        let after = all_answers(policy, self.on);
        let others = after.iter().filter(|(request, _)| !self.turning.contains(request));
        others.filter(|(request, allowed)| self.before.get(request) != Some(allowed)).count()
    }

    fn kind(&self, edit: &Edit) -> Kind {
        let in_force = InForce::new(self.policy, self.on);
        let Subject::User(user) = self.asker() else { unreachable!("a user is asked about") };
        let member = |member: Member| match member {
            Member::Everyone => Kind::Membership,
            Member::User(who) if who == user => Kind::Membership,
            Member::Group(group) if in_force.is_member(user, group) => Kind::Membership,
            _ => Kind::Target,
        };
        let rule = |subject: Subject, target: Option<Target>| match (subject, target) {
            (Subject::User(_), _) => Kind::OwnRule,
            (_, Some(Target::User(_) | Target::Module(_) | Target::Attachment(_))) => Kind::Target,
            _ => Kind::GroupRule,
        };
        match edit {
            Edit::AddMember(who, _) => member(*who),
            Edit::RemoveMember(id) => member(self.policy.membership(*id).member),
            Edit::AddRule { subject, target, .. } => rule(*subject, *target),
            Edit::RemoveRule(line) => rule(self.policy.rule(line[0]).subject, self.policy.rule(line[0]).target),
            Edit::DateMember(..) | Edit::DateRule(..) => Kind::Date,
            Edit::SetActive(..) => Kind::Account,
        }
    }

    /// Whether an edit clears away what refuses before any group is asked.
    fn is_obstacle(&self, edit: &Edit) -> bool {
        match edit {
            Edit::SetActive(user, _) => Subject::User(*user) == self.asker(),
            Edit::RemoveRule(line) => self.policy.rule(line[0]).subject == self.asker(),
            Edit::DateRule(line, validity) => {
                self.policy.rule(line[0]).subject == self.asker() && !validity.holds(self.on)
            }
            _ => false,
        }
    }

    /// Whether an edit is about a part only of the targets that have to turn. Two such edits for a yes about several
    /// targets are not looked for.
    fn is_partial(&self, edit: &Edit) -> bool {
        let in_force = InForce::new(self.policy, self.on);
        let targets: BTreeSet<_> = self.turning.iter().filter_map(|request| request.target).collect();
        let covers = |target: Target| {
            targets.iter().all(|single| match (target, single) {
                (Target::Everyone | Target::Everything, _) => true,
                (Target::Group(group), Single::User(user)) => in_force.is_member(*user, group),
                (Target::ModuleSet(set), Single::Module(id)) => self.policy.module_sets.get(set).modules.contains(id),
                (target, single) => target == Target::from(*single),
            })
        };
        let member = |member: Member| {
            let target = match member {
                Member::Everyone => Target::Everyone,
                Member::User(user) => Target::User(user),
                Member::Group(group) => Target::Group(group),
            };
            self.kind(edit) != Kind::Membership && !covers(target)
        };
        match edit {
            Edit::AddRule { target: Some(target), .. } => !covers(*target),
            Edit::AddMember(who, _) => member(*who),
            Edit::RemoveMember(id) => member(self.policy.membership(*id).member),
            Edit::DateMember(id, _) => {
                let who = self.policy.membership(*id).member;
                let of_target = self.kind(&Edit::RemoveMember(*id)) != Kind::Membership;
                of_target && self.is_partial(&Edit::AddMember(who, self.policy.membership(*id).group))
            }
            _ => false,
        }
    }

    /// The number of edits and the radius of the best of each kind.
    fn best(&self) -> BTreeMap<Kind, (usize, usize)> {
        let rights: BTreeSet<RightId> = self.answer.asked.iter().map(|(request, _)| request.right).collect();
        let turning: BTreeSet<RightId> = self.turning.iter().map(|request| request.right).collect();
        let rights = if turning.is_empty() { rights } else { turning };
        let edits = all_edits(self.policy, self.on, &rights.into_iter().collect::<Vec<_>>());
        let mut best: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
        let mut note = |edits: &[&Edit], policy: &Policy| {
            let kinds: BTreeSet<Kind> = edits.iter().map(|edit| self.kind(edit)).collect();
            if kinds.iter().all(|kind| best.get(kind).is_some_and(|known| known.0 < edits.len())) {
                return;
            }
            let found = (edits.len(), self.radius(policy));
            for kind in kinds {
                let known = best.entry(kind).or_insert(found);
                *known = found.min(*known);
            }
        };
        let mut rest = Vec::new();
        let partial: Vec<bool> = edits.iter().map(|edit| self.is_partial(edit)).collect();
        for edit in &edits {
            match self.turned(std::slice::from_ref(edit)) {
                Some(policy) => note(&[edit], &policy),
                None => rest.push(edit),
            }
        }
        for (index, first) in rest.iter().enumerate() {
            for second in &rest[index + 1..] {
                if same_line(first, second)
                    || !self.answer.allowed && !self.is_obstacle(first) && !self.is_obstacle(second)
                {
                    continue;
                }
                let parts = |edit: &&Edit| edits.iter().position(|other| other == *edit).is_some_and(|at| partial[at]);
                if self.answer.allowed && (parts(first) || parts(second)) {
                    continue;
                }
                if let Some(policy) = self.turned(&[(*first).clone(), (*second).clone()]) {
                    note(&[first, second], &policy);
                }
            }
        }
        best
    }
}

/// Whether two edits change one line in two ways, which nobody can do at once.
fn same_line(first: &Edit, second: &Edit) -> bool {
    let rule = |edit: &Edit| match edit {
        Edit::RemoveRule(line) | Edit::DateRule(line, _) => Some(line.clone()),
        _ => None,
    };
    let member = |edit: &Edit| match edit {
        Edit::RemoveMember(id) | Edit::DateMember(id, _) => Some(*id),
        _ => None,
    };
    rule(first).is_some() && rule(first) == rule(second) || member(first).is_some() && member(first) == member(second)
}

/// Some questions about an organisation: other ones from run to run.
fn questions(org: &Organisation, policy: &Policy, number: usize) -> Vec<Question> {
    let rights: BTreeSet<RightId> = policy.rules.iter().map(|rule| rule.right).collect();
    let mut all = Vec::new();
    for user in policy.users.ids() {
        for right in &rights {
            let targets: Vec<Option<Target>> = match policy.rights.get(*right).scope {
                None => vec![None],
                Some(scope) => {
                    let single = policy.single_targets(scope).into_iter().map(|single| Some(single.into()));
                    let wide = match scope {
                        Scope::People => policy.groups.ids().map(Target::Group).chain([Target::Everyone]).collect(),
                        Scope::Modules => vec![Target::Everything],
                        Scope::Attachments => Vec::new(),
                    };
                    single.chain(wide.into_iter().map(Some)).collect()
                }
            };
            all.extend(targets.into_iter().map(|target| Question {
                subject: Subject::User(user),
                right: policy.rights.key(*right).to_string(),
                rights: vec![*right],
                target,
                on: None,
            }));
        }
    }
    let start = usize::try_from(org.spelling).unwrap_or_default();
    let count = all.len().max(1);
    (0..number.min(all.len())).map(|index| all[(start + index * 7) % count].clone()).collect()
}

fn are_exact(org: &Organisation, number: usize) -> Result<(), TestCaseError> {
    let company = compiled(org);
    let policy = &company.policy;
    let on = some_days(org)[0];
    let in_force = InForce::new(policy, on);
    let population = Population::new(&in_force);
    let size = policy.users.len() + policy.groups.len() + policy.rules.len() / 2 + policy.memberships.len();
    for question in questions(org, policy, number) {
        let answer = answer(&in_force, &question);
        // Pairs of all lines there could be take their time, so only small organisations are asked for a yes.
        if answer.asked.is_empty() || answer.allowed && size > 14 {
            continue;
        }
        let turning = answer
            .asked
            .iter()
            .filter(|(_, decision)| if answer.allowed { decision.step != Step::OwnData } else { !decision.allowed });
        let turning = turning.map(|(request, _)| *request).collect();
        let tried = Tried { policy, on, before: all_answers(policy, on), turning, answer: answer.clone() };
        let found = repairs(&population, &answer);
        for repair in &found {
            let turned = tried.turned(&repair.edits);
            let radius = turned.map(|policy| tried.radius(&policy));
            prop_assert_eq!(radius, Some(repair.radius()), "{:?}\n{:?}\n{:#?}", repair, question, org.to_files());
        }
        let ours: BTreeMap<Kind, (usize, usize)> = found
            .iter()
            .flat_map(|repair| repair.kinds.iter().map(move |kind| (*kind, (repair.edits.len(), repair.radius()))))
            .collect();
        prop_assert_eq!(ours, tried.best(), "{:?} on {}\n{:#?}\n{:#?}", question, on, found, org.to_files());
    }
    Ok(())
}

#[test]
fn repairs_are_the_best_of_all_single_and_double_edits() {
    runner(150).run(&organisation(), |org| are_exact(&org, 3)).unwrap();
}

/// Every repair of some questions, written into the files and compiled, says what was meant, and nothing else is
/// touched in them.
fn are_written_as_meant(org: &Organisation) -> Result<(), TestCaseError> {
    let tree = Memory::new(org.to_files());
    let repository = compile(&tree).expect("the files are there");
    let policy = &repository.companies[0].policy;
    let in_force = InForce::new(policy, some_days(org)[0]);
    let population = Population::new(&in_force);
    for question in questions(org, policy, 12) {
        for repair in repairs(&population, &answer(&in_force, &question)) {
            let shown = || format!("{repair:?}\n{question:?}\n{:#?}", org.to_files());
            let written = match write(&repository.sources, policy, &repair.edits) {
                Ok(written) => written,
                Err(error) => return Err(TestCaseError::fail(format!("{error}\n{}", shown()))),
            };
            let changed = written.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes()));
            let after = compile(&Overlay::new(&tree, changed)).expect("the files are there");
            prop_assert!(
                after.companies[0].compiles(),
                "{:#?}\n{:#?}\n{}",
                after.companies[0].diagnostics,
                written,
                shown()
            );
            let meant = State::of(&carried_out(policy, &repair.edits));
            prop_assert!(State::of(&after.companies[0].policy) == meant, "{:#?}\n{}", written, shown());
            for file in &written {
                let touched: usize = file.hunks.iter().map(|hunk| hunk.removed.len().max(hunk.added.len())).sum();
                prop_assert!(touched <= 6 * repair.edits.len(), "{:#?}\n{}", file, shown());
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_written_is_what_was_meant() {
    runner(400).run(&organisation(), |org| are_written_as_meant(&org)).unwrap();
}
