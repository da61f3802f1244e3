//! Writing the steps of a plan, and the record of the run.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params, params_from_iter};

use crate::diff::count;
use crate::language::Language;
use crate::model::Scope;
use crate::model::key::{SubjectKey, TargetKey};
use crate::name::Name;
use crate::plan::{Base, Plan, Step};
use crate::state::Said;
use crate::state::{Fact, Key, MemberKey};
use crate::target::Run;

/// Carries all steps out and records the run, whose number it gives back.
pub fn all(connection: &Connection, plan: &Plan, run: &Run, old: Option<&Base>, new: &Base) -> rusqlite::Result<i64> {
    // Two users may swap their employees, and no employee is linked twice at any moment.
    for step in &plan.steps {
        if let Step::Update(Key::User(name), _) = step {
            execute(connection, "UPDATE users SET employee_id = NULL WHERE id = ?1", [text(name)])?;
        }
    }
    for step in &plan.steps {
        match step {
            Step::RenameUser { from, to } => {
                execute(connection, "UPDATE users SET id = ?2 WHERE id = ?1", [text(from), text(to)])?;
            }
            Step::Delete(key) => delete(connection, key)?,
            Step::Insert(key, fact) | Step::Update(key, fact) => put(connection, key, fact)?,
        }
    }
    remember(connection, old, new)?;
    record(connection, plan, run)
}

fn execute<const N: usize>(connection: &Connection, sql: &str, values: [Sql; N]) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(params_from_iter(values)).map(drop)
}

fn text(value: impl ToString) -> Sql {
    Sql::Text(value.to_string())
}

fn optional<T: ToString>(value: Option<&T>) -> Sql {
    value.map_or(Sql::Null, |value| Sql::Text(value.to_string()))
}

fn flag(value: bool) -> Sql {
    Sql::Integer(value.into())
}

/// Writes a row that may be there already; the first column is its key.
fn upsert<const N: usize>(connection: &Connection, table: &str, row: [(&str, Sql); N]) -> rusqlite::Result<()> {
    let columns: Vec<&str> = row.iter().map(|(column, _)| *column).collect();
    let places: Vec<String> = (1..=N).map(|place| format!("?{place}")).collect();
    let updates: Vec<String> = columns[1..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({}) ON CONFLICT ({}) DO {}",
        columns.join(", "),
        places.join(", "),
        columns[0],
        if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", updates.join(", ")) },
    );
    execute(connection, &sql, row.map(|(_, value)| value))
}

