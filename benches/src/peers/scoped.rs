//! Engines that are asked about rights over people, by numbers: who, which right, over whom.
//!
//! Cedar is not among them, since the closest rule of a group decides for that group, which would be a policy for each;
//! nor is Casbin, which tries every policy for every question.

use rusqlite::Connection;

use crate::Problem;
use crate::firm::{Firm, OVER_PEOPLE, Over, Rule};

use super::plain::memberships;

/// Answers whether a user may do one of [`OVER_PEOPLE`] over another user.
pub type Ask = Box<dyn FnMut(usize, usize, usize) -> Result<bool, Problem>>;

/// An engine that was told an organisation.
type Make = fn(&Firm) -> Result<Ask, Problem>;

/// All of them.
pub const SCOPED_PEERS: [(&str, Make); 2] = [("Rego", rego), ("SQLite", sqlite)];

/// The rules of a group about rights over people.
fn over_people(rules: &[Rule]) -> impl Iterator<Item = (usize, Over, bool)> + '_ {
    rules.iter().filter_map(|rule| {
        let right = OVER_PEOPLE.iter().position(|right| *right == rule.right)?;
        Some((right, rule.over?, rule.allow))
    })
}

/// Every user with all groups; every group with what it says of a right by user, by group and of everyone.
fn rego(firm: &Firm) -> Result<Ask, Problem> {
    use serde_json::{Map, Value, json};
    let mut groups = Map::new();
    for (number, group) in firm.groups.iter().enumerate() {
        let mut of_group = Map::new();
        for (right, over, allow) in over_people(&group.rules) {
            let of_right = of_group.entry(right.to_string()).or_insert_with(|| json!({ "itself": {}, "groups": {} }));
            match over {
                Over::User(user) => of_right["itself"][user.to_string()] = allow.into(),
                Over::Group(group) => of_right["groups"][group.to_string()] = allow.into(),
                _ => of_right["all"] = allow.into(),
            }
        }
        groups.insert(number.to_string(), Value::Object(of_group));
    }
    let mut users = Map::new();
    for (user, direct) in memberships(firm).into_iter().enumerate() {
        let mut all: Vec<usize> = Vec::new();
        for group in direct {
            all.extend(std::iter::successors(Some(group), |group| firm.groups[*group].inside));
        }
        all.sort_unstable();
        all.dedup();
        let all: Vec<String> = all.into_iter().map(|group| group.to_string()).collect();
        users.insert(user.to_string(), all.into());
    }
    let mut engine = regorus::Engine::new();
    let policy = "package firm
        import rego.v1
        default allow := false
        allow if {
          some group in data.users[input.user]
          said := data.groups[group][input.right]
          gives(said)
        }
        gives(said) if said.itself[input.over] == true
        gives(said) if {
          not names(said)
          some around in data.users[input.over]
          said.groups[around] == true
        }
        gives(said) if {
          said.all == true
          not names(said)
          not contains_it(said)
        }
        names(said) if said.itself[input.over] == false
        names(said) if said.itself[input.over] == true
        contains_it(said) if {
          some around in data.users[input.over]
          said.groups[around] in {true, false}
        }";
    engine.add_policy("firm.rego".to_owned(), policy.to_owned()).map_err(|error| error.to_string())?;
    let data = json!({ "users": users, "groups": groups });
    engine.add_data_json(&data.to_string()).map_err(|error| error.to_string())?;
    let compiled = engine.compile_with_entrypoint(&"data.firm.allow".into()).map_err(|error| error.to_string())?;
    Ok(Box::new(move |user, right, over| {
        let fields = [("user", user), ("right", right), ("over", over)];
        let fields = fields.map(|(key, number)| (key.into(), number.to_string().into()));
        let input = regorus::Value::from(std::collections::BTreeMap::from(fields));
        let answer = compiled.eval_with_input(input).map_err(|error| error.to_string())?;
        Ok(answer == regorus::Value::from(true))
    }))
}

fn id(number: usize) -> Result<i64, Problem> {
    Ok(i64::try_from(number)?)
}

/// What kind of thing a rule is over, as the query below knows it.
const ITSELF: i64 = 0;
const CONTAINING: i64 = 1;
const EVERYONE: i64 = 2;

/// The groups of both users by recursive queries; the closest rule of each group decides for it.
fn sqlite(firm: &Firm) -> Result<Ask, Problem> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(
        "CREATE TABLE member (child INTEGER PRIMARY KEY, parent INTEGER);
         CREATE TABLE direct (user INTEGER, parent INTEGER, PRIMARY KEY (user, parent)) WITHOUT ROWID;
         CREATE TABLE rule (subject INTEGER, right INTEGER, tier INTEGER, target INTEGER, allow INTEGER,
           PRIMARY KEY (subject, right, tier, target)) WITHOUT ROWID;
         BEGIN",
    )?;
    {
        let mut member = connection.prepare("INSERT INTO member VALUES (?, ?)")?;
        let mut direct = connection.prepare("INSERT INTO direct VALUES (?, ?)")?;
        let mut rule = connection.prepare("INSERT INTO rule VALUES (?, ?, ?, ?, ?)")?;
        for (number, group) in firm.groups.iter().enumerate() {
            if let Some(outer) = group.inside {
                member.execute((id(number)?, id(outer)?))?;
            }
            for user in &group.members {
                direct.execute((id(*user)?, id(number)?))?;
            }
            for (right, over, allow) in over_people(&group.rules) {
                let (tier, target) = match over {
                    Over::User(user) => (ITSELF, user),
                    Over::Group(group) => (CONTAINING, group),
                    _ => (EVERYONE, 0),
                };
                rule.execute((id(number)?, id(right)?, tier, id(target)?, allow))?;
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(Box::new(move |user, right, over| {
        let mut statement = connection.prepare_cached(
            "WITH RECURSIVE
               mine (id) AS (SELECT parent FROM direct WHERE user = ?1
                 UNION SELECT parent FROM mine CROSS JOIN member ON child = id),
               theirs (id) AS (SELECT parent FROM direct WHERE user = ?3
                 UNION SELECT parent FROM theirs CROSS JOIN member ON child = id)
             SELECT EXISTS (SELECT 1 FROM mine WHERE coalesce(
               (SELECT allow FROM rule WHERE subject = mine.id AND right = ?2 AND tier = 0 AND target = ?3),
               (SELECT max(allow) FROM rule WHERE subject = mine.id AND right = ?2 AND tier = 1
                  AND target IN (SELECT id FROM theirs)),
               (SELECT allow FROM rule WHERE subject = mine.id AND right = ?2 AND tier = 2),
               0))",
        )?;
        Ok(statement.query_row((id(user)?, id(right)?, id(over)?), |row| row.get(0))?)
    }))
}
