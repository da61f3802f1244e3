//! Expectations that a change takes out, moves to another day, or breaks.
//!
//! They are compared by what they mean, by keys; and those of the base are proved on the head in any case.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use crate::date::Date;
use crate::diag::{Code, Diagnostic};
use crate::model::expectation::{Bound, Crowd, Expectation, Expected};
use crate::model::key::{SubjectKey, TargetKey};
use crate::model::{Meant, Policy, Subject};
use crate::name::{Name, RightName};
use crate::syntax::expectation::ExpectationText;
use crate::syntax::grammar::parse_expectation;
use crate::syntax::rule::{Prefix, Reference, TargetRef};

use super::Weakened;

/// Accounts by their names before the change, if those are other ones.
type Renamed = BTreeMap<Name, Name>;

/// What is weakened in one company.
pub(super) fn weakened(base: &Policy, head: &Policy, on: Date) -> Vec<Weakened> {
    let renamed = renamed(head);
    let mut found = kept(base, head, &renamed);
    let mut asked = Vec::with_capacity(base.expectations.len());
    for expectation in &base.expectations {
        match understood(head, expectation, &renamed) {
            // The same word can mean somebody else in the head; then it is another expectation, and this one is gone.
            Ok(expected) if !is_about_the_same(base, &expectation.expected, head, &expected, &renamed) => {}
            Ok(expected) => asked.push(Expectation { expected, ..expectation.clone() }),
            Err(finding) => {
                found.push(Weakened::ExpectationUnaskable { text: expectation.text.clone(), finding: *finding });
            }
        }
    }
    let failed = failing(head, &asked, on);
    // Only if something fails there is anything to compare with.
    let before = if failed.is_empty() { Vec::new() } else { failing(base, &base.expectations, on) };
    found.extend(failed.into_iter().map(|(text, finding)| {
        let before = before.iter().any(|(_, known)| known.place() == finding.place());
        Weakened::ExpectationFails { text, finding, before }
    }));
    found
}

/// Whether words name the same subjects and targets in two policies.
fn is_about_the_same(base: &Policy, before: &Expected, head: &Policy, after: &Expected, renamed: &Renamed) -> bool {
    let (before, after) = (Meaning::new(base, before, renamed), Meaning::new(head, after, &Renamed::new()));
    let targets = |meaning: &Meaning| meaning.whats.iter().map(|(_, target)| target.clone()).collect::<BTreeSet<_>>();
    before.subjects == after.subjects && before.except == after.except && targets(&before) == targets(&after)
}

/// The expectations that fail on a policy, with the findings about them.
fn failing(policy: &Policy, expectations: &[Expectation], on: Date) -> Vec<(Box<str>, Diagnostic)> {
    let findings = check::expectations::prove(policy, expectations, on).findings;
    let failed = findings.into_iter().filter(|finding| finding.code == Code::ExpectationFailed);
    let with_text = |finding: Diagnostic| {
        let expectation = expectations.iter().find(|expectation| Some(expectation.place) == finding.place())?;
        Some((expectation.text.clone(), finding))
    };
    failed.filter_map(with_text).collect()
}

/// The expectations of the base that the head does not have, or has for another day only.
fn kept(base: &Policy, head: &Policy, renamed: &Renamed) -> Vec<Weakened> {
    let nobody_renamed = Renamed::new();
    let of_head: Vec<(Meaning, &Expectation)> =
        head.expectations.iter().map(|known| (Meaning::new(head, &known.expected, &nobody_renamed), known)).collect();
    let mut found = Vec::new();
    for expectation in &base.expectations {
        let meaning = Meaning::new(base, &expectation.expected, renamed);
        let alike = of_head.iter().filter(|(known, _)| known.implies(&meaning)).map(|(_, known)| *known);
        let alike: Vec<&Expectation> = alike.collect();
        if alike.iter().any(|known| known.on.is_none() || known.on == expectation.on) {
            continue;
        }
        let (text, base) = (expectation.text.clone(), expectation.place);
        found.push(match alike.iter().find_map(|known| Some((known.on?, known.place))) {
            Some((after, head)) => Weakened::ExpectationDated { text, before: expectation.on, after, base, head },
            None => Weakened::ExpectationGone { text, base },
        });
    }
    found
}

/// The accounts of a policy that were called otherwise.
fn renamed(head: &Policy) -> Renamed {
    head.renames().filter(|(before, _)| head.users.find(before).is_none()).collect()
}

