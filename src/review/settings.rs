//! What the settings of two sides say otherwise, entry by entry.

use crate::diff::{Declared, Item, compare_items};
use crate::state::Value;
use crate::syntax::database::DatabaseUrl;
use crate::syntax::settings::{Guard, Settings};
use crate::text::Span;

/// Compares settings. Passwords are never among the values.
pub fn settings_declared(base: &Settings, head: &Settings) -> Vec<Declared> {
    compare_items(items(base), items(head))
}

fn items(settings: &Settings) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |key: String, value: Value, span: Option<Span>| {
        let place = span.map(|span| settings.place(span));
        items.push(Item { kind: "setting", key, fields: vec![("value", value)], place });
    };
    let text = |text: String| Value::Text(text);
    add("language".to_owned(), text(settings.language.code().to_owned()), None);
    for company in &settings.companies {
        let key = format!("companies.{}", company.name.value);
        let folders: Vec<&str> = company.body.policies.iter().map(|folder| &*folder.value).collect();
        add(format!("{key}.policies"), Value::list(&folders), Some(company.name.span));
        if let Some(database) = &company.body.database {
            add(format!("{key}.database"), text(shown(&database.value)), Some(database.span));
        }
    }
    let sensitive: Vec<String> = settings.sensitive.iter().map(|right| right.value.to_string()).collect();
    add("sensitive".to_owned(), Value::list(&sensitive), settings.sensitive.first().map(|right| right.span));
    for gate in &settings.gates {
        add(format!("gates: {}", gate.kind), Value::Flag(true), Some(gate.span));
    }
    for reviewers in &settings.reviewers {
        let approvers: Vec<String> = reviewers.approvers.iter().map(|approver| approver.value.to_string()).collect();
        add(format!("reviewers: {}", reviewers.object), Value::list(&approvers), Some(reviewers.span));
    }
    for guard in Guard::ALL {
        if let Some(limit) = settings.guards.said(guard) {
            add(format!("guards.{guard}"), text(limit.value.to_string()), Some(limit.span));
        }
    }
    for operator in &settings.operators {
        let key = format!("operators.{}", operator.os_user.value);
        add(key, text(operator.user.value.to_string()), Some(operator.user.span));
    }
    for (code, level) in &settings.lints {
        add(format!("lints.{}", code.as_str()), text(level.value.as_str().to_owned()), Some(level.span));
    }
    items
}

/// A database without what may be secret in its URL.
fn shown(database: &DatabaseUrl) -> String {
    match database {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{path}"),
        DatabaseUrl::Environment(name) => format!("env:{name}"),
        DatabaseUrl::Postgres(_) => "postgres://...".to_owned(),
        DatabaseUrl::Crm(crm, database) => format!("{}{}", crm.prefix(), shown(database)),
    }
}
