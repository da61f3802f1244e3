//! What a weakening is called, where it stands, and what is said of it.

use crate::language::{Joint, Text, names};
use crate::say;
use crate::text::Place;

use crate::review::Side;

use super::{Weakened, Weakening};

impl Weakening {
    /// The word for it in every output.
    pub fn kind(&self) -> &'static str {
        match &self.what {
            Weakened::CompanyGone { .. } => "company",
            Weakened::ExpectationGone { .. } => "expectation-gone",
            Weakened::ExpectationDated { .. } => "expectation-dated",
            Weakened::ExpectationUnaskable { .. } => "expectation-unaskable",
            Weakened::ExpectationFails { .. } => "expectation-fails",
            Weakened::Sensitive { .. } => "sensitive",
            Weakened::Guard { .. } => "guard",
            Weakened::Operator { .. } => "operator",
            Weakened::AuditHead { .. } => "audit-head",
            Weakened::Database { .. } => "database",
            Weakened::Level { .. } => "level",
            Weakened::Gate { .. } => "gate",
            Weakened::Reviewers { .. } => "reviewers",
            Weakened::Silenced { .. } => "silenced",
        }
    }

    /// Whether the gate `expectations hold` is about it: what the base expects fails on the head, or cannot be asked.
    pub fn breaks_expectation(&self) -> bool {
        matches!(self.what, Weakened::ExpectationFails { .. } | Weakened::ExpectationUnaskable { .. })
    }

    /// Whether the change does it: an expectation that failed before it is not weakened by what leaves it failing.
    pub fn is_of_change(&self) -> bool {
        !matches!(self.what, Weakened::ExpectationFails { before: true, .. })
    }

    /// What is weakened, as it is written or called.
    pub fn what(&self) -> String {
        match &self.what {
            Weakened::CompanyGone { company, .. } | Weakened::Database { company, .. } => {
                company.as_ref().map(ToString::to_string).unwrap_or_default()
            }
            Weakened::ExpectationGone { text, .. }
            | Weakened::ExpectationDated { text, .. }
            | Weakened::ExpectationUnaskable { text, .. }
            | Weakened::ExpectationFails { text, .. } => text.to_string(),
            Weakened::Sensitive { pattern, .. } => pattern.clone(),
            Weakened::Guard { guard, .. } => guard.to_string(),
            Weakened::Operator { os_user, .. } => os_user.to_string(),
            Weakened::AuditHead { before, .. } => before.to_string(),
            Weakened::Level { code, .. } => code.to_string(),
            Weakened::Gate { before, .. } => before.clone(),
            Weakened::Reviewers { object, .. } => object.clone(),
            Weakened::Silenced { finding } => finding.code.to_string(),
        }
    }

    /// Where it is written, the place to look at first before others.
    pub fn places(&self) -> Vec<(Side, Place)> {
        let head_first = |base: Option<Place>, head: Option<Place>| {
            let head = head.map(|place| (Side::Head, place));
            head.into_iter().chain(base.map(|place| (Side::Base, place))).collect()
        };
        match &self.what {
            Weakened::CompanyGone { base, .. } => head_first(*base, None),
            Weakened::ExpectationGone { base, .. } | Weakened::Sensitive { base, .. } => head_first(Some(*base), None),
            Weakened::ExpectationDated { base, head, .. } => head_first(Some(*base), Some(*head)),
            Weakened::ExpectationUnaskable { finding, .. } | Weakened::ExpectationFails { finding, .. } => {
                let sides = std::iter::once(Side::Base).chain(std::iter::repeat(Side::Head));
                sides.zip(finding.labels.iter().map(|label| label.place)).collect()
            }
            Weakened::Operator { base, head, .. }
            | Weakened::AuditHead { base, head, .. }
            | Weakened::Gate { base, head, .. }
            | Weakened::Reviewers { base, head, .. } => head_first(Some(*base), *head),
            Weakened::Guard { base, head, .. }
            | Weakened::Database { base, head, .. }
            | Weakened::Level { base, head, .. } => head_first(*base, *head),
            Weakened::Silenced { finding } => finding.labels.iter().map(|label| (Side::Head, label.place)).collect(),
        }
    }

    /// The fact in words.
    pub fn message(&self) -> Text {
        match &self.what {
            Weakened::CompanyGone { company: Some(company), .. } => say!("the company `{company}` is gone", company),
            Weakened::CompanyGone { company: None, .. } => {
                say!("there are several companies now, so nothing that was expected before can be asked of them")
            }
            Weakened::ExpectationGone { text, .. } => say!("`{text}` is no longer expected", text),
            Weakened::ExpectationDated { text, before: None, after, .. } => {
                say!("`{text}` is expected on {after} only, no longer on every day", text, after)
            }
            Weakened::ExpectationDated { text, before: Some(before), after, .. } => {
                say!("`{text}` is expected on {after}, no longer on {before}", text, after, before)
            }
            Weakened::ExpectationUnaskable { text, finding } => {
                say!("`{text}` can no longer be asked: {why}", text, why = finding.message)
            }
            Weakened::ExpectationFails { finding, before: false, .. } => finding.message.clone(),
            Weakened::ExpectationFails { finding, before: true, .. } => {
                say!("{what}; it did not hold before either", what = finding.message)
            }
            Weakened::Sensitive { pattern, rights, .. } if rights.is_empty() => {
                say!("no longer sensitive whatever is declared: `{pattern}`", pattern)
            }
            Weakened::Sensitive { rights, .. } => {
                say!("no longer sensitive: {rights}", rights = names(rights, Joint::And))
            }
            Weakened::Guard { guard, before, after: None, .. } => {
                let before = before.unwrap_or(guard.default_limit());
                say!("the guard `{field}` is gone, which was {before}", field = guard, before)
            }
            Weakened::Guard { guard, before: Some(before), after: Some(after), .. } => {
                say!("the guard `{field}` was {before} and is {after}", field = guard, before, after)
            }
            Weakened::Guard { guard, before: None, after: Some(after), .. } => {
                let before = guard.default_limit();
                say!("the guard `{field}` was {before}, its default, and is {after}", field = guard, before, after)
            }
            Weakened::Operator { os_user, before, after: None, .. } => {
                say!("the operator `{os_user}` is gone, who was `{before}`", os_user, before)
            }
            Weakened::Operator { os_user, before, after: Some(after), .. } => {
                say!("the operator `{os_user}` was `{before}` and is `{after}`", os_user, before, after)
            }
            Weakened::AuditHead { before, after: None, .. } => {
                say!("the head of the audit is no longer kept in `{before}`", before)
            }
            Weakened::AuditHead { before, after: Some(after), .. } => {
                say!("the head of the audit was kept in `{before}` and is kept in `{after}`", before, after)
            }
            Weakened::Database { company: Some(company), has_another: true, .. } => {
                say!("the company `{company}` has another database than before", company)
            }
            Weakened::Database { company: Some(company), has_another: false, .. } => {
                say!("the settings name no database for `{name}` any more", name = company)
            }
            Weakened::Database { company: None, .. } => say!("the policy has another database than before"),
            Weakened::Level { code, before, after, .. } => {
                let (before, after) = (before.as_str(), after.as_str());
                say!("the level of `{code}` was `{before}` and is `{after}`", code, before, after)
            }
            Weakened::Gate { before, after: None, .. } => say!("the gate `{before}` is gone", before),
            Weakened::Gate { before, after: Some(after), .. } => {
                say!("the gate `{before}` has become `{after}`", before, after)
            }
            Weakened::Reviewers { object, before, after, .. } if after.is_empty() => {
                say!(
                    "nobody has to approve `{object}` any more; it was {before}",
                    object,
                    before = names(before, Joint::Or)
                )
            }
            Weakened::Reviewers { object, before, after, .. } => {
                let (before, after) = (names(before, Joint::Or), names(after, Joint::Or));
                say!("whoever approves `{object}` was {before} and is {after}", object, before, after)
            }
            Weakened::Silenced { finding } => {
                say!("by the levels before the change this is an error: {what}", what = finding.message)
            }
        }
    }
}

/// What sorts weakenings of companies: their kind, then the base's place.
pub(super) fn order(what: &Weakened) -> (u8, Option<Place>) {
    let of = |finding: &crate::diag::Diagnostic| finding.place();
    match what {
        Weakened::ExpectationGone { base, .. } => (0, Some(*base)),
        Weakened::ExpectationDated { base, .. } => (1, Some(*base)),
        Weakened::ExpectationUnaskable { finding, .. } => (2, of(finding)),
        Weakened::ExpectationFails { finding, .. } => (3, of(finding)),
        _ => (4, None),
    }
}
