//! The catalogue, and the organisation's own rights.

use crate::language::Language;
use crate::model::roles::predefined;
use crate::model::{Policy, Scope};
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::count;

/// Every right with its label and meaning, by area.
pub fn rights(policy: &Policy, language: Language) -> Page {
    let mut page = Page::default();
    let mut rows = Vec::new();
    for (_, name, right) in policy.rights.iter() {
        let label = right.label(language.code()).unwrap_or_default();
        let label = match right.scope {
            None => Line::from(label),
            Some(Scope::People) => Line::from(say!("{label} (over people)", label)),
            Some(Scope::Modules) => Line::from(say!("{label} (over modules)", label)),
            Some(Scope::Attachments) => Line::from(say!("{label} (over attachment classes)", label)),
        };
        rows.push(vec![Line::new().then(Tone::Strong, name.to_string()), label]);
        if let Some(meaning) = &right.meaning {
            let meaning = language.translate(meaning).unwrap_or(meaning);
            rows.push(vec!["".into(), Line::new().then(Tone::Quiet, meaning)]);
        }
    }
    page.table(0, rows);
    page.blank();
    let own = policy.rights.iter().filter(|(_, _, right)| !right.builtin).count();
    page.text(say!(
        "{rights}, {own} of them declared by this policy",
        rights = count::rights(policy.rights.len()),
        own
    ));
    page.blank();
    page.text(say!("predefined roles for online access, which no policy changes"));
    let roles = predefined().iter().flat_map(|(name, role)| {
        let label = role.labels.get(language.code()).map(|label| &**label).unwrap_or_default();
        let name = vec![Line::new().then(Tone::Strong, name.to_string()), Line::from(label)];
        [name, vec!["".into(), Line::new().then(Tone::Quiet, role.allow.join(", "))]]
    });
    page.table(0, roles.collect());
    page
}
