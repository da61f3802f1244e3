//! The answer to a question, with everything that led to it.

use crate::history::Origins;
use crate::language::{Text, Word};
use crate::model::{Effect, Policy, RuleId, Single};
use crate::question::{Answer, Question};
use crate::report::block::{Line, Page, Tone};
use crate::resolve::{InForce, Proven, Request, Step};
use crate::say;
use crate::text::Sources;

use super::{bare, place, since};

/// Yes or no, and the step.
pub fn can(answer: &Answer) -> Page {
    let mut page = Page::default();
    page.text(verdict(answer).then(Tone::Quiet, format!("  {}", answer.step.as_str())));
    page
}

fn verdict(answer: &Answer) -> Line {
    if answer.allowed { Line::new().then(Tone::Yes, say!("yes")) } else { Line::new().then(Tone::No, say!("no")) }
}

/// The answer, the step that decided, the rules with their paths, what was overruled, and notes. `when` names the day
/// if it is worth naming; `origins` the commits, if they were asked for.
pub fn why(
    in_force: &InForce<'_>,
    sources: &Sources,
    question: &Question,
    answer: &Answer,
    notes: &[Text],
    origins: Option<&Origins>,
    when: &Text,
) -> Page {
    let policy = in_force.policy;
    let mut page = Page::default();
    let asked = asked(policy, question, answer.allowed);
    page.text(verdict(answer).then(Tone::Plain, "  ").then(Tone::Strong, asked).then(Tone::Plain, when));
    page.blank();
    let shown = answer.shown().filter(|_| answer.asked.len() > 1);
    let mut rows = Vec::new();
    if let Some(shown) = shown {
        let all = answer.asked.len();
        let refused = answer.refused().count();
        let text = match (refused, all - refused) {
            (0, _) => say!("all {all} asked about", all),
            (_, 0) => say!("none of the {all} asked about", all),
            (no, yes) => say!("{yes} of {all} asked about; not for the other {no}", yes, all, no),
        };
        rows.push(vec![say!("allowed").into(), Line::from(text)]);
        if refused > 0 {
            let names: Vec<String> = answer.refused().map(|request| asked_of(in_force, question, request)).collect();
            rows.push(vec![say!("refused").into(), names.join(", ").into()]);
        }
        rows.push(vec![
            say!("shown").into(),
            say!("the first of them: {name}", name = asked_of(in_force, question, shown)).into(),
        ]);
    }
    let plain = answer.shown().is_some_and(|request| request.target.is_none());
    rows.push(vec![say!("step").into(), step(answer.step, answer.allowed, plain)]);
    let proof = answer.proof(in_force);
    for proven in proof.iter().flat_map(|proof| &proof.rules) {
        rows.extend(rule(in_force, sources, question, proven, origins));
    }
    page.table(2, rows);
    let overruled: Vec<_> = proof.iter().flat_map(|proof| &proof.overruled).collect();
    if !overruled.is_empty() {
        page.blank();
        page.heading(say!("overruled"));
        page.table(2, overruled.iter().flat_map(|proven| rule(in_force, sources, question, proven, origins)).collect());
    }
    if !notes.is_empty() {
        page.blank();
        page.table(
            0,
            notes.iter().map(|note| vec![Line::new().then(Tone::Warning, say!("note")), note.into()]).collect(),
        );
    }
    page
}

/// `lars (Lars Kaufmann) can data.export`.
pub(super) fn asked(policy: &Policy, question: &Question, allowed: bool) -> Text {
    let target = question.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
    let right = match question.rights.as_slice() {
        [one] => super::right(policy, *one),
        _ => Word::Verbatim(question.right.clone()),
    };
    let right = say!("{right}{target}", right, target);
    let user = super::subject(policy, question.subject);
    if allowed { say!("{user} can {right}", user, right) } else { say!("{user} cannot {right}", user, right) }
}

/// What one of several requests is about: the target, and the right if there are several.
fn asked_of(in_force: &InForce<'_>, question: &Question, request: Request) -> String {
    let target = single(in_force, request.target);
    if question.rights.len() == 1 {
        return target;
    }
    let right = in_force.policy.rights.key(request.right);
    if target.is_empty() { right.to_string() } else { format!("{right} of {target}") }
}

fn single(in_force: &InForce<'_>, target: Option<Single>) -> String {
    target.map_or_else(String::new, |target| {
        let key = in_force.policy.target_key(target.into());
        key.name().map(ToString::to_string).unwrap_or_default()
    })
}

fn step(step: Step, allowed: bool, plain: bool) -> Line {
    let meaning = match step {
        Step::Inactive => say!("the user is not active"),
        Step::OwnData => say!("these are the user's own data"),
        Step::User if allowed => say!("the user's own rule gives it, and decides before any group"),
        Step::User => say!("the user's own rule takes it, and decides before any group"),
        Step::GroupAllow => say!("a group gives it"),
        Step::GroupDeny if plain => say!("no group gives it, and one takes it"),
        Step::GroupDeny => say!("a group takes it, and no other group gives it"),
        Step::Default => say!("no rule speaks about it, and what nobody gives is refused"),
    };
    Line::new().then(Tone::Strong, step.as_str()).then(Tone::Plain, ": ").then(Tone::Plain, meaning)
}

/// A rule, where it is written, why, and the way to it.
fn rule(
    in_force: &InForce<'_>,
    sources: &Sources,
    question: &Question,
    proven: &Proven,
    origins: Option<&Origins>,
) -> Vec<Vec<Line>> {
    let policy = in_force.policy;
    let id: RuleId = proven.rule;
    let rule = policy.rule(id);
    let target = rule.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
    let (subject, right) = (policy.subject_key(rule.subject), policy.rights.key(rule.right));
    let what = format!("{right}{target}{}", rule.validity);
    let text = match rule.effect {
        Effect::Allow => say!("{subject} allows {what}", subject, what),
        Effect::Deny => say!("{subject} denies {what}", subject, what),
    };
    let blank = || Line::from("");
    let mut rows = vec![
        vec![say!("rule").into(), text.into()],
        vec![blank(), Line::new().then(Tone::Quiet, place(sources, rule.place))],
    ];
    rows.extend(origins.map(|origins| vec![blank(), since(origins.of(rule.place))]));
    if let Some(because) = &rule.because {
        rows.push(vec![blank(), say!("because \"{because}\"", because).into()]);
    }
    if !proven.path.is_empty() {
        let along = in_force.subjects_along(question.subject, &proven.path);
        let names: Vec<String> = along.into_iter().map(|subject| bare(&policy.subject_key(subject))).collect();
        rows.push(vec![say!("path").into(), names.join(" > ").into()]);
    }
    for membership in proven.path.iter().map(|id| policy.membership(*id)) {
        let group = policy.group_subject(membership.group);
        let group = group.name();
        if let Some(origins) = origins {
            let place = place(sources, membership.place);
            rows.push(vec![blank(), say!("in {group} by {place}", group, place).into()]);
            rows.push(vec![blank(), since(origins.of(membership.place))]);
        }
        let Some(last) = membership.validity.ends() else { continue };
        rows.push(vec![
            blank(),
            match &membership.because {
                Some(because) => say!("in {group} until {last} because \"{because}\"", group, last, because).into(),
                None => say!("in {group} until {last}", group, last).into(),
            },
        ]);
    }
    rows
}