/// Makes the rows of a key say what a fact says, whether they are there or not.
fn put(connection: &Connection, key: &Key, fact: &Fact) -> rusqlite::Result<()> {
    match (key, fact) {
        (Key::Right(id), Fact::Right(right)) => {
            let label = |language| optional(right.labels.get(language));
            let [en, de, nb, nl] = Language::CODES.map(label);
            let row = [
                ("id", text(id)),
                ("scope", text(right.scope.map_or("plain", Scope::as_str))),
                ("own_data_allowed", flag(right.own_data_allowed)),
                ("builtin", flag(right.builtin)),
                ("meaning", optional(right.meaning.as_ref())),
                ("name_en", en),
                ("name_de", de),
                ("name_nb", nb),
                ("name_nl", nl),
            ];
            upsert(connection, "rights", row)
        }
        (Key::Module(id), Fact::Module(name)) => {
            upsert(connection, "modules", [("id", text(id)), ("name", optional(name.as_ref()))])
        }
        (Key::ModuleSet(id), Fact::ModuleSet(modules)) => {
            upsert(connection, "module_sets", [("id", text(id))])?;
            module_set(connection, id, modules)
        }
        (Key::Attachment(id), Fact::Attachment(patterns)) => {
            upsert(connection, "attachment_classes", [("id", text(id))])?;
            attachment_patterns(connection, id, patterns)
        }
        (Key::Employee(id), Fact::Employee(employee)) => {
            let row = [
                ("id", text(id)),
                ("name", optional(employee.name.as_ref())),
                ("email", optional(employee.email.as_ref())),
                ("phone", optional(employee.phone.as_ref())),
                ("department", optional(employee.department.as_ref())),
                ("language", optional(employee.language.as_ref())),
            ];
            upsert(connection, "employees", row)
        }
        (Key::Group(_) | Key::Role(_), Fact::Group(group)) => {
            let row = [
                ("id", group_id(key)),
                ("name", optional(group.name.as_ref())),
                ("module_set_id", optional(group.modules.as_ref())),
            ];
            upsert(connection, "groups", row)
        }
        (Key::User(id), Fact::User(user)) => {
            let row = [
                ("id", text(id)),
                ("employee_id", optional(user.employee.as_ref())),
                ("name", optional(user.name.as_ref())),
                ("superuser", flag(user.superuser)),
                ("active", flag(user.active)),
                ("module_set_id", optional(user.modules.as_ref())),
            ];
            upsert(connection, "users", row)
        }
        (Key::Access(user), Fact::Access(role)) => {
            upsert(connection, "access", [("user_id", text(user)), ("group_id", text(role))])
        }
        // All that these two say beside their key is a reason, so writing them anew is as good.
        (Key::Member { .. }, Fact::Member(because)) => {
            delete(connection, key)?;
            let [group, user, inner, from, until] = member_columns(key);
            execute(
                connection,
                "INSERT INTO members (group_id, user_id, member_group_id, valid_from, valid_until, because)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                [group, user, inner, from, until, optional(because.as_ref())],
            )
        }
        (Key::Rule { .. }, Fact::Rule(because)) => {
            delete(connection, key)?;
            let [user, group, right, effect, kind, target, from, until] = rule_columns(key);
            execute(
                connection,
                "INSERT INTO rules (user_id, group_id, right_id, effect, target_kind, target_user_id, target_group_id,
                   target_module_id, target_module_set_id, target_attachment_class_id, valid_from, valid_until, because)
                 VALUES (?1, ?2, ?3, ?4, ?5, iif(?5 = 'user', ?6, NULL), iif(?5 = 'group', ?6, NULL),
                   iif(?5 = 'module', ?6, NULL), iif(?5 = 'module-set', ?6, NULL), iif(?5 = 'attachment', ?6, NULL),
                   ?7, ?8, ?9)",
                [user, group, right, effect, kind, target, from, until, optional(because.as_ref())],
            )
        }
        _ => Ok(()),
    }
}

fn delete(connection: &Connection, key: &Key) -> rusqlite::Result<()> {
    let by_id = |table: &str, id: Sql| execute(connection, &format!("DELETE FROM {table} WHERE id = ?1"), [id]);
    match key {
        Key::Right(id) => by_id("rights", text(id)),
        Key::Module(id) => by_id("modules", text(id)),
        Key::ModuleSet(id) => by_id("module_sets", text(id)),
        Key::Attachment(id) => by_id("attachment_classes", text(id)),
        Key::Employee(id) => by_id("employees", text(id)),
        Key::Group(_) | Key::Role(_) => by_id("groups", group_id(key)),
        Key::User(id) => by_id("users", text(id)),
        Key::Access(user) => execute(connection, "DELETE FROM access WHERE user_id = ?1", [text(user)]),
        Key::Member { .. } => execute(
            connection,
            "DELETE FROM members WHERE group_id = ?1 AND user_id IS ?2 AND member_group_id IS ?3
               AND valid_from = ?4 AND valid_until = ?5",
            member_columns(key),
        ),
        Key::Rule { .. } => execute(
            connection,
            "DELETE FROM rules WHERE user_id IS ?1 AND group_id IS ?2 AND right_id = ?3 AND effect = ?4
               AND target_kind = ?5 AND coalesce(target_user_id, target_group_id, target_module_id,
                 target_module_set_id, target_attachment_class_id) IS ?6
               AND valid_from = ?7 AND valid_until = ?8",
            rule_columns(key),
        ),
    }
}

fn module_set(connection: &Connection, id: &Name, modules: &[Name]) -> rusqlite::Result<()> {
    execute(connection, "DELETE FROM module_set_modules WHERE module_set_id = ?1", [text(id)])?;
    for (position, module) in (1..).zip(modules) {
        execute(
            connection,
            "INSERT INTO module_set_modules (module_set_id, position, module_id) VALUES (?1, ?2, ?3)",
            [text(id), Sql::Integer(position), text(module)],
        )?;
    }
    Ok(())
}

