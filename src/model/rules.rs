//! What a written right and target stand for: `area.x+y` and `area.*` are spelled out, targets bound.
//!
//! Rules, questions, expectations and gates share this, so that the same words mean the same everywhere.

use crate::diag::Code;
use crate::language::{Joint, Text, list, names};
use crate::name::{RightName, nearest};
use crate::say;
use crate::syntax::rule::{Prefix, Reference, RightPattern, TargetRef};

use super::names::{Bound, bind_target};
use super::{Parts, RightId, Scope, Subject, Target};

/// Rights and the target that they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The rights, in order of names.
    pub rights: Vec<RightId>,
    /// Over whom or what; `None` for plain rights.
    pub target: Option<Target>,
}

/// Which part of the text is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The right.
    Right,
    /// The target.
    Target,
}

/// Why words mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaningless {
    /// The kind of finding.
    pub code: Code,
    /// The part to point at.
    pub part: Part,
    /// The fact.
    pub message: Text,
    /// What to do.
    pub help: Text,
}

/// Finds the rights that a pattern with or without a target stands for.
///
/// # Errors
/// Everything that is wrong with it, at least one.
pub fn rights_of_pattern(
    parts: &Parts,
    pattern: &RightPattern,
    target: Option<&TargetRef>,
) -> Result<Meant, Vec<Meaningless>> {
    let named = if pattern.actions.is_empty() {
        whole_area(parts, pattern, target.is_some())?
    } else {
        named_rights(parts, pattern, target.is_some())?
    };
    let Some(target) = target else { return Ok(Meant { rights: named, target: None }) };
    let scope_of = |right: &RightId| parts.rights.get(*right).scope;
    let mut scopes: Vec<Scope> = named.iter().filter_map(scope_of).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let (bound, fitting) = bind_target(parts, target, &scopes);
    let target = match bound {
        Bound::One(target) => target,
        wrong => return Err(vec![wrong_target(&wrong, target, pattern, &scopes)]),
    };
    let fits = |right: &RightId| scope_of(right).is_some_and(|scope| fitting.contains(&scope));
    if !pattern.actions.is_empty() && !named.iter().all(fits) {
        return Err(vec![Meaningless {
            code: Code::UnexpectedTarget,
            part: Part::Target,
            message: say!("the rights of `{pattern}` are not all over the same kind of thing", pattern),
            help: say!("write one rule for each"),
        }]);
    }
    Ok(Meant { rights: named.into_iter().filter(fits).collect(), target: Some(target) })
}

/// The rights of `area.*`: the plain ones without a target, the scoped ones with one.
fn whole_area(parts: &Parts, pattern: &RightPattern, scoped: bool) -> Result<Vec<RightId>, Vec<Meaningless>> {
    let of_area = |name: &RightName| name.area() == &*pattern.area;
    let all = || parts.rights.iter().filter(|(_, name, _)| of_area(name));
    if all().next().is_none() {
        return Err(vec![unknown(parts, pattern, None)]);
    }
    let rights: Vec<RightId> =
        all().filter(|(_, _, right)| right.scope.is_some() == scoped).map(|(id, _, _)| id).collect();
    if !rights.is_empty() {
        return Ok(rights);
    }
    Err(vec![if scoped {
        Meaningless {
            code: Code::UnexpectedTarget,
            part: Part::Target,
            message: say!("no right of `{pattern}` takes a target", pattern),
            help: say!("take out the part after `of`"),
        }
    } else {
        let scope = all().find_map(|(_, _, right)| right.scope).unwrap_or(Scope::People);
        missing_target(&pattern.to_string(), scope)
    }])
}

/// The rights of `area.x+y`.
fn named_rights(parts: &Parts, pattern: &RightPattern, scoped: bool) -> Result<Vec<RightId>, Vec<Meaningless>> {
    let (mut rights, mut wrong) = (Vec::new(), Vec::new());
    for action in &pattern.actions {
        let shown = format!("{}.{action}", pattern.area);
        let Some(id) = RightName::new(&shown).and_then(|name| parts.rights.find(&name)) else {
            wrong.push(unknown(parts, pattern, Some(&shown)));
            continue;
        };
        rights.push(id);
        match (parts.rights.get(id).scope, scoped) {
            (Some(scope), false) => wrong.push(missing_target(&shown, scope)),
            (None, true) => wrong.push(Meaningless {
                code: Code::UnexpectedTarget,
                part: Part::Target,
                message: say!("`{shown}` is a plain right and takes no target", shown),
                help: say!("take out the part after `of`"),
            }),
            _ => {}
        }
    }
    rights.sort_unstable();
    rights.dedup();
    if wrong.is_empty() { Ok(rights) } else { Err(wrong) }
}

fn unknown(parts: &Parts, pattern: &RightPattern, right: Option<&str>) -> Meaningless {
    let rights = || parts.rights.iter().map(|(_, name, _)| name);
    let (message, near) = match right {
        Some(right) => {
            let near = nearest(right, rights().map(RightName::as_str)).map(str::to_owned);
            (say!("there is no right `{right}`", right), near)
        }
        None => {
            let near = nearest(&pattern.area, rights().map(RightName::area)).map(|area| format!("{area}.*"));
            (say!("there is no right `{pattern}`", pattern), near)
        }
    };
    let help = match near {
        Some(near) => say!("did you mean `{near}`?", near),
        None => say!("`rightful rights` lists the catalogue; own rights are declared in the section `rights`"),
    };
    Meaningless { code: Code::UnknownRight, part: Part::Right, message, help }
}

