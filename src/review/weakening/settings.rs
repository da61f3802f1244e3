//! Settings that a change takes out or loosens: companies and their databases, sensitive rights, guards, operators, where
//! the head of the audit is kept, levels, gates and reviewers.

use std::collections::BTreeSet;

use crate::diag::Code;
use crate::model::key::TargetKey;
use crate::name::RightName;
use crate::repository::{Company, DATABASE, Repository};
use crate::review::object::named;
use crate::syntax::database::DatabaseUrl;
use crate::syntax::gate::{GateKind, Object};
use crate::syntax::rule::{RightPattern, TargetRef};
use crate::syntax::settings::{Approver, Guard, Limit, Reviewers, Settings};
use crate::text::{Place, Spanned};

use super::{Weakened, pairs};

/// The companies that only the base has. One without a name is found again if the head has one only.
pub(super) fn companies_gone(base: &Repository, head: &Repository) -> Vec<Weakened> {
    let named = &base.settings.companies;
    if named.is_empty() && head.companies.len() > 1 {
        return vec![Weakened::CompanyGone { company: None, base: None }];
    }
    let known: BTreeSet<_> = head.settings.companies.iter().map(|company| &company.name.value).collect();
    let gone = named.iter().filter(|company| !known.contains(&company.name.value));
    gone.map(|company| Weakened::CompanyGone {
        company: Some(company.name.value.clone()),
        base: Some(base.settings.place(company.name.span)),
    })
    .collect()
}

/// Everything that is weakened in the settings, companies apart.
pub(super) fn weakened(base: &Repository, head: &Repository) -> Vec<Weakened> {
    let mut found = sensitive(base, head);
    let (before, after) = (&base.settings, &head.settings);
    found.extend(guards(before, after));
    found.extend(operators(before, after));
    found.extend(audit_head(before, after));
    found.extend(databases(base, head));
    found.extend(Code::ALL.iter().filter_map(|code| level(before, after, *code)));
    let meaning = Meaning { head };
    found.extend(before.gates.iter().filter_map(|gate| {
        let alike = |known: &&crate::syntax::gate::Gate| meaning.is_as_strict(&known.kind, &gate.kind);
        if after.gates.iter().any(|known| alike(&known)) {
            return None;
        }
        // What is about the same object and lets more through is what became of it.
        let left = after.gates.iter().find(|known| meaning.loosens(&known.kind, &gate.kind));
        Some(Weakened::Gate {
            before: gate.kind.to_string(),
            after: left.map(|gate| gate.kind.to_string()),
            base: before.place(gate.span),
            head: left.map(|gate| after.place(gate.span)),
        })
    }));
    found.extend(before.reviewers.iter().filter_map(|entry| reviewers(&meaning, before, after, entry)));
    found
}

/// Rights that were sensitive and are not, by name: other words for the same rights are as good.
fn sensitive(base: &Repository, head: &Repository) -> Vec<Weakened> {
    let rights = |repository: &Repository| -> BTreeSet<RightName> {
        let rights = repository.companies.iter().flat_map(|company| company.policy.rights.iter());
        rights.map(|(_, name, _)| name.clone()).collect()
    };
    let covered = |patterns: &[Spanned<RightPattern>], right: &RightName| {
        patterns.iter().position(|pattern| pattern.value.covers(right))
    };
    let (of_base, of_head) = (rights(base), rights(head));
    let patterns = &base.settings.sensitive;
    let mut lost: Vec<Vec<RightName>> = vec![Vec::new(); patterns.len()];
    for right in of_base.intersection(&of_head) {
        if let Some(index) = covered(patterns, right)
            && covered(&head.settings.sensitive, right).is_none()
        {
            lost[index].push(right.clone());
        }
    }
    // A whole area covers rights that nobody has declared yet; a list of its rights does not.
    let whole = |pattern: &RightPattern| pattern.actions.is_empty();
    let narrowed = |pattern: &RightPattern| {
        let same = |other: &Spanned<RightPattern>| whole(&other.value) && other.value.area == pattern.area;
        whole(pattern) && !head.settings.sensitive.iter().any(same)
    };
    let with_pattern =
        patterns.iter().zip(lost).filter(|(pattern, rights)| !rights.is_empty() || narrowed(&pattern.value));
    with_pattern
        .map(|(pattern, rights)| Weakened::Sensitive {
            pattern: pattern.value.to_string(),
            rights,
            base: base.settings.place(pattern.span),
        })
        .collect()
}

