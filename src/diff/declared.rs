//! What is declared otherwise, whether it decides anything or not: every entry and field that was added, changed or
//! taken out. An entry that only stands at another place is the same.

use std::collections::BTreeMap;

use crate::model::{Member, Membership, Policy, Rule, Scope};
use crate::name::Name;
use crate::state::{Action, Fields, Key, Said, Value};
use crate::text::Place;

use super::joint::Side;
use super::touched::{Stands, member_key, rule_key, walk};

/// One difference of what is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What happened.
    pub action: Action,
    /// To what kind of thing: that of a key, or the name of a section.
    pub kind: &'static str,
    /// To which.
    pub key: String,
    /// Which field of it, for an update.
    pub field: Option<&'static str>,
    /// What the base says.
    pub before: Option<Said>,
    /// What the head says.
    pub after: Option<Said>,
    /// Where it stands: in the base if it was taken out, else in the head.
    pub place: Option<Place>,
}

/// Something that is declared: its kind and key, its fields, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The kind, as in [`Declared`].
    pub kind: &'static str,
    /// The key, the only one of its kind.
    pub key: String,
    /// What is said of it; every item of a kind has the same fields.
    pub fields: Fields,
    /// Where.
    pub place: Option<Place>,
}

/// Compares what is declared on two sides.
pub fn compare_items(base: Vec<Item>, head: Vec<Item>) -> Vec<Declared> {
    let by_key = |items: Vec<Item>| -> BTreeMap<(&'static str, String), Item> {
        items.into_iter().map(|item| ((item.kind, item.key.clone()), item)).collect()
    };
    let (base, mut head) = (by_key(base), by_key(head));
    let mut found = Vec::new();
    for (name, before) in base {
        match head.remove(&name) {
            None => found.push(whole(Action::Delete, before)),
            Some(after) if before.fields == after.fields => {}
            Some(after) => {
                let pairs = before.fields.into_iter().zip(after.fields);
                let differing = pairs.filter(|((_, before), (_, after))| before != after);
                found.extend(differing.map(|((field, before), (_, value))| Declared {
                    action: Action::Update,
                    kind: after.kind,
                    key: after.key.clone(),
                    field: Some(field),
                    before: Some(Said::Field(before)),
                    after: Some(Said::Field(value)),
                    place: after.place,
                }));
            }
        }
    }
    found.extend(head.into_values().map(|item| whole(Action::Create, item)));
    found.sort_by(|a, b| (a.kind, &a.key, a.field).cmp(&(b.kind, &b.key, b.field)));
    found
}

fn whole(action: Action, Item { kind, key, fields, place }: Item) -> Declared {
    let row = Said::Row(fields.into_iter().map(|(field, value)| (field.into(), value)).collect());
    let (before, after) = if action == Action::Delete { (Some(row), None) } else { (None, Some(row)) };
    Declared { action, kind, key, field: None, before, after, place }
}

