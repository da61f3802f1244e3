//! What the calendar will change, day by day and person by person.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diff::{self, Change, Keys, Turn, Turning};
use crate::language::{Text, Word};
use crate::model::key::TargetKey;
use crate::model::{Effect, Member, Policy};
use crate::name::{Name, RightName};
use crate::report::block::{Line, Page, Tone};
use crate::review::Everybody;
use crate::say;
use crate::text::Sources;

use super::people::of_whom;

/// For each day who gains and loses what, and because of which lines; then counts.
pub fn upcoming(policy: &Policy, sources: &Sources, [from, until]: [Date; 2], turns: &[Turn]) -> Page {
    let mut page = Page::default();
    if turns.is_empty() {
        page.text(say!("from {from} until {until} no rule and no membership begins or ends", from, until));
        return page;
    }
    page.text(Line::new().then(Tone::Strong, say!("what changes by itself from {from} until {until}", from, until)));
    for turn in turns {
        page.blank();
        let changes = &turn.effective;
        if changes.gains.is_empty() && changes.losses.is_empty() {
            page.text(
                Line::new()
                    .then(Tone::Strong, turn.day.to_string())
                    .then(Tone::Plain, "  ")
                    .then(Tone::Quiet, say!("changes nothing for anybody")),
            );
        } else {
            page.heading(turn.day.to_string());
            page.table(2, rows(policy, &changes.losses, &changes.gains));
        }
        page.table(2, turn.causes.iter().flat_map(|of| cause(policy, sources, *of, turn.day)).collect());
    }
    page.blank();
    let sum = |of: fn(&Turn) -> &[Change]| turns.iter().map(|turn| diff::count(of(turn))).sum::<usize>();
    let (gains, losses) = (sum(|turn| &turn.effective.gains), sum(|turn| &turn.effective.losses));
    page.text(say!(
        "gained: {gains}, lost: {losses}, each right over each person counted",
        gains = Word::Number(gains),
        losses = Word::Number(losses)
    ));
    page
}

/// One row for each person and right, with all targets; of each person first what is lost, then what is gained.
fn rows(policy: &Policy, losses: &[Change], gains: &[Change]) -> Vec<Vec<Line>> {
    let everybody = Everybody::Of(policy.users.keys());
    let mut people: BTreeMap<(&Name, bool, &RightName), Vec<&Keys<TargetKey>>> = BTreeMap::new();
    for (change, gained) in losses.iter().map(|change| (change, false)).chain(gains.iter().map(|change| (change, true)))
    {
        for user in change.users.iter().filter(|user| change.count_of(user) > 0) {
            people.entry((user, gained, &change.right)).or_default().extend(&change.targets);
        }
    }
    let own = |user: &Name, right: &RightName| {
        let of_right = |change: &&Change| change.right == *right && change.without_own;
        losses.iter().chain(gains).find(of_right).map(|_| TargetKey::User(user.clone()))
    };
    let mut rows = Vec::with_capacity(people.len());
    let mut before = None;
    for ((user, gained, right_name), targets) in people {
        let known = policy.users.find(user).filter(|_| before != Some(user));
        before = Some(user);
        let person = known.map(|id| super::person(policy, id)).unwrap_or_default();
        let right = policy.rights.find(right_name).map(|id| super::right(policy, id)).unwrap_or_default();
        let mut what = Line::from(right);
        if let Some(targets) = Keys::union_of(targets) {
            let targets = own(user, right_name).map_or_else(|| targets.clone(), |own| targets.without(&own));
            let whom = of_whom(&targets, &everybody);
            what = what.then(Tone::Plain, say!(" of {whom}", whom));
        }
        let mark = if gained { Line::new().then(Tone::Yes, "+") } else { Line::new().then(Tone::No, "-") };
        rows.push(vec![Line::from(person), mark, what]);
    }
    rows
}

/// What begins or ends, its place, and why it is written.
fn cause(policy: &Policy, sources: &Sources, cause: Turning, day: Date) -> Vec<Vec<Line>> {
    let (text, place, because) = match cause {
        Turning::Member(id) => {
            let membership = policy.membership(id);
            let member = match membership.member {
                Member::Everyone => "everyone".to_owned(),
                Member::User(user) => policy.users.key(user).to_string(),
                Member::Group(group) => policy.group_subject(group).to_string(),
            };
            let group = policy.group_subject(membership.group);
            (say!("{member} in {group}", member, group), membership.place, &membership.because)
        }
        Turning::Rule(id) => {
            let rule = policy.rule(id);
            let target = rule.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
            let (subject, right) = (policy.subject_key(rule.subject), policy.rights.key(rule.right));
            let what = format!("{right}{target}");
            let text = match rule.effect {
                Effect::Allow => say!("{subject} allows {what}", subject, what),
                Effect::Deny => say!("{subject} denies {what}", subject, what),
            };
            (text, rule.place, &rule.because)
        }
    };
    let verb: Text = match cause.validity(policy).ends() {
        Some(last) if !cause.begins_on(policy, day) => say!("ends {last}", last),
        _ => say!("begins"),
    };
    let mut rows = vec![
        vec![Line::new().then(Tone::Quiet, verb), Line::from(text)],
        vec![Line::from(""), Line::new().then(Tone::Quiet, super::place(sources, place))],
    ];
    if let Some(because) = because {
        rows.push(vec![Line::from(""), say!("because \"{because}\"", because).into()]);
    }
    rows
}
