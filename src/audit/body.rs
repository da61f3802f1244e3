//! What the entries of a run tell, as JSON whose keys stand in the order of the alphabet: the same words whenever the
//! same is told.

use serde_json::{Value, json};

use crate::date::parse_date;
use crate::diff::{self, Keys, MANY, Sum};
use crate::model::key::TargetKey;
use crate::name::Name;
use crate::online;
use crate::plan::{Adopted, Base, Change, Conflict, Plan, digest_of_base};
use crate::state::{Said, quote};
use crate::syntax::gate::Turn;

use super::{Ended, Override, Run};

/// A run that carried out a plan.
pub(super) fn applied(plan: &Plan, run: &Run, remembered: &Base) -> Value {
    let mut body = who(run);
    body["outcome"] = "ok".into();
    body["fingerprint"] = plan.fingerprint.to_string().into();
    body["changes"] = plan.changes.len().into();
    body["conflicts"] = plan.conflicts.len().into();
    body["gains"] = plan.effective.count(Turn::Gain).into();
    body["losses"] = plan.effective.count(Turn::Loss).into();
    body["remembered"] = digest_of_base(remembered).to_string().into();
    body
}

/// A run that changed the register of online access.
pub(super) fn done(run: &Run, changes: usize, remembered: Option<&str>) -> Value {
    let mut body = who(run);
    body["outcome"] = "ok".into();
    body["changes"] = changes.into();
    if let Some(remembered) = remembered {
        body["remembered"] = remembered.into();
    }
    body
}

/// A difference between two registers.
pub(super) fn online(entry: &online::Entry) -> Value {
    json!({
        "action": entry.action.as_str(),
        "kind": entry.kind,
        "key": entry.key,
        "field": entry.field,
        "before": Said::json_of(entry.before.as_ref()),
        "after": Said::json_of(entry.after.as_ref()),
        "origin": "online",
    })
}

/// A run that was refused or failed.
pub(super) fn failed(run: &Run, error: &str) -> Value {
    let mut body = who(run);
    body["outcome"] = "error".into();
    body["error"] = error.into();
    body
}

/// When, where and by whom. What somebody only says of himself or of others stands apart.
fn who(run: &Run) -> Value {
    let mut body = json!({
        "applied_at": run.applied_at,
        "machine": run.machine,
        "os_user": run.os_user,
        "claims": { "acting_as": run.acting_as, "author": run.author },
        "revision": run.revision,
    });
    if let Some(on) = run.on {
        body["on"] = on.to_string().into();
    }
    if let Some(deed) = &run.deed {
        body["deed"] = deed.as_str().into();
    }
    body
}

/// The same read back, as far as it is there. Guards that were put aside have entries of their own.
pub(super) fn read_who(body: &Value) -> Run {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Run {
        applied_at: text(&body["applied_at"]).unwrap_or_default(),
        machine: text(&body["machine"]),
        os_user: text(&body["os_user"]),
        acting_as: text(&body["claims"]["acting_as"]),
        author: text(&body["claims"]["author"]),
        revision: text(&body["revision"]),
        on: body["on"].as_str().and_then(parse_date),
        deed: text(&body["deed"]),
        ..Run::default()
    }
}

/// How a run ended, as far as its entry says so.
pub(super) fn read_end(body: &Value) -> Ended {
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let number = |key: &str| body[key].as_u64().unwrap_or_default();
    match (body["outcome"].as_str(), text("error")) {
        (_, Some(error)) => Ended::Refused(error),
        (Some("ok"), None) => Ended::Applied {
            fingerprint: text("fingerprint"),
            changes: 0,
            conflicts: 0,
            gains: number("gains"),
            losses: number("losses"),
        },
        _ => Ended::Unknown,
    }
}

/// A guard that was put aside.
pub(super) fn put_aside(one: &Override) -> Value {
    json!({ "guard": one.guard, "detail": one.detail })
}

/// The same read back.
pub(super) fn read_put_aside(body: &Value) -> Override {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    Override { guard: text("guard"), detail: text("detail") }
}

/// What both sides had changed, with all three values.
pub(super) fn conflict(conflict: &Conflict) -> Value {
    json!({
        "kind": conflict.key.kind().as_str(),
        "key": conflict.key.to_string(),
        "field": conflict.field,
        "base": Said::json_of(conflict.base.as_ref()),
        "policy": Said::json_of(conflict.policy.as_ref()),
        "database": Said::json_of(conflict.database.as_ref()),
        "settled": "policy",
    })
}

