//! Engines that are asked about plain rights, by names.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use rusqlite::Connection;

use crate::Problem;
use crate::firm::{self, Firm, PLAIN, Rule};

/// Answers whether a user may do a right.
pub type Ask = Box<dyn FnMut(&str, &str) -> Result<bool, Problem>>;

/// An engine that was told an organisation.
type Make = fn(&Firm) -> Result<Ask, Problem>;

/// All of them.
pub const PLAIN_PEERS: [(&str, Make); 4] =
    [("Cedar", cedar), ("Rego", rego), ("Casbin", with_casbin), ("SQLite", sqlite)];

/// The groups in which each user is directly, as numbers.
pub(super) fn memberships(firm: &Firm) -> Vec<Vec<usize>> {
    let mut of_user = vec![Vec::new(); firm.users];
    for (number, group) in firm.groups.iter().enumerate() {
        group.members.iter().for_each(|user| of_user[*user].push(number));
    }
    of_user
}

fn given(rules: &[Rule]) -> impl Iterator<Item = &'static str> + '_ {
    rules.iter().filter(|rule| rule.allow && rule.over.is_none()).map(|rule| rule.right)
}

/// Groups lie in the rights that they are given, so that one step through the hierarchy answers.
fn cedar(firm: &Firm) -> Result<Ask, Problem> {
    let uid = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::\"{id}\""));
    let rights = PLAIN.map(|right| (right, uid("Right", right)));
    let mut right_uids = HashMap::new();
    for (right, found) in rights {
        right_uids.insert(right, found?);
    }
    let mut entities: Vec<Entity> =
        right_uids.values().map(|right| Entity::new_no_attrs(right.clone(), HashSet::new())).collect();
    for (number, group) in firm.groups.iter().enumerate() {
        let mut parents: HashSet<EntityUid> = given(&group.rules).map(|right| right_uids[right].clone()).collect();
        if let Some(outer) = group.inside {
            parents.insert(uid("Group", &firm::group(outer))?);
        }
        entities.push(Entity::new_no_attrs(uid("Group", &firm::group(number))?, parents));
    }
    let mut own: HashMap<usize, Vec<Rule>> = HashMap::new();
    firm.own.iter().for_each(|(user, rule)| own.entry(*user).or_default().push(*rule));
    for (user, groups) in memberships(firm).into_iter().enumerate() {
        let mut parents = HashSet::from([right_uids["program.start"].clone()]);
        for group in groups {
            parents.insert(uid("Group", &firm::group(group))?);
        }
        let rules = own.get(&user).map(Vec::as_slice).unwrap_or_default();
        let set = |allow: bool| {
            let of = rules.iter().filter(|rule| rule.allow == allow);
            RestrictedExpression::new_set(
                of.map(|rule| RestrictedExpression::new_entity_uid(right_uids[rule.right].clone())),
            )
        };
        let attributes = HashMap::from([("allow".to_owned(), set(true)), ("deny".to_owned(), set(false))]);
        entities.push(Entity::new(uid("User", &firm::user(user))?, attributes, parents)?);
    }
    let entities = Entities::from_entities(entities, None)?;
    let policies = PolicySet::from_str(
        "permit(principal, action, resource) when {
           principal.allow.contains(resource) ||
           (principal in resource && !principal.deny.contains(resource)) };",
    )?;
    let (authorizer, action) = (Authorizer::new(), uid("Action", "do")?);
    Ok(Box::new(move |user, right| {
        let principal = EntityUid::from_str(&format!("User::\"{user}\""))?;
        let request = Request::new(principal, action.clone(), right_uids[right].clone(), Context::empty(), None)?;
        Ok(authorizer.is_authorized(&request, &policies, &entities).decision() == Decision::Allow)
    }))
}

/// Each user with all groups, as the engine knows no hierarchy.
fn rego(firm: &Firm) -> Result<Ask, Problem> {
    use serde_json::{Map, Value, json};
    let truths = |rights: &mut dyn Iterator<Item = &'static str>| -> Value {
        Value::Object(rights.map(|right| (right.to_owned(), Value::Bool(true))).collect())
    };
    let mut groups = Map::new();
    groups.insert("staff".to_owned(), json!({ "program.start": true }));
    for (number, group) in firm.groups.iter().enumerate() {
        groups.insert(firm::group(number), truths(&mut given(&group.rules)));
    }
    let mut own: HashMap<usize, Vec<Rule>> = HashMap::new();
    firm.own.iter().for_each(|(user, rule)| own.entry(*user).or_default().push(*rule));
    let mut users = Map::new();
    for (user, direct) in memberships(firm).into_iter().enumerate() {
        let mut all = vec!["staff".to_owned()];
        for group in direct {
            let mut around = Some(group);
            while let Some(group) = around {
                all.push(firm::group(group));
                around = firm.groups[group].inside;
            }
        }
        all.sort();
        all.dedup();
        let rules = own.get(&user).map(Vec::as_slice).unwrap_or_default();
        let of = |allow: bool| truths(&mut rules.iter().filter(|rule| rule.allow == allow).map(|rule| rule.right));
        users.insert(firm::user(user), json!({ "groups": all, "allow": of(true), "deny": of(false) }));
    }
    let data = json!({ "users": users, "groups": groups });
    let mut engine = regorus::Engine::new();
    let policy = "package firm
        import rego.v1
        default allow := false
        allow if data.users[input.user].allow[input.right]
        allow if {
          not data.users[input.user].deny[input.right]
          some group in data.users[input.user].groups
          data.groups[group][input.right]
        }";
    engine.add_policy("firm.rego".to_owned(), policy.to_owned()).map_err(|error| error.to_string())?;
    engine.add_data_json(&data.to_string()).map_err(|error| error.to_string())?;
    let compiled = engine.compile_with_entrypoint(&"data.firm.allow".into()).map_err(|error| error.to_string())?;
    Ok(Box::new(move |user, right| {
        let fields = [("user", user), ("right", right)].map(|(key, value)| (key.into(), value.into()));
        let input = regorus::Value::from(std::collections::BTreeMap::from(fields));
        let answer = compiled.eval_with_input(input).map_err(|error| error.to_string())?;
        Ok(answer == regorus::Value::from(true))
    }))
}

