//! `inert-rule`: a rule that can decide for nobody, whatever the other rules are.
//!
//! There are three kinds. A plain right denied to a group: without it the answer would be no all the same. A deny over
//! a group or module set, all of which the same subject's allows over other groups or sets give back, since among such
//! rules giving wins. And a rule of a user over the own data, which need no right.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, GroupId, Id, Policy, Rule, Subject as On, Target, UserId};
use crate::resolve::{InForce, Population, Request, decide_for, prove};
use crate::say;

use super::Subject;

/// Reports every one, with what overrides it.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let mut days = Days { policy, turning: None, members: BTreeMap::new() };
    let findings = policy.rules.iter().filter_map(|rule| match (rule.subject, rule.target, rule.effect) {
        (On::Group(group), None, Effect::Deny) => plain_deny(subject, rule, group),
        (On::User(user), Some(Target::User(target)), _) if user == target => own_data(policy, rule),
        (_, Some(Target::Group(_) | Target::ModuleSet(_)), Effect::Deny) => given_back(policy, rule, &mut days),
        _ => None,
    });
    findings.collect()
}

fn plain_deny(subject: &Subject<'_>, rule: &Rule, group: GroupId) -> Option<Diagnostic> {
    let in_force = subject.in_force;
    let policy = in_force.policy;
    let (right, name) = (policy.rights.key(rule.right), policy.subject_key(rule.subject));
    let message = say!("denying `{right}` to `{subject}` takes it from nobody", right, subject = name);
    let mut finding = Diagnostic::new(Code::InertRule, rule.place?, message);
    let members = subject.population.members(group).iter();
    let person = |user: &UserId| subject.population.person(*user);
    let mut holding = members.filter(|user| decide_for(in_force, person(user), rule.right, None).allowed);
    if let Some(holder) = holding.next() {
        let user = policy.users.key(*holder);
        let others = holding.count();
        let proof = prove(in_force, Request::by(*holder, rule.right, None));
        let giving = proof.rules.first().map(|proven| policy.rule(proven.rule));
        if let Some((giving, place)) = giving.and_then(|giving| Some((giving, giving.place?))) {
            let through = policy.subject_key(giving.subject);
            finding = finding.also(
                place,
                match (giving.subject, others) {
                    (On::User(_), 0) => say!("{user} still has it by an own rule", user),
                    (On::User(_), _) => {
                        say!("{user} still has it by an own rule, and {others} more of the group have it", user, others)
                    }
                    (On::Group(_), 0) => say!("{user} still has it through {through}", user, through),
                    (On::Group(_), _) => say!(
                        "{user} still has it through {through}, and {others} more of the group have it",
                        user,
                        through,
                        others
                    ),
                },
            );
        }
    }
    Some(finding.help(say!(
        "another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user"
   )))
}

fn own_data(policy: &Policy, rule: &Rule) -> Option<Diagnostic> {
    if !policy.rights.get(rule.right).own_data_allowed {
        return None;
    }
    let right = policy.rights.key(rule.right);
    let message = say!("`{right}` is about other people's data, and this rule is over the user's own", right);
    Some(
        Diagnostic::new(Code::InertRule, rule.place?, message)
            .help(say!("remove it: what is one's own is always allowed")),
    )
}

/// A deny over a group or set all of which is given back on every day on which it is in force.
fn given_back(policy: &Policy, rule: &Rule, days: &mut Days<'_>) -> Option<Diagnostic> {
    let rivals: Vec<&Rule> = policy
        .rules_on(rule.subject, rule.right)
        .map(|(_, other)| other)
        .filter(|other| other.effect == Effect::Allow && other.validity.overlaps(rule.validity))
        .filter(|other| matches!(other.target, Some(Target::Group(_) | Target::ModuleSet(_))))
        .collect();
    if rivals.is_empty() {
        return None;
    }
    let denied = rule.target?;
    let mut somebody = false;
    for day in days.within(rule) {
        let taken = days.content(denied, day);
        somebody |= !taken.is_empty();
        let mut given: Vec<usize> = Vec::new();
        for rival in rivals.iter().filter(|rival| rival.validity.holds(day)) {
            given.extend(rival.target.map(|target| days.content(target, day)).unwrap_or_default());
        }
        given.sort_unstable();
        if !taken.iter().all(|index| given.binary_search(index).is_ok()) {
            return None;
        }
    }
    if !somebody {
        return None;
    }
    let subject = policy.subject_key(rule.subject);
    let denied = policy.target_key(denied);
    let message = say!("`{subject}` gives back all of `{denied}`, so this deny takes nothing", subject, denied);
    let mut finding = Diagnostic::new(Code::InertRule, rule.place?, message);
    for rival in rivals {
        if let (Some(place), Some(target)) = (rival.place, rival.target) {
            finding = finding.also(place, say!("allows it over `{target}`", target = policy.target_key(target)));
        }
    }
    Some(finding.help(say!(
        "over groups and module sets of one subject allow wins; deny the single users or modules, or allow less"
    )))
}

/// What targets contain on the days that matter, worked out when asked for.
struct Days<'p> {
    policy: &'p Policy,
    turning: Option<Vec<Date>>,
    /// The members of every group by day.
    members: BTreeMap<Date, Vec<Vec<UserId>>>,
}

impl Days<'_> {
    /// A day of every stretch of time in which a rule is in force and nothing changes.
    fn within(&mut self, rule: &Rule) -> Vec<Date> {
        let turning = self.turning.get_or_insert_with(|| self.policy.turning_days());
        let inside = turning.iter().copied().filter(|day| *day != rule.validity.from && rule.validity.holds(*day));
        std::iter::once(rule.validity.from).chain(inside).collect()
    }

    /// The members of a group, or the modules of a set, as indices in order.
    fn content(&mut self, target: Target, day: Date) -> Vec<usize> {
        match target {
            Target::ModuleSet(set) => {
                let mut modules: Vec<usize> =
                    self.policy.module_sets.get(set).modules.iter().map(|module| module.index()).collect();
                modules.sort_unstable();
                modules
            }
            Target::Group(group) => {
                let of_day = || Population::new(&InForce::new(self.policy, day)).into_members();
                let members = self.members.entry(day).or_insert_with(of_day);
                members[group.index()].iter().map(|user| user.index()).collect()
            }
            _ => Vec::new(),
        }
    }
}
