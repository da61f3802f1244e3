//! Notes beside an answer: what else somebody should know who reads it.

use std::collections::BTreeSet;

use crate::date::{Date, Validity};
use crate::language::Text;
use crate::model::{GroupId, Member, Single, Subject, UserId};
use crate::resolve::{InForce, Proof, Proven, Request, Step, decide};
use crate::say;

use super::{Answer, Question, can_start};

/// How many days before and after are looked at for another answer.
const MOST_DAYS: usize = 32;

/// What else somebody should know who reads an answer.
pub fn notes(in_force: &InForce<'_>, question: &Question, answer: &Answer) -> Vec<Text> {
    let policy = in_force.policy;
    let mut notes = Vec::new();
    if let Subject::User(user) = question.subject {
        notes.extend(about_user(in_force, user, answer));
    }
    let Some(proof) = answer.proof(in_force) else {
        notes.push(say!("the target stands for nobody, so the answer is no"));
        return notes;
    };
    let shown = answer.shown().map(|request| (request, other_days(in_force, request, answer.allowed)));
    notes.extend(shown.into_iter().flat_map(|(request, others)| about_days(in_force, request, &proof, others)));
    let subject = |proven: &Proven| policy.rule(proven.rule).subject;
    let says_both = |proven: &Proven| proof.rules.iter().any(|deciding| subject(deciding) == subject(proven));
    if answer.step == Step::GroupAllow && proof.overruled.iter().any(|proven| !says_both(proven)) {
        notes.push(say!("among groups allow wins over deny, so what a group denies has no effect here"));
    }
    let plain = answer.shown().is_some_and(|request| request.target.is_none());
    if answer.step == Step::GroupDeny && plain {
        notes.push(say!("the answer would be no without the deny as well: what nobody allows is refused"));
    }
    notes
}

fn about_user(in_force: &InForce<'_>, user: UserId, answer: &Answer) -> Vec<Text> {
    let (account, name) = (in_force.policy.users.get(user), in_force.policy.users.key(user));
    let mut notes = Vec::new();
    if !account.active {
        notes.push(say!("{name} is not active, so every answer is no", name));
    } else if !can_start(in_force, user) {
        notes.push(say!("{name} may not start the program (program.start), so nothing else can be used", name));
    }
    if account.superuser && !answer.allowed {
        notes.push(say!("being a superuser gives no right of the catalogue"));
    }
    notes
}

/// The nearest days on which the answer was and will be another.
#[derive(Debug, Clone, Copy)]
struct OtherDays {
    was: Option<Date>,
    will: Option<Date>,
}

/// Until when what decided is in force, and when the answer was or will be another.
fn about_days(in_force: &InForce<'_>, request: Request, proof: &Proof, others: OtherDays) -> Vec<Text> {
    let OtherDays { was, will } = others;
    let last = last_day(in_force, proof);
    let after = last.and_then(|last| last.tomorrow().ok());
    let mut notes = Vec::new();
    let allowed = proof.decision.allowed;
    if let Some((last, day)) = last.zip(after) {
        notes.push(if allowed && will == Some(day) {
            say!("what decided here is in force until {last} only; from {day} on it is refused", last, day)
        } else if allowed && decide(&InForce::new(in_force.policy, day), request).allowed {
            say!("what decided here is in force until {last} only; what follows allows it too", last)
        } else {
            say!("what decided here is in force until {last} only", last)
        });
    }
    if allowed {
        let refused = will.filter(|_| will != after);
        notes.extend(refused.map(|day| say!("from {day} on it is refused: ask `on {day}` to see by what", day)));
        return notes;
    }
    notes.extend(was.map(|day| say!("it was allowed until {day}: ask `on {day}` to see by what", day)));
    notes.extend(will.map(|day| say!("it will be allowed from {day} on: ask `on {day}` to see by what", day)));
    notes
}

/// The last day of what the proof rests on, if it ends and nothing else would take its place at once.
fn last_day(in_force: &InForce<'_>, proof: &Proof) -> Option<Date> {
    let last_day = |proven: &Proven| {
        let memberships = proven.path.iter().map(|id| in_force.policy.membership(*id).validity.until);
        memberships.chain([in_force.policy.rule(proven.rule).validity.until]).min()
    };
    proof.rules.iter().filter_map(last_day).max().filter(|last| *last != crate::date::LAST_DAY)
}

/// The nearest days on which a request had or will have another answer than `allowed`, by the periods of the rules and
/// memberships that concern the subject.
fn other_days(in_force: &InForce<'_>, request: Request, allowed: bool) -> OtherDays {
    let policy = in_force.policy;
    let differs = |day: &Date| decide(&InForce::new(policy, *day), request).allowed != allowed;
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    let mut add = |validity: Validity| {
        before.extend(validity.ends().filter(|last| *last < in_force.on));
        before.extend(validity.begins().filter(|first| *first <= in_force.on).and_then(|first| first.yesterday().ok()));
        after.extend(validity.begins().filter(|first| *first > in_force.on));
        after.extend(validity.ends().filter(|last| *last >= in_force.on).and_then(|last| last.tomorrow().ok()));
    };
    let groups = ever_in(in_force, request.subject, &mut add);
    if let Some(Single::User(target)) = request.target {
        ever_in(in_force, Subject::User(target), &mut add);
    }
    let subjects = groups.into_iter().map(Subject::Group).chain([request.subject]);
    for subject in subjects {
        policy.rules_on(subject, request.right).for_each(|(_, rule)| add(rule.validity));
    }
    let was = before.into_iter().rev().take(MOST_DAYS).find(differs);
    let will = after.into_iter().take(MOST_DAYS).find(differs);
    OtherDays { was, will }
}

/// The groups that somebody is in on any day, reporting the periods of the memberships on the way.
fn ever_in(in_force: &InForce<'_>, subject: Subject, period: &mut impl FnMut(Validity)) -> BTreeSet<GroupId> {
    let mut found = BTreeSet::new();
    let member = match subject {
        Subject::User(user) => Member::User(user),
        Subject::Group(group) => Member::Group(group),
    };
    let mut open = vec![member, Member::Everyone];
    while let Some(member) = open.pop() {
        for (_, membership) in in_force.policy.memberships_of(member) {
            period(membership.validity);
            if found.insert(membership.group) {
                open.push(Member::Group(membership.group));
            }
        }
    }
    found
}