/// Rights are roles in which groups lie, so that there are few policies to try.
fn with_casbin(firm: &Firm) -> Result<Ask, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let text = "[request_definition]\nr = sub, act\n[policy_definition]\np = sub, act, eft\n[role_definition]\ng = _, _\n\
        [policy_effect]\ne = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n\
        [matchers]\nm = r.act == p.act && g(r.sub, p.sub)\n";
    let mut enforcer = runtime.block_on(async {
        let model = DefaultModel::from_str(text).await?;
        Enforcer::new(model, MemoryAdapter::default()).await
    })?;
    let mut policies = Vec::new();
    for right in PLAIN {
        policies.push(vec![format!("allow {right}"), right.to_owned(), "allow".to_owned()]);
        policies.push(vec![format!("deny {right}"), right.to_owned(), "deny".to_owned()]);
    }
    let mut roles: HashSet<Vec<String>> = HashSet::new();
    for (number, group) in firm.groups.iter().enumerate() {
        let name = firm::group(number);
        roles.extend(group.inside.map(|outer| vec![name.clone(), firm::group(outer)]));
        roles.extend(given(&group.rules).map(|right| vec![name.clone(), format!("allow {right}")]));
        roles.extend(group.members.iter().map(|user| vec![firm::user(*user), name.clone()]));
    }
    roles.extend((0..firm.users).map(|user| vec![firm::user(user), "allow program.start".to_owned()]));
    for (user, rule) in &firm.own {
        let role = if rule.allow { "allow" } else { "deny" };
        roles.insert(vec![firm::user(*user), format!("{role} {}", rule.right)]);
    }
    runtime.block_on(async {
        enforcer.add_policies(policies).await?;
        enforcer.add_grouping_policies(roles.into_iter().collect()).await
    })?;
    Ok(Box::new(move |user, right| Ok(enforcer.enforce((user, right))?)))
}

/// The groups of a user by a recursive query; CROSS JOIN keeps the engine from going through all rules first.
fn sqlite(firm: &Firm) -> Result<Ask, Problem> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(
        "CREATE TABLE member (child TEXT, parent TEXT, PRIMARY KEY (child, parent)) WITHOUT ROWID;
         CREATE TABLE rule (subject TEXT, right TEXT, allow INTEGER, PRIMARY KEY (subject, right)) WITHOUT ROWID;
         BEGIN",
    )?;
    {
        let mut member = connection.prepare("INSERT INTO member VALUES (?, ?)")?;
        let mut rule = connection.prepare("INSERT INTO rule VALUES (?, ?, ?)")?;
        rule.execute(("staff", "program.start", true))?;
        for (number, group) in firm.groups.iter().enumerate() {
            let name = firm::group(number);
            if let Some(outer) = group.inside {
                member.execute((&name, firm::group(outer)))?;
            }
            for user in &group.members {
                member.execute((firm::user(*user), &name))?;
            }
            for found in group.rules.iter().filter(|rule| rule.over.is_none()) {
                rule.execute((&name, found.right, found.allow))?;
            }
        }
        for (user, found) in &firm.own {
            rule.execute((firm::user(*user), found.right, found.allow))?;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(Box::new(move |user, right| {
        let mut statement = connection.prepare_cached(
            "WITH RECURSIVE around (name) AS (
               SELECT 'staff' UNION SELECT parent FROM member WHERE child = ?1
               UNION SELECT parent FROM around CROSS JOIN member ON child = name)
             SELECT coalesce(
               (SELECT allow FROM rule WHERE subject = ?1 AND right = ?2),
               EXISTS (SELECT 1 FROM around CROSS JOIN rule ON subject = name WHERE right = ?2 AND allow))",
        )?;
        Ok(statement.query_row((user, right), |row| row.get(0))?)
    }))
}
