//! What a change weakens of its own review.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::Language;
use crate::review::{Side, Weakening};
use crate::text::Sources;

use super::file_and_line;

/// Something that the change weakens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WeakeningOut {
    /// `company`, `expectation-gone`, `expectation-dated`, `expectation-unaskable`, `expectation-fails`, `sensitive`,
    /// `guard`, `operator`, `audit-head`, `database`, `level`, `gate`, `reviewers` or `silenced`.
    pub kind: &'static str,
    /// The companies, where the settings name some and it is about them in particular.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub companies: Vec<String>,
    /// The expectation, gate, code or other thing, as it was written or is called.
    pub what: String,
    /// The file, relative to the root.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Whether the file is that of the `base` or of the `head`.
    pub side: Option<&'static str>,
    /// The fact.
    pub message: String,
}

/// Everything that a change weakens.
pub fn weakenings(found: &[Weakening], base: &Sources, head: &Sources, language: Language) -> Vec<WeakeningOut> {
    let out = |weakening: &Weakening| {
        let place = weakening.places().into_iter().next();
        let (file, line) = match place {
            Some((Side::Base, place)) => file_and_line(base, Some(place)),
            Some((Side::Head, place)) => file_and_line(head, Some(place)),
            None => (None, None),
        };
        WeakeningOut {
            kind: weakening.kind(),
            companies: weakening.companies.iter().map(ToString::to_string).collect(),
            what: weakening.what(),
            file,
            line,
            side: place.map(|(side, _)| side.as_str()),
            message: weakening.message().to(language),
        }
    };
    found.iter().map(out).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use crate::language::Language;
    use crate::testing::{day, repository};

    #[test]
    fn a_weakening_says_on_which_side_it_stands() {
        let base = repository(
            "//- rightful.yaml\nguards: { lose_rights: 5 }\ngates: [no change]\n//- policies/a.yaml\nusers: { lars: }\n",
        );
        let head = repository("//- rightful.yaml\nguards: { lose_rights: 9 }\n//- policies/a.yaml\nusers: { lars: }\n");
        let found = crate::review::weakenings(&base, &head, day("2026-11-22"));
        let out = super::weakenings(&found, &base.sources, &head.sources, Language::English);
        let guard = json!({
            "kind": "guard", "what": "lose_rights", "file": "rightful.yaml", "line": 1, "side": "head",
            "message": "the guard `lose_rights` was 5 and is 9",
        });
        let gate = json!({
            "kind": "gate", "what": "no change", "file": "rightful.yaml", "line": 2, "side": "base",
            "message": "the gate `no change` is gone",
        });
        assert_eq!(to_value(out).unwrap(), json!([guard, gate]));
    }
}
