//! The names in the settings that no company knows: in sensitive rights, gates, reviewers and operators.
//!
//! Settings speak of all companies, so a name need exist in one of them only.

use crate::diag::{Code, Diagnostic};
use crate::model::{Bound, Meaningless, Part, Parts, Policy, ambiguous, rights_of_pattern};
use crate::name::{Name, RightName, nearest};
use crate::say;
use crate::syntax::expectation::Spans;
use crate::syntax::gate::Object;
use crate::syntax::rule::{At, Prefix, Reference, RightPattern, TargetRef, What};
use crate::syntax::settings::Settings;
use crate::text::Span;

use super::Company;

/// Everything that the settings name and no company has.
pub(super) fn unknown(settings: &Settings, companies: &[Company]) -> Vec<Diagnostic> {
    let policies: Vec<&Policy> = companies.iter().map(|company| &*company.policy).collect();
    let mut found = Vec::new();
    let mut add = |span: Span, wrong: Meaningless| {
        found.push(Diagnostic::new(wrong.code, settings.place(span), wrong.message).help(wrong.help));
    };
    for pattern in &settings.sensitive {
        unknown_rights(&policies, &pattern.value).into_iter().for_each(|wrong| add(pattern.span, wrong));
    }
    let gates = settings.gates.iter().filter_map(|gate| Some((gate.kind.object()?, &gate.spans)));
    let reviewers = settings.reviewers.iter().map(|reviewers| (&reviewers.object, &reviewers.spans));
    for (object, spans) in gates.chain(reviewers) {
        of_object(&policies, object, spans).into_iter().for_each(|(span, wrong)| add(span, wrong));
    }
    for operator in &settings.operators {
        unknown_user(&policies, &operator.user.value).into_iter().for_each(|wrong| add(operator.user.span, wrong));
    }
    found
}

/// What is wrong with an object that stands in no file, given all policies of which it speaks.
pub fn unknown_names(policies: &[&Policy], object: &Object) -> Vec<Meaningless> {
    of_object(policies, object, &Spans::default()).into_iter().map(|(_, wrong)| wrong).collect()
}

/// What is wrong with an object, and where.
fn of_object(policies: &[&Policy], object: &Object, spans: &Spans) -> Vec<(Span, Meaningless)> {
    match object {
        Object::Anything | Object::Sensitive => Vec::new(),
        Object::Right(What { right, target: None }) => {
            let wrong = unknown_rights(policies, &right.value);
            wrong.into_iter().map(|wrong| (spans.of(right), wrong)).collect()
        }
        Object::Right(What { right, target: Some(target) }) => {
            let wrong =
                in_some(policies, |parts| rights_of_pattern(parts, &right.value, Some(&target.value)).map(drop));
            let place = |wrong: &Meaningless| match wrong.part {
                Part::Right => spans.of(right),
                Part::Target => spans.of(target),
            };
            wrong.into_iter().map(|wrong| (place(&wrong), wrong)).collect()
        }
        Object::Access(target) => match &target.value {
            TargetRef::Everyone | TargetRef::Everything => Vec::new(),
            TargetRef::Named(reference) => {
                let wrong = in_some(policies, |parts| target_named(parts, reference).map_err(|wrong| vec![wrong]));
                wrong.into_iter().map(|wrong| (spans.of(target), wrong)).collect()
            }
        },
        Object::Membership(group) => {
            let wrong = in_some(policies, |parts| group_named(parts, group).map_err(|wrong| vec![wrong]));
            wrong.into_iter().map(|wrong| (spans.of(group), wrong)).collect()
        }
    }
}

/// What is wrong in every company; what only some companies lack is no matter, but that something is ambiguous or
/// cannot be meant is one in each.
fn in_some(policies: &[&Policy], understand: impl Fn(&Parts) -> Result<(), Vec<Meaningless>>) -> Vec<Meaningless> {
    let is_unknown = |wrong: &Meaningless| {
        matches!(wrong.code, Code::UnknownRight | Code::UnknownTarget | Code::UnknownGroup | Code::UnknownRole)
    };
    let lacks_right = |wrong: &[Meaningless]| wrong.iter().any(|wrong| wrong.code == Code::UnknownRight);
    let mut lacking: Option<Vec<Meaningless>> = None;
    let mut understood = false;
    for policy in policies {
        match understand(policy) {
            Ok(()) => understood = true,
            Err(wrong) if wrong.iter().all(is_unknown) => {
                // A company that knows the right says best what is wrong with the target.
                if lacking.as_deref().is_none_or(|known| lacks_right(known) && !lacks_right(&wrong)) {
                    lacking = Some(wrong);
                }
            }
            Err(wrong) => return wrong,
        }
    }
    lacking.filter(|_| !understood).unwrap_or_default()
}

