//! What is missing for a yes, the smallest edits that would turn an answer, and what was written of them.

use std::collections::BTreeMap;

use crate::language::{IntoWord, Joint, Text, Word, list};
use crate::model::{Effect, Member, Policy, Single, Subject, UserId};
use crate::repair::{Edit, Near, Repair, Written, anchor, item};
use crate::report::block::{Block, Line, Page, Tone};
use crate::resolve::{InForce, Request, Shift};
use crate::say;
use crate::text::Sources;

use super::{count, place};

/// How many names stand in a line before they are counted instead.
const MOST_NAMES: usize = 8;

/// Adds the groups that would give what is refused, and the rules that give it on other days.
pub fn near(page: &mut Page, in_force: &InForce<'_>, sources: &Sources, request: Request, near: &[Near]) {
    let policy = in_force.policy;
    let mut rows = Vec::new();
    for miss in near {
        let (what, rule) = match miss {
            Near::Group { group, rule, dated } => {
                let name = policy.group_subject(*group);
                let who = super::bare(&policy.subject_key(request.subject));
                let what = match dated.map(|id| policy.membership(id).validity) {
                    None => say!("{group} allows it", group = name),
                    Some(validity) if validity.until < in_force.on => {
                        say!("{group} allows it; {who} left it on {day}", group = name, who, day = validity.until)
                    }
                    Some(validity) => {
                        say!("{group} allows it; {who} joins it on {day}", group = name, who, day = validity.from)
                    }
                };
                (what, *rule)
            }
            Near::Rule(id) => {
                let rule = policy.rule(*id);
                let subject = policy.subject_key(rule.subject);
                let what = if rule.validity.until < in_force.on {
                    say!("{subject} allowed it until {day}", subject, day = rule.validity.until)
                } else {
                    say!("{subject} allows it from {day} on", subject, day = rule.validity.from)
                };
                (what, *id)
            }
        };
        rows.push((what, place(sources, policy.rule(rule).place)));
    }
    if rows.is_empty() {
        return;
    }
    page.blank();
    page.heading(say!("what is missing"));
    for (what, place) in rows {
        page.item(2, what);
        page.item(4, Line::new().then(Tone::Quiet, place));
    }
}

/// Adds the edits that would turn an answer, with a number each.
pub fn repairs(page: &mut Page, in_force: &InForce<'_>, sources: &Sources, allowed: bool, repairs: &[Repair]) {
    let policy = in_force.policy;
    if repairs.is_empty() {
        return;
    }
    page.blank();
    page.heading(if allowed { say!("what would take it away") } else { say!("what would allow it") });
    for (index, repair) in repairs.iter().enumerate() {
        let number = (index + 1).to_string();
        let indent = 4 + number.len();
        for (index, edit) in repair.edits.iter().enumerate() {
            let lead = if index == 0 { format!("{number}  ") } else { " ".repeat(number.len() + 2) };
            let line = Line::new().then(Tone::Strong, lead).then(Tone::Plain, meaning(in_force, edit));
            page.0.push(Block::Text { line, indent: 2, hang: indent });
            let (sign, tone) = sign(edit);
            let list = list_of(edit);
            let text = format!(
                "{}  {sign} {list}{}",
                place(sources, anchor(policy, edit)),
                item(policy, edit).unwrap_or_default()
            );
            page.item(indent, Line::new().then(tone, text));
        }
        let others = others(policy, &repair.shifts);
        if others.is_empty() {
            page.item(indent, Line::new().then(Tone::Quiet, say!("nothing else changes for anybody on that day")));
        }
        others.into_iter().for_each(|line| page.item(indent, line));
    }
    page.blank();
    page.text(say!("`--fix NUMBER` writes one of them into the files"));
}

fn sign(edit: &Edit) -> (char, Tone) {
    match edit {
        Edit::AddMember(..) | Edit::AddRule { .. } => ('+', Tone::Yes),
        Edit::RemoveMember(_) | Edit::RemoveRule(_) => ('-', Tone::No),
        Edit::DateMember(..) | Edit::DateRule(..) | Edit::SetActive(..) => ('~', Tone::Warning),
    }
}

/// The list that a new line goes into.
fn list_of(edit: &Edit) -> &'static str {
    match edit {
        Edit::AddMember(..) => "members: ",
        Edit::AddRule { effect: Effect::Allow, .. } => "allow: ",
        Edit::AddRule { effect: Effect::Deny, .. } => "deny: ",
        _ => "",
    }
}