/// A difference between the database and the policy.
pub(super) fn change(change: &Change) -> String {
    let mut body = String::with_capacity(256);
    let mut next = |name: &str, write: &dyn Fn(&mut String)| {
        body.push(if body.is_empty() { '{' } else { ',' });
        quote(name, &mut body);
        body.push(':');
        write(&mut body);
    };
    let said = |said: &Option<Said>, out: &mut String| match said {
        Some(said) => said.write_json(out),
        None => out.push_str("null"),
    };
    next("action", &|out| quote(change.action.as_str(), out));
    next("after", &|out| said(&change.after, out));
    next("before", &|out| said(&change.before, out));
    next("field", &|out| match change.field {
        Some(field) => quote(field, out),
        None => out.push_str("null"),
    });
    next("key", &|out| quote(&change.key.to_string(), out));
    next("kind", &|out| quote(change.key.kind().as_str(), out));
    next("origin", &|out| quote(change.origin.as_str(), out));
    body.push('}');
    body
}

/// A row that the policy took over from the database.
pub(super) fn adopted(row: &Adopted) -> Value {
    json!({
        "adopted": true,
        "action": row.action.as_str(),
        "kind": row.kind.as_str(),
        "key": row.key,
        "before": Said::json_of(row.before.as_ref()),
        "after": Said::json_of(row.after.as_ref()),
    })
}

/// What people gained or lost: everyone of the users, over every one of the targets.
pub(super) fn effect(change: &diff::Change) -> Value {
    let texts =
        |targets: &mut dyn Iterator<Item = &TargetKey>| targets.map(ToString::to_string).collect::<Vec<String>>();
    // Where nearly everybody is meant, it is shorter to say who is not.
    let short = change.targets.as_ref().filter(|targets| targets.len() > MANY).and_then(Keys::left_out);
    let targets = match (&change.targets, &short) {
        (Some(targets), Some(_)) => targets.first().map(|first| vec![wholly(first).to_string()]),
        (targets, _) => targets.as_ref().map(|targets| texts(&mut targets.iter())),
    };
    let mut body = json!({
        "right": change.right.as_str(),
        "step": change.step().as_str(),
        "rule": change.rule().map(|rule| rule.key.to_string()),
        "users": change.users.iter().map(Name::as_str).collect::<Vec<_>>(),
        "targets": targets,
        "without_own": change.without_own,
    });
    if let Some(mut left_out) = short {
        body["except"] = texts(&mut left_out).into();
    }
    body
}

/// What people gained who are new, or lost who are gone, in sum: so many answers about the right, over whomever each has it.
pub(super) fn in_sum(sum: &Sum) -> Value {
    json!({
        "right": sum.right.as_str(),
        "users": sum.users.iter().map(Name::as_str).collect::<Vec<_>>(),
        "answers": sum.answers,
    })
}

/// What stands for all targets of a kind.
fn wholly(one: &TargetKey) -> TargetKey {
    if matches!(one, TargetKey::User(_)) { TargetKey::Everyone } else { TargetKey::Everything }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Change, Origin};
    use crate::state::{Action, Key, Value as Field};

    #[test]
    fn a_change_is_told_as_json_prints_it() {
        let row = [("name".into(), Field::Text("A \"B\"\n".to_owned())), ("active".into(), Field::Flag(true))];
        let anna = Key::User(Name::foreign("an\\na"));
        let whole = Change {
            action: Action::Create,
            key: anna.clone(),
            field: None,
            before: None,
            after: Some(Said::Row(row.into())),
            origin: Origin::Policy,
        };
        let list = Said::Field(Field::List(vec!["a".to_owned(), "\u{1}".to_owned()]));
        let field =
            Change { action: Action::Update, field: Some("modules"), before: Some(list), after: None, ..whole.clone() };
        for one in [whole, field] {
            let printed = json!({
                "action": one.action.as_str(),
                "after": Said::json_of(one.after.as_ref()),
                "before": Said::json_of(one.before.as_ref()),
                "field": one.field,
                "key": one.key.to_string(),
                "kind": "user",
                "origin": "policy",
            });
            assert_eq!(change(&one), printed.to_string());
        }
    }
}
