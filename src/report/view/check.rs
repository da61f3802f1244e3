//! What a check found, in one line.

use crate::diag::{Diagnostic, Severity};
use crate::model::{Effect, Policy};
use crate::report::block::{Line, Page, Tone};
use crate::text::Sources;

use super::count;

/// The last line of a check.
pub fn summary(findings: &[Diagnostic], sources: &Sources, policy: Option<&Policy>) -> Page {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let mut line = match (errors, warnings) {
        (0, 0) => Line::new().then(Tone::Yes, "ok"),
        (0, _) => Line::new().then(Tone::Warning, count(warnings, "warning")),
        (_, 0) => Line::new().then(Tone::No, count(errors, "error")),
        _ => {
            let line = Line::new().then(Tone::No, count(errors, "error")).then(Tone::Plain, ", ");
            line.then(Tone::Warning, count(warnings, "warning"))
        }
    };
    line = line.then(Tone::Plain, format!(" in {}", count(sources.len(), "file")));
    if let Some(policy) = policy {
        let effect = |effect| policy.rules.iter().filter(|rule| rule.effect == effect).count();
        let content = format!(
            ": {}, {}, {} ({} allow, {} deny)",
            count(policy.users.len(), "user"),
            count(policy.groups.len(), "group"),
            count(policy.rules.len(), "rule"),
            effect(Effect::Allow),
            effect(Effect::Deny),
        );
        line = line.then(Tone::Quiet, content);
    }
    let mut page = Page::default();
    page.text(line);
    page
}
