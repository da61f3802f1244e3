//! Repairs as edits of the policy files.

use crate::edit::line::{Item, Lines};
use crate::edit::{Splice, Unsafe, spliced};
use crate::model::{GroupId, Member, MembershipId, Policy, RightId, RuleId, Subject, Target, UserId};
use crate::text::{Place, SourceFile, Sources};

use super::Edit;

/// A file with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path.
    pub path: String,
    /// The text that was read.
    pub before: String,
    /// The text to write.
    pub after: String,
    /// What is otherwise.
    pub hunks: Vec<Hunk>,
}

/// Lines that stand beside each other and are otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first of the lines in the new text, from 1.
    pub line: usize,
    /// What stood there.
    pub removed: Vec<String>,
    /// What stands there.
    pub added: Vec<String>,
}

impl Hunk {
    /// The lines in which two texts differ, which is one stretch of them.
    fn between(before: &str, after: &str) -> Self {
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = (old.len() - first).min(new.len() - first);
        let last = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let lines = |all: &[&str]| all[first..all.len() - last].iter().map(|line| (*line).to_owned()).collect();
        Self { line: first + 1, removed: lines(&old), added: lines(&new) }
    }
}

/// Carries edits out on the texts of the policy files, and touches nothing else. What comes out is not believed:
/// whoever writes it compiles it first, and holds it against [`carried_out`](super::carried_out).
///
/// # Errors
/// If a file is written in a way that an edit cannot follow.
pub fn write(sources: &Sources, policy: &Policy, edits: &[Edit]) -> Result<Vec<Written>, Unsafe> {
    let mut placed = Vec::new();
    for edit in edits {
        placed.push((anchor(policy, edit).ok_or_else(|| Unsafe::in_file(""))?, edit));
    }
    // The last one of a file comes first: so the places of the others stay where they are.
    placed.sort_by_key(|(place, _)| std::cmp::Reverse((place.file, place.span.start)));
    let mut done: Vec<Written> = Vec::new();
    for (place, edit) in placed {
        let path = sources.file(place.file).path();
        let known = done.iter().position(|written| written.path == path);
        let index = known.unwrap_or_else(|| {
            let text = sources.file(place.file).text().to_owned();
            done.push(Written { path: path.to_owned(), before: text.clone(), after: text, hunks: Vec::new() });
            done.len() - 1
        });
        let source = SourceFile::new(path, done[index].after.as_str());
        let splices = splices(policy, &source, place, edit).ok_or_else(|| Unsafe::in_file(path))?;
        done[index].after = spliced(source.text(), &splices);
        let hunk = Hunk::between(source.text(), &done[index].after);
        for later in done[index].hunks.iter_mut().filter(|later| later.line >= hunk.line) {
            later.line = later.line + hunk.added.len() - hunk.removed.len();
        }
        done[index].hunks.insert(0, hunk);
    }
    done.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(done)
}

/// Where in the files an edit is made: at an item of a list, or at the name of a declaration.
pub fn anchor(policy: &Policy, edit: &Edit) -> Option<Place> {
    let declared = |subject: Subject| match subject {
        Subject::User(user) => policy.users.get(user).place,
        Subject::Group(group) => policy.groups.get(group).place,
    };
    match edit {
        Edit::AddMember(_, group) => declared(Subject::Group(*group)),
        Edit::RemoveMember(id) | Edit::DateMember(id, _) => policy.membership(*id).place,
        Edit::AddRule { subject, .. } => declared(*subject),
        Edit::RemoveRule(line) | Edit::DateRule(line, _) => policy.rule(*line.first()?).place,
        Edit::SetActive(user, _) => declared(Subject::User(*user)),
    }
}

fn splices(policy: &Policy, source: &SourceFile, place: Place, edit: &Edit) -> Option<Vec<Splice>> {
    let lines = Lines::new(place.file, source)?;
    let one = |splice: Option<Splice>| splice.map(|splice| vec![splice]);
    match edit {
        Edit::AddMember(..) => one(lines.with_item(place.span, "members", &item(policy, edit)?)),
        Edit::AddRule { effect, .. } => one(lines.with_item(place.span, effect.as_str(), &item(policy, edit)?)),
        Edit::RemoveMember(_) | Edit::RemoveRule(_) => one(lines.without_item(place.span)),
        Edit::DateMember(id, validity) => {
            lines.with_period(place.span, Item::Member, policy.membership(*id).validity, *validity)
        }
        Edit::DateRule(line, validity) => {
            lines.with_period(place.span, Item::Rule, policy.rule(*line.first()?).validity, *validity)
        }
        Edit::SetActive(_, active) => one(lines.with_value(place.span, "active", &active.to_string())),
    }
}

/// What an edit writes, takes out or changes, as the grammar has it: `lars`, `calendar.see of group:sales`.
pub fn item(policy: &Policy, edit: &Edit) -> Option<String> {
    let of_rules = |line: &[RuleId]| {
        let first = policy.rule(*line.first()?);
        let rights: Vec<RightId> = line.iter().map(|id| policy.rule(*id).right).collect();
        Some((rule(policy, &rights, first.target), first.validity))
    };
    let of_member = |id: MembershipId| {
        let membership = policy.membership(id);
        (member(policy, membership.member), membership.validity)
    };
    Some(match edit {
        Edit::AddMember(who, _) => member(policy, *who),
        Edit::RemoveMember(id) => {
            let (text, validity) = of_member(*id);
            format!("{text}{validity}")
        }
        Edit::DateMember(id, validity) => format!("{}{validity}", of_member(*id).0),
        Edit::AddRule { rights, target, .. } => rule(policy, rights, *target),
        Edit::RemoveRule(line) => {
            let (text, validity) = of_rules(line)?;
            format!("{text}{validity}")
        }
        Edit::DateRule(line, validity) => format!("{}{validity}", of_rules(line)?.0),
        Edit::SetActive(_, active) => format!("active: {active}"),
    })
}

fn member(policy: &Policy, member: Member) -> String {
    match member {
        Member::Everyone => "everyone".to_owned(),
        Member::User(user) => user_name(policy, user),
        Member::Group(group) => policy.groups.key(group).to_string(),
    }
}

/// The bare name of a user, with its prefix if a group bears it too.
fn user_name(policy: &Policy, user: UserId) -> String {
    let name = policy.users.key(user);
    let is_group = |group: GroupId| policy.groups.key(group).name == *name && !policy.groups.key(group).is_role();
    if policy.groups.ids().any(is_group) { format!("user:{name}") } else { name.to_string() }
}

/// Rights of one area over a target: `calendar.see+edit of anna`.
fn rule(policy: &Policy, rights: &[RightId], target: Option<Target>) -> String {
    let keys: Vec<_> = rights.iter().map(|right| policy.rights.key(*right)).collect();
    let area = keys.first().map_or("", |key| key.area());
    let actions: Vec<&str> = keys.iter().map(|key| key.action()).collect();
    let over = match target {
        None => String::new(),
        Some(Target::User(user)) => format!(" of {}", user_name(policy, user)),
        Some(target) => format!(" of {}", policy.target_key(target)),
    };
    format!("{area}.{}{over}", actions.join("+"))
}