fn attachment_patterns(connection: &Connection, id: &Name, patterns: &[Box<str>]) -> rusqlite::Result<()> {
    execute(connection, "DELETE FROM attachment_patterns WHERE attachment_class_id = ?1", [text(id)])?;
    for (position, pattern) in (1..).zip(patterns) {
        execute(
            connection,
            "INSERT INTO attachment_patterns (attachment_class_id, position, pattern) VALUES (?1, ?2, ?3)",
            [text(id), Sql::Integer(position), text(pattern)],
        )?;
    }
    Ok(())
}

/// The id of a group or role in the table of groups.
fn group_id(key: &Key) -> Sql {
    match key {
        Key::Role(name) => Sql::Text(format!("role:{name}")),
        other => text(other),
    }
}

fn of_group(key: &crate::model::key::GroupKey) -> Sql {
    group_id(&Key::of_group(key))
}

/// Group, user, inner group, first day, last day.
fn member_columns(key: &Key) -> [Sql; 5] {
    let Key::Member { group, member, validity } = key else { return std::array::from_fn(|_| Sql::Null) };
    let (user, inner) = match member {
        MemberKey::Everyone => (Sql::Null, Sql::Null),
        MemberKey::User(name) => (text(name), Sql::Null),
        MemberKey::Group(key) => (Sql::Null, of_group(key)),
    };
    [of_group(group), user, inner, text(validity.from), text(validity.until)]
}

/// User, group, right, effect, kind of target, target, first day, last day.
fn rule_columns(key: &Key) -> [Sql; 8] {
    let Key::Rule { subject, right, target, effect, validity } = key else { return std::array::from_fn(|_| Sql::Null) };
    let (user, group) = match subject {
        SubjectKey::User(name) => (text(name), Sql::Null),
        SubjectKey::Group(name) => (Sql::Null, text(name)),
        SubjectKey::Role(name) => (Sql::Null, Sql::Text(format!("role:{name}"))),
    };
    let (kind, id) = match target {
        None => ("none", Sql::Null),
        Some(TargetKey::Role(name)) => ("group", Sql::Text(format!("role:{name}"))),
        Some(target) => (target.kind(), optional(target.name())),
    };
    [user, group, text(right), text(effect.as_str()), text(kind), id, text(validity.from), text(validity.until)]
}

/// Keeps what this run leaves behind as the base of the next plan, writing only what differs.
fn remember(connection: &Connection, old: Option<&Base>, new: &Base) -> rusqlite::Result<()> {
    let gone = old.into_iter().flat_map(Base::keys).filter(|key| !new.contains_key(*key));
    for (kind, key) in gone {
        execute(connection, "DELETE FROM last_applied WHERE kind = ?1 AND key = ?2", [text(kind.as_str()), text(key)])?;
    }
    for ((kind, key), fields) in new {
        let entry = (*kind, key.clone());
        if old.is_some_and(|old| old.get(&entry) == Some(fields)) {
            continue;
        }
        let json = Said::Row(fields.clone()).to_json();
        execute(
            connection,
            "INSERT OR REPLACE INTO last_applied (kind, key, fields) VALUES (?1, ?2, ?3)",
            [text(kind.as_str()), text(key), text(json)],
        )?;
    }
    Ok(())
}

fn record(connection: &Connection, plan: &Plan, run: &Run) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO runs (applied_at, os_user, revision, fingerprint, gains, losses) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            run.applied_at,
            run.os_user,
            run.revision,
            plan.fingerprint.to_string(),
            count(&plan.effective.gains) as i64,
            count(&plan.effective.losses) as i64,
        ],
    )?;
    let number = connection.last_insert_rowid();
    for (position, change) in (1..).zip(&plan.changes) {
        execute(
            connection,
            "INSERT INTO run_changes (run_id, position, action, kind, key, field, before, after, origin)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            [
                Sql::Integer(number),
                Sql::Integer(position),
                text(change.action.as_str()),
                text(change.key.kind().as_str()),
                text(&change.key),
                optional(change.field.as_ref()),
                change.before.as_ref().map_or(Sql::Null, |value| text(value.to_json())),
                change.after.as_ref().map_or(Sql::Null, |value| text(value.to_json())),
                text(change.origin.as_str()),
            ],
        )?;
    }
    Ok(number)
}
