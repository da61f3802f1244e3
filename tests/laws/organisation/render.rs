//! Writes an organisation as policy files. What is written is always the same; how (prefixes, quotes, mappings,
//! block or flow, order, files) follows from the seed, so that one organisation has one text.

mod line;
mod pen;
mod scalar;

use super::{Effect, Group, Kind, ModuleSet, Organisation, OwnData, OwnRight, Role, Rule, User};
use pen::Pen;
use scalar::{Context, scalar};

/// Where the files are; the order says nothing.
const PATHS: [&str; 3] = ["policies/main.yaml", "policies/teams/north.yml", "policies/a.yaml"];

/// The policy files of an organisation; none is empty.
pub(super) fn files(org: &Organisation) -> Vec<(String, String)> {
    let mut writer = Writer { org, pen: Pen::new(org.spelling) };
    let file_count = 1 + writer.pen.pick(PATHS.len());
    let mut files: Vec<Vec<Declaration>> = vec![Vec::new(); file_count];
    for declaration in writer.declarations() {
        let file = writer.pen.pick(file_count);
        let place = files[file].len() - writer.pen.pick(files[file].len() + 1);
        files[file].insert(place, declaration);
    }
    let mut written = Vec::new();
    for (path, declarations) in PATHS.iter().zip(&files) {
        if !declarations.is_empty() {
            written.push(((*path).to_owned(), writer.pen.finish(&sections(declarations))));
        }
    }
    written
}

/// Something that stands under a section, its lines indented already.
#[derive(Clone)]
struct Declaration {
    section: &'static str,
    text: String,
}

/// One file: every section once, in the order in which its first declaration comes.
fn sections(declarations: &[Declaration]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for declaration in declarations {
        if !names.contains(&declaration.section) {
            names.push(declaration.section);
        }
    }
    let section = |name: &&str| {
        let texts = declarations.iter().filter(|declaration| declaration.section == *name);
        format!("{name}:\n{}", texts.map(|declaration| declaration.text.as_str()).collect::<String>())
    };
    names.iter().map(section).collect()
}

/// Writes one organisation, choice by choice.
struct Writer<'a> {
    org: &'a Organisation,
    pen: Pen,
}