fn missing_target(right: &str, scope: Scope) -> Meaningless {
    let (message, example) = match scope {
        Scope::People => (say!("`{right}` needs a target: over whose data?", right), "everyone"),
        Scope::Modules => (say!("`{right}` needs a target: over which modules?", right), "everything"),
        Scope::Attachments => (say!("`{right}` needs a target: over which attachments?", right), "everything"),
    };
    let help = say!("write `{right} of NAME` or `{right} of {example}`", right, example);
    Meaningless { code: Code::MissingTarget, part: Part::Right, message, help }
}

fn wrong_target(bound: &Bound<Target>, target: &TargetRef, pattern: &RightPattern, scopes: &[Scope]) -> Meaningless {
    let nouns = list(scopes.iter().map(|scope| noun_of(*scope)), Joint::Or);
    let error = |code, message, help| Meaningless { code, part: Part::Target, message, help };
    match (target, bound) {
        (TargetRef::Everyone, _) => error(
            Code::UnexpectedTarget,
            say!("`{pattern}` is not over people, so `everyone` cannot be its target", pattern),
            say!("write `everything`"),
        ),
        (TargetRef::Everything, _) => error(
            Code::UnexpectedTarget,
            say!("`{pattern}` is over people, so `everything` cannot be its target", pattern),
            say!("write `everyone`"),
        ),
        (TargetRef::Named(reference), Bound::Ambiguous(prefixes)) => ambiguous(reference, prefixes),
        (TargetRef::Named(reference), Bound::Unfit(prefix)) => {
            let code = if reference.prefix.is_some() { Code::UnexpectedTarget } else { Code::UnknownTarget };
            let message = say!(
                "`{reference}` is a {noun}, which `{pattern}` cannot be over",
                reference,
                noun = prefix.noun(),
                pattern
            );
            error(code, message, say!("name a {nouns}", nouns))
        }
        (TargetRef::Named(reference), Bound::Unknown(near)) => {
            let message = match reference.prefix {
                Some(prefix) => say!("there is no {noun} called `{name}`", noun = prefix.noun(), name = reference.name),
                None => say!("there is no {nouns} called `{name}`", nouns, name = reference.name),
            };
            error(Code::UnknownTarget, message, suggestion(near.as_deref(), scopes))
        }
        (TargetRef::Named(_), Bound::One(_)) => error(Code::UnknownTarget, Text::default(), Text::default()),
    }
}

fn noun_of(scope: Scope) -> Text {
    match scope {
        Scope::People => say!("user or group"),
        Scope::Modules => say!("module or module set"),
        Scope::Attachments => say!("attachment class"),
    }
}

fn suggestion(near: Option<&str>, scopes: &[Scope]) -> Text {
    match (near, scopes.first()) {
        (Some(near), _) => say!("did you mean `{near}`?", near),
        (None, Some(Scope::People) | None) => {
            say!("declare it in the section `users` or `groups`, or correct the name")
        }
        (None, Some(Scope::Modules)) => {
            say!("declare it in the section `modules` or `module_sets`, or correct the name")
        }
        (None, Some(Scope::Attachments)) => say!("declare it in the section `attachments`, or correct the name"),
    }
}

/// Finds the user, group or role that a reference names, of the kinds that can stand there.
///
/// # Errors
/// What is wrong with it.
pub fn subject_named(parts: &Parts, reference: &Reference, kinds: &[Prefix]) -> Result<Subject, Meaningless> {
    let error = |code, message, help| Meaningless { code, part: Part::Target, message, help };
    let name = &reference.name;
    Err(match parts.bind(reference, kinds) {
        Bound::One(Target::User(id)) => return Ok(Subject::User(id)),
        Bound::One(Target::Group(id)) => return Ok(Subject::Group(id)),
        Bound::One(_) => error(Code::UnknownUser, Text::default(), Text::default()),
        Bound::Ambiguous(prefixes) => ambiguous(reference, &prefixes),
        Bound::Unknown(near) => {
            let (code, message) = match reference.prefix {
                Some(Prefix::Group) => (Code::UnknownGroup, say!("there is no group `{name}`", name)),
                Some(_) => (Code::UnknownUser, say!("there is no user `{name}`", name)),
                None => (Code::UnknownUser, say!("there is no user or group `{name}`", name)),
            };
            error(code, message, suggestion(near.as_deref(), &[Scope::People]))
        }
        Bound::Unfit(prefix) => {
            let message = say!("`{reference}` is a {noun}, not a user or group", reference, noun = prefix.noun());
            error(Code::UnknownUser, message, say!("name a user or a group"))
        }
    })
}

/// A bare name that several things bear.
pub(crate) fn ambiguous(reference: &Reference, prefixes: &[Prefix]) -> Meaningless {
    let name = &reference.name;
    let nouns = list(prefixes.iter().map(|prefix| prefix.noun()), Joint::And);
    let ways = names(prefixes.iter().map(|prefix| format!("{}:{name}", prefix.as_str())), Joint::Or);
    Meaningless {
        code: Code::AmbiguousName,
        part: Part::Target,
        message: say!("`{name}` means several things: {nouns}", name, nouns),
        help: say!("say which one: {ways}", ways),
    }
}