/// What an expectation of the base means in the head.
fn understood(head: &Policy, expectation: &Expectation, renamed: &Renamed) -> Result<Expected, Box<Diagnostic>> {
    let finding = |code, message| Box::new(Diagnostic::new(code, expectation.place, message));
    let mut text = parse_expectation(&expectation.text).map_err(|error| finding(Code::RuleSyntax, error.message))?;
    rename(head, &mut text, renamed);
    Expected::understand(head, &text).map_err(|all| {
        let first = all.into_iter().next().map(|wrong| wrong.value);
        first.map_or_else(
            || finding(Code::UnknownTarget, Default::default()),
            |wrong| finding(wrong.code, wrong.message),
        )
    })
}

/// Puts the new names of accounts into an expectation.
fn rename(head: &Policy, text: &mut ExpectationText, renamed: &Renamed) {
    let new_name = |reference: &mut Reference| {
        let unknown = Prefix::ALL.iter().all(|prefix| head.lookup(*prefix, &reference.name).is_none());
        let is_user = reference.prefix == Some(Prefix::User) || (reference.prefix.is_none() && unknown);
        if let Some(name) = renamed.get(&reference.name).filter(|_| is_user) {
            *reference = Reference { prefix: Some(Prefix::User), name: name.clone() };
        }
    };
    let (crowd, whats) = text.parts_mut();
    if let Some(crowd) = crowd {
        crowd.subjects.iter_mut().chain(&mut crowd.except).for_each(|part| new_name(&mut part.value));
    }
    for what in whats {
        if let Some(TargetRef::Named(reference)) = what.target.as_mut().map(|target| &mut target.value) {
            new_name(reference);
        }
    }
}

/// An expectation by keys. The order of people and rights says nothing.
#[derive(PartialEq, Eq)]
struct Meaning {
    form: Form,
    everyone: bool,
    subjects: BTreeSet<SubjectKey>,
    except: BTreeSet<SubjectKey>,
    whats: BTreeSet<(BTreeSet<RightName>, Option<TargetKey>)>,
}

#[derive(PartialEq, Eq)]
enum Form {
    Can,
    Cannot,
    Only,
    Nobody,
    Count(Bound, u32),
}

impl Meaning {
    fn new(policy: &Policy, expected: &Expected, renamed: &Renamed) -> Self {
        let form = match expected {
            Expected::Can(..) => Form::Can,
            Expected::Cannot(..) => Form::Cannot,
            Expected::Only(..) => Form::Only,
            Expected::Nobody(_) => Form::Nobody,
            Expected::Count(bound, number, _) => Form::Count(*bound, *number),
        };
        let new_name = |name: &Name| renamed.get(name).unwrap_or(name).clone();
        let subject = |subject: &Subject| match policy.subject_key(*subject) {
            SubjectKey::User(name) => SubjectKey::User(new_name(&name)),
            other => other,
        };
        let what = |meant: &Meant| {
            let rights = meant.rights.iter().map(|right| policy.rights.key(*right).clone()).collect();
            let target = meant.target.map(|target| match policy.target_key(target) {
                TargetKey::User(name) => TargetKey::User(new_name(&name)),
                other => other,
            });
            (rights, target)
        };
        let (crowd, whats) = expected.parts();
        let nobody = Crowd::default();
        let crowd = crowd.unwrap_or(&nobody);
        Self {
            form,
            everyone: crowd.everyone,
            subjects: crowd.subjects.iter().map(subject).collect(),
            except: crowd.except.iter().map(subject).collect(),
            whats: whats.iter().map(what).collect(),
        }
    }

    /// Whether the other one holds wherever this one does.
    fn implies(&self, other: &Self) -> bool {
        let same_people =
            self.everyone == other.everyone && self.subjects == other.subjects && self.except == other.except;
        same_people && self.whats == other.whats && self.form.implies(&other.form)
    }
}

impl Form {
    fn implies(&self, other: &Self) -> bool {
        let (Self::Count(bound, number), Self::Count(wanted, limit)) = (self, other) else { return self == other };
        match wanted {
            Bound::AtLeast => *bound != Bound::AtMost && number >= limit,
            Bound::AtMost => *bound != Bound::AtLeast && number <= limit,
            Bound::Exactly => *bound == Bound::Exactly && number == limit,
        }
    }
}