fn target_named(parts: &Parts, reference: &Reference) -> Result<(), Meaningless> {
    let error = |message, help| Meaningless { code: Code::UnknownTarget, part: Part::Target, message, help };
    match parts.bind(reference, &Prefix::ALL) {
        Bound::One(_) => Ok(()),
        Bound::Ambiguous(prefixes) => Err(ambiguous(reference, &prefixes)),
        Bound::Unknown(near) => {
            let message = match reference.prefix {
                Some(prefix) => say!("there is no {noun} called `{name}`", noun = prefix.noun(), name = reference.name),
                None => say!("there is nothing called `{name}`", name = reference.name),
            };
            let help = match near {
                Some(near) => say!("did you mean `{near}`?", near),
                None => say!("name a user, a group, a role, a module, a module set or an attachment class"),
            };
            Err(error(message, help))
        }
        Bound::Unfit(_) => Ok(()),
    }
}

fn group_named(parts: &Parts, reference: &At<Reference>) -> Result<(), Meaningless> {
    let reference = &reference.value;
    let Bound::Unknown(near) = parts.bind(reference, &[Prefix::Group, Prefix::Role]) else { return Ok(()) };
    let name = &reference.name;
    let (code, message, section) = match reference.prefix {
        Some(Prefix::Role) => (Code::UnknownRole, say!("there is no role `{name}`", name), "roles"),
        _ => (Code::UnknownGroup, say!("there is no group `{name}`", name), "groups"),
    };
    let help = match near {
        Some(near) => say!("did you mean `{near}`?", near),
        None => say!("declare it in the section `{section}`, or correct the name", section),
    };
    Err(Meaningless { code, part: Part::Target, message, help })
}

/// A user that no company has.
fn unknown_user(policies: &[&Policy], name: &Name) -> Option<Meaningless> {
    if policies.iter().any(|policy| policy.users.find(name).is_some()) {
        return None;
    }
    let known = policies.iter().flat_map(|policy| policy.users.iter().map(|(_, name, _)| name.as_str()));
    let help = match nearest(name.as_str(), known) {
        Some(near) => say!("did you mean `{near}`?", near),
        None => say!("declare it in the section `{section}`, or correct the name", section = "users"),
    };
    let message = say!("there is no user `{name}`", name);
    Some(Meaningless { code: Code::UnknownUser, part: Part::Target, message, help })
}

/// The rights of a pattern that no company has.
fn unknown_rights(policies: &[&Policy], pattern: &RightPattern) -> Vec<Meaningless> {
    let names = || policies.iter().flat_map(|policy| policy.rights.iter().map(|(_, name, _)| name));
    let known = |action: &str| names().any(|name| name.area() == &*pattern.area && name.action() == action);
    let unknown = pattern.actions.iter().filter(|action| !known(action));
    let mut missing: Vec<String> = unknown.map(|action| format!("{}.{action}", pattern.area)).collect();
    if pattern.actions.is_empty() && !names().any(|name| name.area() == &*pattern.area) {
        missing.push(pattern.to_string());
    }
    let wrong = missing.into_iter().map(|right| {
        let near = match pattern.actions.as_slice() {
            [] => nearest(&pattern.area, names().map(RightName::area)).map(|area| format!("{area}.*")),
            _ => nearest(&right, names().map(RightName::as_str)).map(str::to_owned),
        };
        let help = match near {
            Some(near) => say!("did you mean `{near}`?", near),
            None => say!("`rightful rights` lists the catalogue; own rights are declared in the section `rights`"),
        };
        let message = say!("there is no right `{right}`", right);
        Meaningless { code: Code::UnknownRight, part: Part::Right, message, help }
    });
    wrong.collect()
}