/// Everything that is declared otherwise in one policy than in another.
pub(super) fn declared(policies: [&Policy; 2], sides: [&Side<'_>; 2]) -> Vec<Declared> {
    let [mut base, mut head] = policies.map(items);
    lines(sides, &mut base, &mut head);
    compare_items(base, head)
}

/// Rules and members that one side alone has, or that have another reason.
fn lines(sides: [&Side<'_>; 2], base: &mut Vec<Item>, head: &mut Vec<Item>) {
    let because = |because: &Option<Box<str>>| vec![("because", Value::of_text(because.as_deref()))];
    let item =
        |key: Key, fields: Fields, place| Item { kind: key.kind().as_str(), key: key.to_string(), fields, place };
    let rules = sides.map(|side| side.policy().rules.as_slice());
    let rule =
        |side: usize, rule: &Rule| item(Key::of_rule(sides[side].policy(), rule), because(&rule.because), rule.place);
    let members = sides.map(|side| side.policy().memberships.as_slice());
    let member = |side: usize, membership: &Membership| {
        let key = Key::of_membership(sides[side].policy(), membership);
        let fields = because(&membership.because);
        // Online access is declared with its message.
        (!matches!(key, Key::Access(_))).then(|| item(key, fields, membership.place))
    };
    let mut add = |stands: Stands, of: &dyn Fn(usize, usize) -> Option<Item>| {
        base.extend(stands[0].and_then(|at| of(0, at)));
        head.extend(stands[1].and_then(|at| of(1, at)));
    };
    for stands in walk(rules, rule_key) {
        if let [Some(before), Some(after)] = stands
            && rules[0][before].because == rules[1][after].because
        {
            continue;
        }
        add(stands, &|side, at| Some(rule(side, &rules[side][at])));
    }
    for stands in walk(members, member_key) {
        if let [Some(before), Some(after)] = stands
            && members[0][before].because == members[1][after].because
        {
            continue;
        }
        add(stands, &|side, at| member(side, &members[side][at]));
    }
}

/// Everything that a policy declares but rules and members.
fn items(policy: &Policy) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |kind: &'static str, key: String, fields: Fields, place: Option<Place>| {
        items.push(Item { kind, key, fields, place });
    };
    let text = |value: &Option<Box<str>>| Value::of_text(value.as_deref());
    let set = |id: Option<_>| Value::of_text(id.map(|id| policy.module_sets.key(id).as_str()));
    for (_, name, user) in policy.users.iter() {
        let employee = user.employee.map(|id| policy.employees.key(id).as_str());
        let fields = vec![
            ("active", Value::Flag(user.active)),
            ("employee", Value::of_text(employee)),
            ("modules", set(user.modules)),
            ("name", text(&user.name)),
            ("renamed_from", Value::of_text(user.renamed_from.as_ref().map(Name::as_str))),
            ("superuser", Value::Flag(user.superuser)),
        ];
        add("user", name.to_string(), fields, user.place);
    }
    for (_, name, employee) in policy.employees.iter() {
        let fields = vec![
            ("department", text(&employee.department)),
            ("email", text(&employee.email)),
            ("language", text(&employee.language)),
            ("name", text(&employee.name)),
            ("phone", text(&employee.phone)),
        ];
        add("employee", name.to_string(), fields, None);
    }
    for (_, key, group) in policy.groups.iter() {
        let kind = if key.is_role() { "role" } else { "group" };
        add(
            kind,
            key.name.to_string(),
            vec![("modules", set(group.modules)), ("name", text(&group.name))],
            group.place,
        );
    }
    for (_, name, module) in policy.modules.iter() {
        add("module", name.to_string(), vec![("name", text(&module.name))], None);
    }
    for (_, name, set) in policy.module_sets.iter() {
        let modules: Vec<&Name> = set.modules.iter().map(|id| policy.modules.key(*id)).collect();
        add("module-set", name.to_string(), vec![("modules", Value::list(&modules))], set.place);
    }
    for (_, name, class) in policy.attachments.iter() {
        add("attachment", name.to_string(), vec![("patterns", Value::list(&class.patterns))], None);
    }
    for (_, name, right) in policy.rights.iter().filter(|(_, _, right)| !right.builtin) {
        let label = |language: &str| Value::of_text(right.labels.get(language).map(|label| &**label));
        let fields = vec![
            ("meaning", text(&right.meaning)),
            ("name.de", label("de")),
            ("name.en", label("en")),
            ("name.nb", label("nb")),
            ("name.nl", label("nl")),
            ("of", Value::of_text(right.scope.map(Scope::as_str))),
            ("own_data_allowed", Value::Flag(right.own_data_allowed)),
        ];
        add("right", name.to_string(), fields, None);
    }
    for expectation in &policy.expectations {
        let on = expectation.on.map(|on| format!(" on {on}")).unwrap_or_default();
        let fields = vec![("because", text(&expectation.because))];
        add("expectation", format!("{}{on}", expectation.text), fields, Some(expectation.place));
    }
    items.extend(sections(policy));
    items
}

/// The sections about the company, its licence and online access.
fn sections(policy: &Policy) -> Vec<Item> {
    let text = |value: &Option<Box<str>>| Value::of_text(value.as_deref());
    let number = |value: Option<u32>| Value::of_text(value.map(|number| number.to_string()).as_deref());
    let mut items = Vec::new();
    let mut add = |kind: &'static str, key: &str, fields: Fields, place: Option<Place>| {
        items.push(Item { kind, key: key.to_owned(), fields, place });
    };
    if let Some(placed) = &policy.company {
        let company = &placed.body;
        let fields = vec![
            ("address.city", text(&company.city)),
            ("address.country", text(&company.country)),
            ("address.postal_code", text(&company.postal_code)),
            ("address.street", text(&company.street)),
            ("email", text(&company.email)),
            ("name", text(&company.name)),
            ("organisation_number", text(&company.organisation_number)),
            ("phone", text(&company.phone)),
        ];
        add("company", "company", fields, placed.place);
    }
    if let Some(placed) = &policy.licence {
        let licence = &placed.body;
        let fields = vec![
            ("company_databases", number(licence.company_databases)),
            ("contact", text(&licence.contact)),
            ("invitations", number(licence.invitations)),
            ("name", text(&licence.name)),
            ("phone", text(&licence.phone)),
            ("services", Value::list(&licence.services)),
        ];
        add("licence", "licence", fields, placed.place);
    }
    let Some(online) = &policy.online else { return items };
    let duration = |value: Option<crate::syntax::duration::Duration>| {
        Value::of_text(value.map(|duration| duration.to_string()).as_deref())
    };
    let responsible = online.responsible.map(|(user, _)| policy.users.key(user).as_str());
    let fields = vec![
        ("failed_logins", number(online.failed_logins)),
        ("idle_logout", duration(online.idle_logout)),
        ("interval", duration(online.interval)),
        ("invitation_valid", duration(online.invitation_valid)),
        ("machines", Value::list(&online.machines)),
        ("responsible", Value::of_text(responsible)),
        ("take_over_after", duration(online.take_over_after)),
    ];
    add("online", "online", fields, Some(online.place));
    for access in &online.access {
        let memberships = policy.memberships_of(Member::User(access.user));
        let mut roles = memberships.map(|(_, m)| policy.groups.key(m.group)).filter(|key| key.is_role());
        let fields = vec![
            ("email", text(&access.email)),
            ("message", text(&access.message)),
            ("role", Value::of_text(roles.next().map(|key| key.name.as_str()))),
        ];
        add("access", policy.users.key(access.user).as_str(), fields, Some(access.place));
    }
    items
}
