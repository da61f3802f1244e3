//! A new user with the groups, the module set and the own rules of another.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::date::Date;
use crate::model::key::{GroupKey, GroupKind, SubjectKey};
use crate::model::{Member, Policy, UserId};
use crate::name::Name;
use crate::state::{Fact, Key, MemberKey, State, UserFact};
use crate::syntax::grammar::parse_member;
use crate::syntax::rule::{MemberRef, TargetRef};
use crate::syntax::yaml::{self, Layout, Node, Style, Value};
use crate::syntax::{Document, parse};
use crate::text::{FileId, Place, SourceFile, Sources, Span};

use super::{Splice, Unsafe, after_line, begins_line, colon, find, indentation, slice};

/// Whom to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name of the account.
    pub name: Name,
    /// Whose groups, module set and own rules it gets.
    pub like: UserId,
    /// The link into the staff register.
    pub employee: Option<Name>,
    /// Memberships that ended before this day are not copied.
    pub today: Date,
}

/// Why somebody cannot be added by an edit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NewUserError {
    /// The name is taken.
    #[error("there is a user `{0}` already")]
    Taken(Name),
    /// The files are written in a way that the edit cannot follow.
    #[error(transparent)]
    Unsafe(#[from] Unsafe),
}

/// The insertions that add a user.
///
/// # Errors
/// If the name is taken, or the files cannot be edited without touching something else.
pub fn insertions(sources: &Sources, policy: &Policy, new: &NewUser) -> Result<Vec<Splice>, NewUserError> {
    if policy.users.find(&new.name).is_some() {
        return Err(NewUserError::Taken(new.name.clone()));
    }
    let place = policy.users.get(new.like).place.ok_or_else(|| unsafe_in(""))?;
    // A group of the same name would make the bare name ambiguous.
    let needs_prefix = policy.groups.find(&GroupKey::group(new.name.clone())).is_some();
    let mut insertions = vec![declaration(sources, place, policy.users.key(new.like), new, needs_prefix)?];
    for (_, membership) in policy.memberships_of(Member::User(new.like)) {
        let is_role = policy.groups.key(membership.group).kind == GroupKind::Role;
        if is_role || membership.validity.until < new.today {
            continue;
        }
        let place = membership.place.ok_or_else(|| unsafe_in(""))?;
        insertions.push(member(sources, place, new, needs_prefix)?);
    }
    Ok(insertions)
}

fn unsafe_in(path: &str) -> NewUserError {
    Unsafe::in_file(path).into()
}

/// The state that the policy shall have afterwards.
pub fn meant(policy: &Policy, new: &NewUser) -> State {
    let like = policy.users.key(new.like);
    let mut state = State::of(policy);
    let mut added = BTreeMap::new();
    let names = BTreeMap::from([(like.clone(), new.name.clone())]);
    for (key, fact) in &state.facts {
        let copied = match (key, fact) {
            (Key::User(name), Fact::User(user)) if name == like => Fact::User(UserFact {
                employee: new.employee.clone(),
                name: None,
                superuser: false,
                active: true,
                modules: user.modules.clone(),
            }),
            (Key::Member { group, member: MemberKey::User(name), validity }, _)
                if name == like && group.kind == GroupKind::Group && validity.until >= new.today =>
            {
                fact.clone()
            }
            (Key::Rule { subject: SubjectKey::User(name), .. }, _) if name == like => fact.clone(),
            _ => continue,
        };
        added.insert(key.with_users_renamed(&names), copied);
    }
    state.facts.extend(added);
    state
}