impl Writer<'_> {
    fn declarations(&mut self) -> Vec<Declaration> {
        let org = self.org;
        let online = org.users.iter().any(|user| user.role.is_some());
        let mut all = Vec::new();
        let mut add = |section: &'static str, text: String| all.push(Declaration { section, text });
        // An online section asks for an active superuser, and a superuser for an employee; it changes no right.
        let first_active = org.users.iter().position(|user| user.active);
        for (place, user) in org.users.iter().enumerate() {
            let superuser = online && first_active == Some(place);
            add("users", self.user(user, online.then_some(place), superuser));
            if online {
                let text = format!("  staff-{place}: {{ name: Staff {place}, email: staff-{place}@crm.example }}\n");
                add("employees", text);
            }
        }
        org.groups.iter().for_each(|group| add("groups", self.group(group)));
        org.roles.iter().for_each(|role| add("roles", self.role(role)));
        org.modules.iter().for_each(|module| add("modules", self.module(module)));
        org.module_sets.iter().for_each(|set| add("module_sets", self.module_set(set)));
        org.attachments.iter().for_each(|class| add("attachments", self.attachment_class(class)));
        org.own_rights.iter().for_each(|own| add("rights", self.own_right(own)));
        if online {
            add("online", self.access());
        }
        all
    }

    fn user(&mut self, user: &User, employee: Option<usize>, superuser: bool) -> String {
        let mut fields = self.rule_fields(&user.rules);
        if !user.active {
            fields.push("    active: false\n".to_owned());
        } else if self.pen.once_in(8) {
            fields.push("    active: true\n".to_owned());
        }
        fields.extend(employee.map(|place| format!("    employee: staff-{place}\n")));
        if superuser {
            fields.push("    superuser: true\n".to_owned());
        }
        self.entry(&user.name, fields)
    }

    fn group(&mut self, group: &Group) -> String {
        let mut fields = self.rule_fields(&group.rules);
        if !group.members.is_empty() {
            let context = self.list_context();
            let lines = group.members.iter().map(|membership| self.membership(membership, context)).collect();
            fields.push(list("members", lines, context));
        }
        self.entry(&group.name, fields)
    }

    fn role(&mut self, role: &Role) -> String {
        let fields = self.rule_fields(&role.rules);
        self.entry(&role.name, fields)
    }

    fn module(&mut self, name: &str) -> String {
        let fields = if self.pen.once_in(3) { vec!["    name: Some module\n".to_owned()] } else { Vec::new() };
        self.entry(name, fields)
    }

    fn module_set(&mut self, set: &ModuleSet) -> String {
        let mut names: Vec<String> = set.modules.iter().map(|&module| self.org.modules[module].clone()).collect();
        if self.pen.once_in(2) {
            names.reverse();
        }
        let name = self.key(&set.name);
        let names: Vec<String> = names.iter().map(|name| scalar(name, Context::Flow, &mut self.pen)).collect();
        format!("  {name}: [{}]\n", names.join(", "))
    }

    fn attachment_class(&mut self, name: &str) -> String {
        format!("  {}: [\"*.{}\", \"*.x.gz\"]\n", self.key(name), &name[..3])
    }

    fn own_right(&mut self, own: &OwnRight) -> String {
        let mut fields = Vec::new();
        if own.kind == Kind::People {
            fields.push("    of: people\n".to_owned());
        }
        if own.own_data == OwnData::Allow {
            fields.push("    own: allow\n".to_owned());
        } else if own.kind == Kind::People && self.pen.once_in(2) {
            fields.push("    own: rules\n".to_owned());
        }
        if self.pen.once_in(3) {
            fields.push("    name: { en: A right, de: Ein Recht }\n".to_owned());
        }
        self.entry(&own.right, fields)
    }

    fn access(&mut self) -> String {
        let with_role = |user: &User| Some((user.name.clone(), self.org.roles[user.role?].name.clone()));
        let pairs: Vec<(String, String)> = self.org.users.iter().filter_map(with_role).collect();
        let mut text = "  access:\n".to_owned();
        for (user, role) in pairs {
            let user = self.key(&user);
            let role = scalar(&role, Context::Flow, &mut self.pen);
            text.push_str(&format!("    {user}: {{ role: {role} }}\n"));
        }
        text
    }

    /// A declaration with fields, or an empty one.
    fn entry(&mut self, name: &str, mut fields: Vec<String>) -> String {
        if !fields.is_empty() {
            let shift = self.pen.pick(fields.len());
            fields.rotate_left(shift);
        }
        format!("  {}:\n{}", self.key(name), fields.concat())
    }

    fn key(&mut self, name: &str) -> String {
        scalar(&self.composed_or_not(name), Context::Block, &mut self.pen)
    }

    /// The lists `allow` and `deny`, as far as there are rules for them.
    fn rule_fields(&mut self, rules: &[Rule]) -> Vec<String> {
        let mut fields = Vec::new();
        for effect in [Effect::Allow, Effect::Deny] {
            let context = self.list_context();
            let of_effect = rules.iter().filter(|rule| rule.effect == effect);
            let lines: Vec<String> = of_effect.map(|rule| self.rule(rule, context)).collect();
            if !lines.is_empty() {
                fields.push(list(effect.key(), lines, context));
            }
        }
        fields
    }

    fn list_context(&mut self) -> Context {
        if self.pen.once_in(3) { Context::Flow } else { Context::Block }
    }
}

fn list(name: &str, lines: Vec<String>, context: Context) -> String {
    match context {
        Context::Flow => format!("    {name}: [{}]\n", lines.join(", ")),
        Context::Block => {
            let items: String = lines.iter().map(|line| format!("      - {line}\n")).collect();
            format!("    {name}:\n{items}")
        }
    }
}
