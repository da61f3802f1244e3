//! What a check found, in one line, and how many expectations hold, in another.

use crate::diag::{Diagnostic, Severity};
use crate::model::{Effect, Policy};
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::count;

/// The last line of a check, with what the policies have if they compile.
pub fn summary(findings: &[Diagnostic], files: usize, policies: &[&Policy]) -> Page {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let mut line = match (errors, warnings) {
        (0, 0) => Line::new().then(Tone::Yes, say!("ok")),
        (0, _) => Line::new().then(Tone::Warning, count::warnings(warnings)),
        (_, 0) => Line::new().then(Tone::No, count::errors(errors)),
        _ => {
            let line = Line::new().then(Tone::No, count::errors(errors)).then(Tone::Plain, ", ");
            line.then(Tone::Warning, count::warnings(warnings))
        }
    };
    line = line.then(Tone::Plain, say!(" in {files}", files = count::files(files)));
    if policies.len() > 1 {
        line = line.then(Tone::Plain, say!(" of {companies}", companies = count::companies(policies.len())));
    }
    if !policies.is_empty() {
        let sum = |number: fn(&Policy) -> usize| policies.iter().map(|policy| number(policy)).sum::<usize>();
        let effect =
            |effect| policies.iter().flat_map(|policy| &policy.rules).filter(|rule| rule.effect == effect).count();
        let content = say!(
            ": {users}, {groups}, {rules} ({allow} allow, {deny} deny)",
            users = count::users(sum(|policy| policy.users.len())),
            groups = count::groups(sum(|policy| policy.groups.iter().filter(|(_, key, _)| !key.is_role()).count())),
            rules = count::rules(sum(|policy| policy.rules.len())),
            allow = effect(Effect::Allow),
            deny = effect(Effect::Deny),
        );
        line = line.then(Tone::Quiet, content);
    }
    let mut page = Page::default();
    page.text(line);
    page
}

/// How many expectations hold, and how many do not.
pub fn expectations(passed: usize, failed: usize) -> Page {
    let mut page = Page::default();
    let all = count::expectations(passed + failed);
    page.text(match failed {
        0 => Line::new().then(Tone::Plain, say!("{all}: each of them holds", all)),
        _ => Line::new().then(Tone::No, say!("{all}: {failed} failed", all, failed)),
    });
    page
}