/// The declaration of the new user behind that of the other.
fn declaration(
    sources: &Sources,
    place: Place,
    like: &Name,
    new: &NewUser,
    needs_prefix: bool,
) -> Result<Splice, NewUserError> {
    let source = sources.file(place.file);
    let failed = || unsafe_in(source.path());
    let root = yaml::read(place.file, source, &mut Vec::new()).ok_or_else(failed)?;
    let (document, _) = parse(place.file, source);
    let own = own_targets(document.as_ref(), like);
    let reference = if needs_prefix { format!("user:{}", new.name) } else { new.name.to_string() };
    let Value::Mapping(sections) = &root.value else { return Err(failed()) };
    let entry = sections.iter().find_map(|(_, section)| match &section.value {
        Value::Mapping(entries) => Some((section, entries.iter().find(|(key, _)| key.span == place.span)?)),
        _ => None,
    });
    let (section, (key, value)) = entry.ok_or_else(failed)?;
    let end = if value.is_absent() { colon(source, key.span.end).ok_or_else(failed)? } else { value.span.end };
    let fields = match &value.value {
        Value::Mapping(fields) => fields.as_slice(),
        _ => &[],
    };
    let kept = fields.iter().filter(|(key, _)| matches!(text_of(key), "modules" | "allow" | "deny"));
    let kept: Vec<&(Node<'_>, Node<'_>)> = kept.collect();
    let name = &new.name;
    let employee = new.employee.as_ref().map(|employee| format!("employee: {employee}"));
    // A declaration in braces is copied into braces, one on lines of its own into lines.
    let in_braces = |node: &Node<'_>| source.slice(node.span).starts_with('{');
    let section_in_braces = in_braces(section);
    let copied = |from: u32, to: u32| renamed(source, Span { start: from, end: to }, &own, &reference);
    if kept.is_empty() || section_in_braces || in_braces(value) {
        let copies = kept.iter().map(|(key, value)| copied(key.span.start, value.span.end));
        let all: Vec<String> = employee.into_iter().chain(copies).collect();
        let body = if all.is_empty() { String::new() } else { format!(" {{ {} }}", all.join(", ")) };
        if section_in_braces {
            let gap = if begins_line(source, key.span.start, false) {
                format!("{}{}", super::line_end(source, end as usize), indentation(source, key.span.start))
            } else {
                " ".to_owned()
            };
            return Ok(Splice::insert(place.file, end as usize, format!(",{gap}{name}:{body}")));
        }
        let line = format!("{}{name}:{body}", indentation(source, key.span.start));
        return Ok(after_line(place.file, source, end, &[line]));
    }
    let indent = indentation(source, key.span.start);
    let inner = kept.first().map(|(key, _)| indentation(source, key.span.start)).unwrap_or_default();
    let mut lines = vec![format!("{indent}{name}:")];
    lines.extend(employee.map(|employee| format!("{inner}{employee}")));
    for (key, value) in kept {
        let text = copied(key.span.start, value.span.end);
        // What a text after `|` takes up ends only where the next thing begins.
        let mut text = text.trim_end().lines();
        lines.extend(text.next().map(|first| format!("{inner}{first}")));
        lines.extend(text.map(str::to_owned));
    }
    Ok(after_line(place.file, source, end, &lines))
}

/// The text of a key.
fn text_of<'n>(node: &'n Node<'_>) -> &'n str {
    match &node.value {
        Value::Scalar(text, _) => text,
        _ => "",
    }
}

/// Where the own rules of a user name the user as the target: what is over the own data stays so for the copy.
fn own_targets(document: Option<&Document>, like: &Name) -> Vec<Span> {
    let users = document.into_iter().flat_map(|document| &document.users);
    let rules = users.filter(|declared| declared.name.value == *like).flat_map(|declared| &declared.body.rules);
    rules
        .filter_map(|rule| {
            let target = rule.target.as_ref()?;
            match &target.value {
                TargetRef::Named(reference) if reference.name == *like => Some(target.span),
                _ => None,
            }
        })
        .collect()
}

/// The text of a span with some targets in it replaced.
fn renamed(source: &SourceFile, span: Span, targets: &[Span], reference: &str) -> String {
    let mut text = String::new();
    let mut done = span.start;
    for inside in targets.iter().filter(|inside| span.start <= inside.start && inside.end <= span.end) {
        text.push_str(source.slice(Span { start: done, end: inside.start }));
        text.push_str(reference);
        done = inside.end;
    }
    text.push_str(source.slice(Span { start: done, end: span.end }));
    text
}

/// The membership of the new user behind that of the other, with the same period and reason.
fn member(sources: &Sources, place: Place, new: &NewUser, needs_prefix: bool) -> Result<Splice, NewUserError> {
    let source = sources.file(place.file);
    let failed = || unsafe_in(source.path());
    let root = yaml::read(place.file, source, &mut Vec::new()).ok_or_else(failed)?;
    let (node, layout) = find(&root, place.span).ok_or_else(failed)?;
    let who = match &node.value {
        Value::Mapping(fields) => {
            let field = fields.iter().find(|(key, _)| text_of(key) == "member");
            &field.ok_or_else(failed)?.1
        }
        _ => node,
    };
    let named = named_span(source, who).ok_or_else(failed)?;
    let prefixed = source.slice(who.span).trim_start_matches(['"', '\'']).starts_with("user:");
    let reference = if needs_prefix && !prefixed { format!("user:{}", new.name) } else { new.name.to_string() };
    let whole = slice(sources, place);
    let (from, to) = ((named.start - place.span.start) as usize, (named.end - place.span.start) as usize);
    let copy = format!("{}{reference}{}", &whole[..from], &whole[to..]);
    Ok(beside(place.file, source, node.span, layout, &copy))
}

/// Puts an item of a list behind another.
fn beside(file: FileId, source: &SourceFile, span: Span, layout: Option<Layout>, item: &str) -> Splice {
    if layout == Some(Layout::Block) && begins_line(source, span.start, true) {
        let line = format!("{}- {item}", indentation(source, span.start));
        return after_line(file, source, span.end, &[line]);
    }
    Splice::insert(file, span.end as usize, format!(", {item}"))
}

/// Where the bare name of a member stands in the file.
fn named_span(source: &SourceFile, node: &Node<'_>) -> Option<Span> {
    let Value::Scalar(text, style) = &node.value else { return None };
    let style: Style = *style;
    let member = parse_member(text).ok()?;
    let MemberRef::Named(reference) = &member.who.value else { return None };
    let start = match reference.prefix {
        Some(prefix) => member.who.start + prefix.as_str().len() + 1,
        None => member.who.start,
    };
    let place = |at: usize| yaml::locate(source, node.span, style, text, at);
    Some(Span { start: place(start), end: place(member.who.end) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{apply, check};
    use crate::repository::compile;
    use crate::testing::{day, files};
    use crate::tree::memory::Memory;
    use crate::tree::overlay::Overlay;

    /// The lines that are new, after the edit was checked.
    fn added(fixture: &str, name: &str, like: &str) -> String {
        let tree = Memory::new(files(fixture));
        let before = compile(&tree).unwrap();
        let policy = &before.companies[0].policy;
        let new = NewUser {
            name: Name::new(name).unwrap(),
            like: policy.users.find(&Name::new(like).unwrap()).unwrap(),
            employee: None,
            today: day("2026-11-22"),
        };
        let edited = match insertions(&before.sources, policy, &new) {
            Ok(insertions) => apply(&before.sources, &insertions),
            Err(error) => return error.to_string(),
        };
        let overlay = Overlay::new(&tree, edited.iter().map(|edit| (edit.path.clone(), edit.after.clone().into())));
        let after = compile(&overlay).unwrap();
        if let Err(error) = check(&before, &after, 0, &meant(policy, &new)) {
            return format!("{error}\n{}", edited.iter().map(|edit| edit.after.as_str()).collect::<String>());
        }
        let lines = edited
            .iter()
            .flat_map(|edit| edit.added.iter().map(|(line, text)| format!("{}:{line}\n{text}\n", edit.path)));
        lines.collect()
    }

    #[test]
    fn groups_modules_and_own_rules_are_copied_beside_the_other() {
        insta::assert_snapshot!(added(r#"
//- policies/people.yaml
users:
  # the field
  lars:   # knows everybody
    employee: e
    modules: desk
    superuser: true
    allow:
      - data.export   # a comment
      # and another
      - documents.see of lars because "own"
    deny: [sms.send]

  karin: { allow: [data.export, "documents.see of user:karin"], active: false, modules: desk }
  anna:
employees: { e: }
rights: { documents.see: { of: people } }
modules: { mail: }
module_sets: { desk: [mail] }
//- policies/groups.yaml
groups:
  kim:
    members: [lars, "user:karin until 2027-01-01 because \"x, y\"", { member: lars, from: 2027-01-01 }, anna]
  sales:
    members:
      - karin   # stays
      - lars from 2026-12-01 until 2026-12-31 because "CRM-1"
      - member: karin
        because: again
      - lars until 2020-01-01
"#, "kim", "lars"), @r#"
        policies/groups.yaml:3
        , user:kim
        policies/groups.yaml:3
        , { member: user:kim, from: 2027-01-01 }
        policies/groups.yaml:8
              - user:kim from 2026-12-01 until 2026-12-31 because "CRM-1"
        policies/people.yaml:12
          kim:
            modules: desk
            allow:
              - data.export   # a comment
              # and another
              - documents.see of user:kim because "own"
            deny: [sms.send]
        "#);
    }

    #[test]
    fn every_way_to_write_a_user_can_be_copied() {
        let check = |users: &str, like: &str| {
            added(&format!("{users}groups: {{ all: {{ members: [everyone] }} }}\n"), "kim", like)
        };
        assert_eq!(
            check("users: { lars: , karin: { allow: [data.export] } }\n", "lars"),
            "policies/a.yaml:1\n, kim:\n"
        );
        assert_eq!(
            check("users: { lars: , karin: { allow: [data.export] } }\n", "karin"),
            "policies/a.yaml:1\n, kim: { allow: [data.export] }\n"
        );
        assert_eq!(check("users:\n  lars:\n  karin:\n", "lars"), "policies/a.yaml:3\n  kim:\n");
        assert_eq!(
            check("users:\r\n  lars: { allow: [data.export] } # x\r\n", "lars"),
            "policies/a.yaml:3\n  kim: { allow: [data.export] }\n"
        );
        assert_eq!(
            added("users:\n  lars:\n    deny:\n      - sms.send", "kim", "lars"),
            "policies/a.yaml:5\n  kim:\n    deny:\n      - sms.send\n"
        );
        assert_eq!(
            check("users: {\n  lars: { \"allow\": [data.export] },\n  anna:\n}\n", "lars"),
            "policies/a.yaml:2\n,\n  kim: { \"allow\": [data.export] }\n"
        );
        assert_eq!(
            check(
                "users:\n  lars:\n    'allow':\n      - right: data.export\n        because: |\n          x\n\n  anna:\n",
                "lars"
            ),
            "policies/a.yaml:9\n  kim:\n    'allow':\n      - right: data.export\n        because: |\n          x\n"
        );
        assert_eq!(added("users: { lars: , kim: }\n", "kim", "lars"), "there is a user `kim` already");
    }
}