fn guards(before: &Settings, after: &Settings) -> Vec<Weakened> {
    let loosened = |guard: Guard| {
        let (known, now) = (before.guards.said(guard), after.guards.said(guard));
        let value = |said: Option<&Spanned<Limit>>| said.map(|said| said.value);
        (!is_as_strict(guard, value(known), value(now))).then(|| Weakened::Guard {
            guard,
            before: value(known),
            after: value(now),
            base: known.map(|known| before.place(known.span)),
            head: now.map(|now| after.place(now.span)),
        })
    };
    Guard::ALL.into_iter().filter_map(loosened).collect()
}

/// Whether a limit, or the default where none is set, stops whatever the one before stopped.
fn is_as_strict(guard: Guard, before: Option<Limit>, after: Option<Limit>) -> bool {
    let default = guard.default_limit();
    if before == after || before == Some(Limit::Off) {
        return true;
    }
    let Some(after) = after else {
        // A default that lets some people through whatever share they are is looser than the same limit without that.
        return guard.default_people() == 0 && is_as_strict(guard, before, Some(default));
    };
    match (before.unwrap_or(default), after) {
        (_, Limit::On | Limit::Percent(0) | Limit::Number(0)) => true,
        (Limit::Percent(before), Limit::Percent(after)) | (Limit::Number(before), Limit::Number(after)) => {
            after <= before
        }
        // Whatever passes the default is more than the people that it lets through.
        (_, Limit::Number(after)) if before.is_none() => after as usize <= guard.default_people(),
        // Else a share and a number cannot be compared.
        _ => false,
    }
}

/// Operators who are none any more, or have another account.
fn operators<'s>(before: &'s Settings, after: &'s Settings) -> impl Iterator<Item = Weakened> + 's {
    before.operators.iter().filter_map(|known| {
        let now = after.operators.iter().find(|now| now.os_user.value == known.os_user.value);
        let same = now.is_some_and(|now| now.user.value == known.user.value);
        (!same).then(|| Weakened::Operator {
            os_user: known.os_user.value.clone(),
            before: known.user.value.clone(),
            after: now.map(|now| now.user.value.clone()),
            base: before.place(known.user.span),
            head: now.map(|now| after.place(now.user.span)),
        })
    })
}

/// Heads that were kept in a file are looked for there. Who has them kept elsewhere may have written the record anew.
fn audit_head(before: &Settings, after: &Settings) -> Option<Weakened> {
    let (known, now) = (before.audit.head.as_ref()?, after.audit.head.as_ref());
    (now.map(|now| &now.value) != Some(&known.value)).then(|| Weakened::AuditHead {
        before: known.value.clone(),
        after: now.map(|now| now.value.clone()),
        base: before.place(known.span),
        head: now.map(|now| after.place(now.span)),
    })
}

/// Another database has another record, and none of the heads that were kept is its own.
fn databases<'r>(base: &'r Repository, head: &'r Repository) -> impl Iterator<Item = Weakened> + 'r {
    let of = |company: &Company| match (&company.database, &company.name) {
        (None, None) => DatabaseUrl::parse(DATABASE).ok(),
        (database, _) => database.clone(),
    };
    let place = |repository: &Repository, company: &Company| -> Option<Place> {
        let settings = &repository.settings;
        let declared = settings.companies.iter().find(|known| Some(&known.name.value) == company.name.as_ref())?;
        Some(settings.place(declared.body.database.as_ref()?.span))
    };
    // Of a company that is gone its name says enough.
    let stays = |before: &Company, after: &Company| before.name.is_none() || before.name == after.name;
    pairs(base, head).into_iter().filter(move |(before, after)| stays(before, after)).filter_map(
        move |(before, after)| {
            let (known, now) = (of(before)?, of(after));
            (now.as_ref() != Some(&known)).then(|| Weakened::Database {
                company: after.name.clone(),
                has_another: now.is_some(),
                base: place(base, before),
                head: place(head, after),
            })
        },
    )
}

