//! What is declared otherwise, whether it decides anything or not: every entry and field that was added, changed or
//! taken out. An entry that only stands at another place is the same.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::model::{Employee, EmployeeId, Id, Member, Membership, Policy, Rule, Scope, Table, User, UserId};
use crate::name::Name;
use crate::state::{Action, Fields, Key, Said, Value};
use crate::text::Place;

use super::joint::Side;
use super::touched::{Lines, Stands};

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
pub(super) fn declared(policies: [&Policy; 2], sides: [&Side<'_>; 2], of_lines: &Lines) -> Vec<Declared> {
    let [mut base, mut head] = policies.map(items);
    // Of those who are many, only what differs is put into words.
    let users = differing(policies.map(|policy| &policy.users), |base, head| is_same_user(policies, base, head));
    let employees = differing(policies.map(|policy| &policy.employees), is_same_employee);
    for (side, items) in [&mut base, &mut head].into_iter().enumerate() {
        items.extend(users[side].iter().map(|user| user_item(policies[side], *user)));
        items.extend(employees[side].iter().map(|employee| employee_item(policies[side], *employee)));
    }
    lines(sides, of_lines, &mut base, &mut head);
    compare_items(base, head)
}

/// Rules and members that one side alone has, or that have another reason.
fn lines(sides: [&Side<'_>; 2], of_lines: &Lines, base: &mut Vec<Item>, head: &mut Vec<Item>) {
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
    for stands in of_lines.rules.iter().copied() {
        if let [Some(before), Some(after)] = stands
            && rules[0][before].because == rules[1][after].because
        {
            continue;
        }
        add(stands, &|side, at| Some(rule(side, &rules[side][at])));
    }
    for stands in of_lines.members.iter().copied() {
        if let [Some(before), Some(after)] = stands
            && members[0][before].because == members[1][after].because
        {
            continue;
        }
        add(stands, &|side, at| member(side, &members[side][at]));
    }
}

/// What of two tables is on one side only, or not the same on both.
fn differing<I: Id, K: Ord + Hash, T>(tables: [&Table<I, K, T>; 2], is_same: impl Fn(&T, &T) -> bool) -> [Vec<I>; 2] {
    let keys = tables.map(Table::keys);
    let (mut at, mut found) = ([0, 0], [Vec::new(), Vec::new()]);
    while at[0] < keys[0].len() || at[1] < keys[1].len() {
        let next = [0, 1].map(|side: usize| keys[side].get(at[side]));
        let takes = match next {
            // That two names are one is seen sooner than which is the lesser one.
            [Some(base), Some(head)] if base == head => [true, true],
            [Some(base), Some(head)] => [base < head, base > head],
            [base, head] => [base.is_some(), head.is_some()],
        };
        let ids = at.map(I::from_index);
        let is_same = takes == [true, true] && is_same(tables[0].get(ids[0]), tables[1].get(ids[1]));
        for side in [0, 1].into_iter().filter(|side| takes[*side]) {
            at[side] += 1;
            found[side].extend((!is_same).then_some(ids[side]));
        }
    }
    found
}

fn is_same_user(policies: [&Policy; 2], base: &User, head: &User) -> bool {
    let employee = |side: usize, user: &User| user.employee.map(|id| policies[side].employees.key(id));
    let set = |side: usize, user: &User| user.modules.map(|id| policies[side].module_sets.key(id));
    (base.active, base.superuser) == (head.active, head.superuser)
        && base.name == head.name
        && base.renamed_from == head.renamed_from
        && employee(0, base) == employee(1, head)
        && set(0, base) == set(1, head)
}

fn is_same_employee(base: &Employee, head: &Employee) -> bool {
    fields_of_employee(base) == fields_of_employee(head)
}

fn user_item(policy: &Policy, id: UserId) -> Item {
    let user = policy.users.get(id);
    let employee = user.employee.map(|id| policy.employees.key(id).as_str());
    let set = user.modules.map(|id| policy.module_sets.key(id).as_str());
    let fields = vec![
        ("active", Value::Flag(user.active)),
        ("employee", Value::of_text(employee)),
        ("modules", Value::of_text(set)),
        ("name", Value::of_text(user.name.as_deref())),
        ("renamed_from", Value::of_text(user.renamed_from.as_ref().map(Name::as_str))),
        ("superuser", Value::Flag(user.superuser)),
    ];
    Item { kind: "user", key: policy.users.key(id).to_string(), fields, place: user.place }
}

fn employee_item(policy: &Policy, id: EmployeeId) -> Item {
    let texts = fields_of_employee(policy.employees.get(id));
    let fields = texts.map(|(field, text)| (field, Value::of_text(text)));
    Item { kind: "employee", key: policy.employees.key(id).to_string(), fields: fields.into(), place: None }
}

fn fields_of_employee(employee: &Employee) -> [(&'static str, Option<&str>); 5] {
    [
        ("department", employee.department.as_deref()),
        ("email", employee.email.as_deref()),
        ("language", employee.language.as_deref()),
        ("name", employee.name.as_deref()),
        ("phone", employee.phone.as_deref()),
    ]
}

/// Everything that a policy declares but users, employees, rules and members.
fn items(policy: &Policy) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |kind: &'static str, key: String, fields: Fields, place: Option<Place>| {
        items.push(Item { kind, key, fields, place });
    };
    let text = |value: &Option<Box<str>>| Value::of_text(value.as_deref());
    let set = |id: Option<_>| Value::of_text(id.map(|id| policy.module_sets.key(id).as_str()));
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
