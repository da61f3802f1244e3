//! What fields say, as people read it, and where the policy and the database say two things.

use serde_json::Value as Json;

use crate::language::{IntoWord, Word};
use crate::plan::Conflict;
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::state::{Said, Value};

/// A value; of a whole row only that it is there.
pub(super) fn said(said: Option<&Said>) -> Word {
    match said {
        None | Some(Said::Field(Value::Null)) => say!("nothing").into_word(),
        Some(Said::Field(Value::Flag(flag))) => flag.to_string().into_word(),
        Some(Said::Field(Value::Text(text))) => format!("\"{text}\"").into_word(),
        Some(Said::Field(Value::List(items))) => items.join(", ").into_word(),
        Some(Said::Row(_)) => say!("it").into_word(),
    }
}

/// The same of what was recorded, as it stands there.
pub(super) fn recorded(json: &Json) -> Word {
    match json {
        Json::Object(_) => say!("it").into_word(),
        Json::Number(number) => number.into_word(),
        json => said(Some(&Said::Field(Value::from_json(json)))),
    }
}

/// What both sides changed.
pub(super) fn conflicts(conflicts: &[Conflict], page: &mut Page) {
    if conflicts.is_empty() {
        return;
    }
    page.blank();
    page.heading(say!("conflicts: the policy and the database both changed these, and the policy wins"));
    let rows = conflicts.iter().map(|conflict| {
        let field = conflict.field.map(|field| format!(" {field}")).unwrap_or_default();
        let (ours, theirs) = (said(conflict.policy.as_ref()), said(conflict.database.as_ref()));
        let text = say!("{key}{field}: database {theirs}, policy {ours}", key = conflict.key, field, theirs, ours);
        let kind = Line::new().then(Tone::Strong, conflict.key.kind().as_str());
        vec![Line::new().then(Tone::Warning, "!"), kind, Line::from(text)]
    });
    page.table(2, rows.collect());
}
