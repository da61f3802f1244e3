//! A difference as SARIF: an alert at each edit that gives or takes something, or does nothing.
//!
//! Code scanning shows an alert only at a line of a file of the head. What was taken out has none there any more, so it
//! stands at the first line of its file, and the text says where it was.

use std::collections::BTreeMap;

use crate::language::{Language, Text};
use crate::name::Name;
use crate::report::view::{Alert, Alerted, place};
use crate::say;
use crate::text::{Place, Sources};

use super::{
    ArtifactLocation, Configuration, Finding, Help, Location, Log, PhysicalLocation, Properties, Region, Rule, escaped,
    message, one_run, region, uri,
};

/// Every kind of alert, in the order of the rules.
const ALL: [Alert; 4] = [Alert::SensitiveGained, Alert::Gained, Alert::Lost, Alert::Inert];

/// The alerts of all companies, each with its name if there are several. `below` is the way from the checkout to the
/// policies: empty, or ending in `/`.
pub fn log(sources: [&Sources; 2], alerts: &[(Option<&Name>, Alerted)], below: &str, language: Language) -> Log {
    let files = Files { sources, below };
    let mut seen = BTreeMap::new();
    let results = alerts.iter().map(|(company, alert)| result(&files, *company, alert, language, &mut seen)).collect();
    one_run("rightful/diff", ALL.iter().map(|alert| rule(*alert, language)).collect(), results)
}

/// The files of both sides, and the way to them.
struct Files<'a> {
    sources: [&'a Sources; 2],
    below: &'a str,
}

fn id(alert: Alert) -> &'static str {
    match alert {
        Alert::SensitiveGained => "sensitive-right-gained",
        Alert::Gained => "rights-gained",
        Alert::Lost => "rights-lost",
        Alert::Inert => "inert-edit",
    }
}

fn level(alert: Alert) -> &'static str {
    match alert {
        Alert::SensitiveGained | Alert::Gained => "warning",
        Alert::Lost | Alert::Inert => "note",
    }
}

fn rule(alert: Alert, language: Language) -> Rule {
    let (short, full): (Text, Text) = match alert {
        Alert::SensitiveGained => (
            say!("somebody gains a sensitive right"),
            say!("After this change somebody may do what the settings call sensitive. Please see whether it is meant."),
        ),
        Alert::Gained => (
            say!("somebody gains a right"),
            say!("After this change somebody may do what was refused before. Please see whether it is meant."),
        ),
        Alert::Lost => (
            say!("somebody loses a right"),
            say!("After this change somebody may no longer do what was allowed before."),
        ),
        Alert::Inert => (
            say!("an edit changes no answer"),
            say!("Without this edit everybody would have the same rights. Perhaps something else was meant."),
        ),
    };
    let full = full.to(language);
    Rule {
        id: id(alert),
        short_description: message(&short.to(language)),
        full_description: message(&full),
        help: Help { text: escaped(&full), markdown: full },
        default_configuration: Configuration { enabled: true, level: level(alert) },
        properties: Properties { tags: vec!["access-policy"] },
    }
}

fn result(
    files: &Files<'_>,
    company: Option<&Name>,
    alert: &Alerted,
    language: Language,
    seen: &mut BTreeMap<String, usize>,
) -> Finding {
    let mut text = alert.text.to(language);
    if let Some(company) = company {
        text = say!("company {name}: {text}", name = company, text).to(language);
    }
    // What is not in the head any more is said.
    if let Some((0, at)) = alert.places.first() {
        text = say!("{text} (was at {place})", text, place = place(files.sources[0], Some(*at))).to(language);
    }
    let (first, rest) = alert.places.split_at(alert.places.len().min(1));
    let related = rest.iter().enumerate().map(|(index, at)| location(files, Some(*at), Some(index + 1)));
    Finding {
        rule_id: id(alert.alert),
        rule_index: ALL.iter().position(|known| *known == alert.alert).unwrap_or_default(),
        level: level(alert.alert),
        message: message(&text),
        locations: vec![location(files, first.first().copied(), None)],
        related_locations: related.collect(),
        partial_fingerprints: fingerprints(files, company, alert, seen),
    }
}

/// What stays the same when lines above move and other people come: the rule, the company, the file, and the edit.
fn fingerprints(
    files: &Files<'_>,
    company: Option<&Name>,
    alert: &Alerted,
    seen: &mut BTreeMap<String, usize>,
) -> BTreeMap<&'static str, String> {
    let file = alert.places.first().map_or("", |(side, at)| files.sources[*side].file(at.file).path());
    super::print_of(&[id(alert.alert), company.map_or("", Name::as_str), file, &alert.cause.english()], seen)
}

/// A place of the head, or the first line of the file; without any the first line of the first file there is.
fn location(files: &Files<'_>, at: Option<(usize, Place)>, id: Option<usize>) -> Location {
    let first_line = Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
    let (path, region) = match at {
        Some((1, Place { file, span })) => {
            let file = files.sources[1].file(file);
            (file.path(), region(file, span))
        }
        Some((_, at)) => (files.sources[0].file(at.file).path(), first_line),
        None => (files.sources[1].iter().next().map_or("rightful.yaml", |(_, file)| file.path()), first_line),
    };
    Location {
        id,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri(&format!("{}{path}", files.below)),
                uri_base_id: "%SRCROOT%",
            },
            region,
        },
        message: None,
    }
}