/// What an edit means, in words.
fn meaning(in_force: &InForce<'_>, edit: &Edit) -> Text {
    let policy = in_force.policy;
    let who = |member: Member| match member {
        Member::Everyone => say!("everyone"),
        Member::User(user) => say!("{name}", name = policy.users.key(user)),
        Member::Group(group) => say!("the members of {group}", group = policy.group_subject(group)),
    };
    let rule = |effect: Effect, subject: Subject, what: String| {
        let subject = policy.subject_key(subject);
        match effect {
            Effect::Allow => say!("allow {subject} {what}", subject, what),
            Effect::Deny => say!("deny {subject} {what}", subject, what),
        }
    };
    let text = item(policy, edit).unwrap_or_default();
    match edit {
        Edit::AddMember(member, group) => {
            say!("put {who} into {group}", who = who(*member), group = policy.group_subject(*group))
        }
        Edit::RemoveMember(id) => {
            let membership = policy.membership(*id);
            let group = policy.group_subject(membership.group);
            say!("take {who} out of {group}", who = who(membership.member), group)
        }
        Edit::AddRule { subject, effect, .. } => rule(*effect, *subject, text),
        Edit::RemoveRule(line) => {
            let Some(first) = line.first().map(|id| policy.rule(*id)) else { return Text::default() };
            let subject = policy.subject_key(first.subject);
            match first.effect {
                Effect::Allow => say!("no longer allow {subject} {what}", subject, what = text),
                Effect::Deny => say!("no longer deny {subject} {what}", subject, what = text),
            }
        }
        Edit::DateMember(id, validity) => {
            let membership = policy.membership(*id);
            let group = policy.group_subject(membership.group);
            let who = who(membership.member);
            if !validity.holds(in_force.on) {
                say!("have {who} in {group} only until {day}", who, group, day = validity.until)
            } else if validity.until == in_force.on {
                say!("keep {who} in {group} until {day}", who, group, day = validity.until)
            } else {
                say!("have {who} in {group} from {day} on", who, group, day = validity.from)
            }
        }
        Edit::DateRule(line, validity) => {
            let Some(first) = line.first().map(|id| policy.rule(*id)) else { return Text::default() };
            let rule = rule(first.effect, first.subject, text);
            if validity.holds(in_force.on) { say!("extend: {rule}", rule) } else { say!("end: {rule}", rule) }
        }
        Edit::SetActive(user, true) => say!("put the account {user} into use", user = policy.users.key(*user)),
        Edit::SetActive(user, false) => say!("take the account {user} out of use", user = policy.users.key(*user)),
    }
}

/// Who else gains and who else loses what, a line for each set of people.
fn others(policy: &Policy, shifts: &[Shift]) -> Vec<Line> {
    let mut folded: BTreeMap<(bool, &[UserId]), Vec<Text>> = BTreeMap::new();
    for shift in shifts {
        folded.entry((!shift.gained, &shift.users)).or_default().push(what(policy, shift));
    }
    let line = |((lost, users), rights): ((bool, &[UserId]), Vec<Text>)| {
        let who: Word = if users.len() > MOST_NAMES {
            count::users(users.len()).into_word()
        } else {
            list(users.iter().map(|user| say!("{name}", name = policy.users.key(*user))), Joint::And)
        };
        let what = list(rights, Joint::Comma);
        let several = users.len() > 1;
        Line::from(match (lost, several) {
            (false, false) => say!("{who} also gains {what}", who, what),
            (false, true) => say!("{who} also gain {what}", who, what),
            (true, false) => say!("{who} also loses {what}", who, what),
            (true, true) => say!("{who} also lose {what}", who, what),
        })
    };
    folded.into_iter().map(line).collect()
}

fn what(policy: &Policy, shift: &Shift) -> Text {
    let right = policy.rights.key(shift.right);
    if shift.targets.is_empty() {
        return say!("{right}", right);
    }
    let all = policy.rights.get(shift.right).scope.map_or(0, |scope| policy.single_targets(scope).len());
    if shift.targets.len() > MOST_NAMES {
        return say!(
            "{right} ({count} of {all})",
            right,
            count = Word::Number(shift.targets.len()),
            all = Word::Number(all)
        );
    }
    // Of one person the own data are left out of the names, of several they are spoken of.
    let own = |target: &Single| matches!(target, Single::User(user) if shift.without_own && shift.users.binary_search(user).is_ok());
    let alone = shift.users.len() == 1;
    let targets = shift.targets.iter().filter(|target| !(alone && own(target)));
    let names = targets.filter_map(|target| policy.target_key((*target).into()).name().map(ToString::to_string));
    let names = names.collect::<Vec<_>>().join(", ");
    if !alone && shift.targets.iter().any(own) {
        say!("{right} of {names} (own data aside)", right, names)
    } else {
        say!("{right} of {names}", right, names)
    }
}

/// What was written of a repair.
pub fn written(number: usize, allowed: bool, written: &[Written], broken: &[Text]) -> Page {
    let mut page = Page::default();
    let now = if allowed { say!("the answer is yes now") } else { say!("the answer is no now") };
    page.text(
        Line::new()
            .then(Tone::Strong, say!("number {number} is written", number))
            .then(Tone::Plain, ": ")
            .then(Tone::Plain, now),
    );
    page.blank();
    for file in written {
        for hunk in &file.hunks {
            page.item(2, Line::new().then(Tone::Quiet, format!("{}:{}", file.path, hunk.line)));
            let line = |tone: Tone, sign: &str, text: &String| {
                Line::new().then(Tone::Plain, "    ").then(tone, sign).then(Tone::Plain, format!(" {text}"))
            };
            let removed = hunk.removed.iter().map(|text| line(Tone::No, "-", text));
            let added = hunk.added.iter().map(|text| line(Tone::Yes, "+", text));
            page.0.push(Block::Verbatim(removed.chain(added).collect()));
        }
    }
    page.blank();
    for finding in broken {
        page.text(
            Line::new()
                .then(Tone::Warning, say!("note"))
                .then(Tone::Plain, "  ")
                .then(Tone::Plain, say!("`rightful check` fails now: {finding}", finding = *finding)),
        );
    }
    page.text(say!("`git diff` shows it, and `rightful plan` what it does to the database"));
    page
}
