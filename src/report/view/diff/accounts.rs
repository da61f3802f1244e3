//! What is no right and yet opens or closes doors: superusers, online access, and prescribed module sets.

use crate::diff::Declared;
use crate::language::{IntoWord, Text};
use crate::report::block::{Line, Page, Tone};
use crate::report::view::place;
use crate::review::Compared;
use crate::say;
use crate::state::{Action, Said, Value};

use super::Shown;

/// One row for each, superusers and new accesses with a warning.
pub(super) fn accounts(compared: &Compared<'_>, shown: Shown<'_>) -> Page {
    let mut page = Page::default();
    let row = |item: &Declared| {
        let (tone, text) = told(item)?;
        let at = place(shown.sources[usize::from(item.after.is_some())], item.place);
        let sign = if tone == Tone::Warning { "!" } else { "~" };
        let text = Line::new().then(Tone::Plain, text);
        let text = if at.is_empty() { text } else { text.then(Tone::Quiet, format!("  {at}")) };
        Some(vec![Line::new().then(tone, sign), text])
    };
    let rows: Vec<Vec<Line>> = compared.diff.declared.iter().filter_map(row).collect();
    if !rows.is_empty() {
        page.heading(say!("beside the rights"));
        page.table(2, rows);
    }
    page
}

fn told(item: &Declared) -> Option<(Tone, Text)> {
    let key = &item.key;
    match (item.kind, item.field, item.action) {
        ("user", Some("superuser"), _) => {
            Some(superuser(key, item.after.as_ref() == Some(&Said::Field(Value::Flag(true)))))
        }
        ("user", None, Action::Create) if is_superuser(item.after.as_ref()) => Some(superuser(key, true)),
        ("user", None, Action::Delete) if is_superuser(item.before.as_ref()) => Some(superuser(key, false)),
        ("access", None, Action::Create) => Some((Tone::Warning, say!("{user} can now work online", user = key))),
        ("access", None, Action::Delete) => Some((Tone::Plain, say!("{user} can no longer work online", user = key))),
        ("user" | "group" | "role", Some("modules"), _) => {
            let who = format!("{}:{key}", item.kind);
            let set = match &item.after {
                Some(Said::Field(Value::Text(set))) => set.clone().into_word(),
                _ => say!("nothing").into_word(),
            };
            Some((Tone::Plain, say!("{who}: the prescribed module set is now {set}", who, set)))
        }
        _ => None,
    }
}

fn superuser(user: &str, becomes: bool) -> (Tone, Text) {
    if becomes {
        (Tone::Warning, say!("{user} becomes a superuser, who administers the program", user))
    } else {
        (Tone::Plain, say!("{user} is no longer a superuser", user))
    }
}

fn is_superuser(row: Option<&Said>) -> bool {
    matches!(row, Some(Said::Row(fields)) if fields.get("superuser") == Some(&Value::Flag(true)))
}