fn level(before: &Settings, after: &Settings, code: Code) -> Option<Weakened> {
    let (level_before, level_after) = (before.level(code), after.level(code));
    let place = |settings: &Settings| settings.lints.get(&code).map(|level| settings.place(level.span));
    // Levels count from the heaviest.
    (level_after > level_before).then(|| Weakened::Level {
        code,
        before: level_before,
        after: level_after,
        base: place(before),
        head: place(after),
    })
}

fn reviewers(meaning: &Meaning<'_>, before: &Settings, after: &Settings, entry: &Reviewers) -> Option<Weakened> {
    let approvers = |entry: &Reviewers| -> BTreeSet<Approver> {
        entry.approvers.iter().map(|approver| approver.value.clone()).collect()
    };
    let wanted = approvers(entry);
    let covering = |known: &&Reviewers| meaning.covers(&known.object, &entry.object);
    if after.reviewers.iter().any(|known| covering(&known) && approvers(known) == wanted) {
        return None;
    }
    let now = after.reviewers.iter().find(|known| covering(known) && meaning.covers(&entry.object, &known.object));
    Some(Weakened::Reviewers {
        object: entry.object.to_string(),
        before: wanted.into_iter().collect(),
        after: now.map(|now| approvers(now).into_iter().collect()).unwrap_or_default(),
        base: before.place(entry.span),
        head: now.map(|now| after.place(now.span)),
    })
}

/// Compares gates and objects by what their words mean, today and whoever comes into a group: a name stands for what
/// the head calls so.
struct Meaning<'r> {
    head: &'r Repository,
}

impl Meaning<'_> {
    /// Whether a gate stops whatever the other one stops.
    fn is_as_strict(&self, gate: &GateKind, other: &GateKind) -> bool {
        match (gate, other) {
            (
                GateKind::AtMost { users, turn, object },
                GateKind::AtMost { users: most, turn: other_turn, object: other },
            ) => users <= most && turn == other_turn && self.covers(object, other),
            (GateKind::NoChange, GateKind::AtMost { object, .. }) => !matches!(object, Object::Membership(_)),
            _ => gate == other,
        }
    }

    /// Whether a gate is about the same as the other one, and lets more through.
    fn loosens(&self, gate: &GateKind, other: &GateKind) -> bool {
        match (gate, other) {
            (GateKind::AtMost { turn, object, .. }, GateKind::AtMost { turn: other_turn, object: other, .. }) => {
                turn == other_turn && self.covers(object, other)
            }
            _ => false,
        }
    }

    /// Whether an object covers all that the other one covers.
    fn covers(&self, object: &Object, other: &Object) -> bool {
        match (object, other) {
            (Object::Anything, Object::Membership(_)) => false,
            (Object::Anything, _) | (Object::Sensitive, Object::Sensitive) => true,
            (Object::Right(what), Object::Right(other)) => {
                let target = match (&what.target, &other.target) {
                    (None, _) => true,
                    (Some(target), Some(other)) => self.same(&target.value, &other.value),
                    (Some(_), None) => false,
                };
                target && has_all(&what.right.value, &other.right.value)
            }
            (Object::Access(target), Object::Access(other)) => self.same(&target.value, &other.value),
            (Object::Access(target), Object::Right(what)) => {
                what.target.as_ref().is_some_and(|other| self.same(&target.value, &other.value))
            }
            (Object::Membership(group), Object::Membership(other)) => group.value == other.value,
            _ => false,
        }
    }

    /// Whether two targets are the same, with or without a prefix.
    fn same(&self, target: &TargetRef, other: &TargetRef) -> bool {
        let (TargetRef::Named(reference), TargetRef::Named(of_other)) = (target, other) else { return target == other };
        let keys = |reference| -> BTreeSet<TargetKey> {
            let found = self.head.companies.iter().flat_map(|company| {
                named(&company.policy, reference).into_iter().map(|target| company.policy.target_key(target))
            });
            found.collect()
        };
        let keys = [keys(reference), keys(of_other)];
        reference == of_other || (!keys[0].is_empty() && keys[0] == keys[1])
    }
}

/// Whether the words of some rights cover all that others cover, also in areas that get more rights.
fn has_all(pattern: &RightPattern, other: &RightPattern) -> bool {
    let has = |action| pattern.actions.contains(action);
    pattern.area == other.area
        && (pattern.actions.is_empty() || (!other.actions.is_empty() && other.actions.iter().all(has)))
}
