//! The catalogue, and the organisation's own rights.

use crate::model::Policy;
use crate::report::block::{Line, Page, Tone};

use super::count;

/// Every right with its label and meaning, by area.
pub fn rights(policy: &Policy, language: &str) -> Page {
    let mut page = Page::default();
    let mut rows = Vec::new();
    for (_, name, right) in policy.rights.iter() {
        let over = right.scope.map(|scope| format!(" (over {})", scope.as_str())).unwrap_or_default();
        let label = right.label(language).unwrap_or_default();
        rows.push(vec![Line::new().then(Tone::Strong, name.to_string()), format!("{label}{over}").into()]);
        if let Some(meaning) = &right.meaning {
            rows.push(vec!["".into(), Line::new().then(Tone::Quiet, &**meaning)]);
        }
    }
    page.table(0, rows);
    page.blank();
    let own = policy.rights.iter().filter(|(_, _, right)| !right.builtin).count();
    page.text(format!("{}, {own} of them declared by this policy", count(policy.rights.len(), "right")));
    page
}
