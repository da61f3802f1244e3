//! Documents become one policy: declarations are joined, names looked up, rules spelled out.

mod again;
mod expectations;
mod lines;
mod once;

use crate::diag::{self, Code, Diagnostic};
use crate::language::Text;
use crate::name::{Name, RightName};
use crate::say;
use crate::syntax::right::right_name;
use crate::syntax::rule::Prefix;
use crate::syntax::{Declared, Document, user};
use crate::text::{FileId, Place, Spanned};

use super::key::GroupKey;
use super::{
    Attachment, Group, Module, ModuleSet, ModuleSetId, Parts, Policy, Right, Table, User, catalogue, contradiction,
    graph, roles,
};

pub use again::Lowered;

/// Compiles documents, given in the order of their files. The policy is whole only if no finding stops compiling.
pub fn lower(documents: &[&Document]) -> (Policy, Vec<Diagnostic>) {
    let mut lowering = Lowering { parts: Parts::default(), diagnostics: Vec::new() };
    lowering.declare(documents);
    for document in documents {
        lowering.links(document);
    }
    lowering.lines(documents);
    for document in documents {
        lowering.expectations(document);
    }
    lowering.single_sections(documents);
    let predefined = roles::rules(&lowering.parts);
    lowering.parts.rules.extend(predefined);
    let mut diagnostics = lowering.diagnostics;
    diagnostics.extend(graph::cycles(&lowering.parts));
    let policy = Policy::assemble(lowering.parts);
    diagnostics.extend(contradiction::contradictions(&policy));
    diag::sort(&mut diagnostics);
    (policy, diagnostics)
}

struct Lowering {
    parts: Parts,
    diagnostics: Vec<Diagnostic>,
}

/// Joins the declarations of one section from all documents; a name that is declared twice is a finding.
fn join<'d, T: 'd, K: Ord, U>(
    documents: &'d [&'d Document],
    section: impl Fn(&'d Document) -> &'d [Declared<T>],
    noun: Text,
    diagnostics: &mut Vec<Diagnostic>,
    mut make: impl FnMut(&'d Declared<T>, Place) -> Option<(K, U)>,
) -> Vec<(K, U)> {
    let mut all: Vec<(&Declared<T>, FileId)> =
        Vec::with_capacity(documents.iter().map(|document| section(document).len()).sum());
    for document in documents {
        all.extend(section(document).iter().map(|declared| (declared, document.file)));
    }
    // Of those with one name the first in the files stays the first.
    all.sort_by(|(a, _), (b, _)| a.name.value.cmp(&b.name.value));
    let mut entries = Vec::with_capacity(all.len());
    let mut first: Option<(&Name, Place)> = None;
    for (declared, file) in all {
        let name = &declared.name;
        let place = Place { file, span: name.span };
        if let Some((_, earlier)) = first.filter(|(known, _)| **known == name.value) {
            let message = say!("the {noun} `{name}` is declared twice", noun, name = name.value);
            let finding = Diagnostic::new(Code::DuplicateName, place, message)
                .label(say!("again"))
                .also(earlier, say!("first"))
                .help(say!("join the two declarations, or rename one of them"));
            diagnostics.push(finding);
            continue;
        }
        first = Some((&name.value, place));
        entries.extend(make(declared, place));
    }
    entries
}

/// A user, before links are looked up.
fn user_of(declared: &Declared<user::User>, place: Place) -> User {
    let body = &declared.body;
    User {
        employee: None,
        name: body.name.clone(),
        superuser: body.superuser,
        active: !body.inactive,
        modules: None,
        renamed_from: body.renamed_from.as_ref().map(|name| name.value.clone()),
        place: Some(place),
    }
}

/// A group or role, before links are looked up.
fn group_of(name: &Option<Box<str>>, place: Place) -> Group {
    Group { name: name.clone(), modules: None, place: Some(place) }
}

impl Lowering {
    /// Everything that has a name gets its id.
    fn declare(&mut self, documents: &[&Document]) {
        let Self { parts, diagnostics } = self;
        let own_name = |declared: &Name| declared.clone();
        parts.employees = Table::new(join(
            documents,
            |d| &d.employees,
            say!("employee"),
            diagnostics,
            |declared, _| Some((own_name(&declared.name.value), declared.body.clone())),
        ));
        parts.users = Table::new(join(
            documents,
            |d| &d.users,
            say!("user"),
            diagnostics,
            |declared, place| Some((own_name(&declared.name.value), user_of(declared, place))),
        ));
        let mut groups = join(
            documents,
            |d| &d.groups,
            say!("group"),
            diagnostics,
            |declared, place| {
                Some((GroupKey::group(own_name(&declared.name.value)), group_of(&declared.body.name, place)))
            },
        );
        let mut predefined_again = Vec::new();
        groups.extend(join(
            documents,
            |d| &d.roles,
            say!("role"),
            diagnostics,
            |declared, place| {
                let name = &declared.name.value;
                if roles::predefined().contains_key(name) {
                    let message = say!("`{name}` is a role of the catalogue and cannot be declared again", name);
                    predefined_again.push(
                        Diagnostic::new(Code::DuplicateName, place, message)
                            .help(say!("take the declaration out, or choose another name")),
                    );
                    return None;
                }
                Some((GroupKey::role(own_name(name)), group_of(&declared.body.name, place)))
            },
        ));
        diagnostics.append(&mut predefined_again);
        let used = documents.iter().filter_map(|document| document.online.as_ref()).flat_map(|online| &online.access);
        let used = used.filter_map(|access| access.body.role.as_ref()).map(|role| &role.value).collect();
        groups.extend(roles::groups(&used));
        parts.groups = Table::new(groups);
        parts.modules = Table::new(join(
            documents,
            |d| &d.modules,
            say!("module"),
            diagnostics,
            |declared, _| Some((own_name(&declared.name.value), Module { name: declared.body.name.clone() })),
        ));
        parts.module_sets = Table::new(join(
            documents,
            |d| &d.module_sets,
            say!("module set"),
            diagnostics,
            |declared, place| {
                let set = ModuleSet { modules: Vec::new(), place: Some(place) };
                Some((own_name(&declared.name.value), set))
            },
        ));
        parts.attachments = Table::new(join(
            documents,
            |d| &d.attachments,
            say!("attachment class"),
            diagnostics,
            |declared, _| {
                let class = Attachment { patterns: declared.body.patterns.clone() };
                Some((own_name(&declared.name.value), class))
            },
        ));
        self.declare_rights(documents);
    }

    fn declare_rights(&mut self, documents: &[&Document]) {
        let mut built_in_again = Vec::new();
        let mut rights = join(
            documents,
            |d| &d.rights,
            say!("right"),
            &mut self.diagnostics,
            |declared, place| {
                let name = right_name(&declared.name)?;
                if catalogue::built_in().contains_key(&name) {
                    let message = say!("`{name}` is a right of the catalogue and cannot be declared again", name);
                    built_in_again.push(
                        Diagnostic::new(Code::DuplicateName, place, message)
                            .help(say!("take the declaration out, or choose another name")),
                    );
                    return None;
                }
                let body = &declared.body;
                let right = Right {
                    labels: body.names.clone(),
                    meaning: body.meaning.clone(),
                    scope: body.of,
                    own_data_allowed: body.own_data_allowed,
                    builtin: false,
                };
                Some((name, right))
            },
        );
        rights.extend(catalogue::built_in().iter().map(|(name, right)| (name.clone(), right.clone())));
        self.diagnostics.extend(built_in_again);
        self.parts.rights = Table::<_, RightName, _>::new(rights);
    }

    /// Users to employees, and module sets to users, groups and modules.
    fn links(&mut self, document: &Document) {
        let file = document.file;
        // Most users have neither, and need not be looked for.
        let has_links = |user: &user::User| user.employee.is_some() || user.modules.is_some();
        for declared in document.users.iter().filter(|declared| has_links(&declared.body)) {
            let Some(id) = self.parts.users.find(&declared.name.value) else { continue };
            let employee = declared.body.employee.as_ref().and_then(|name| {
                let found = self.parts.employees.find(&name.value);
                if found.is_none() {
                    let near = self.parts.suggest_employee(&name.value);
                    self.unknown(Code::UnknownEmployee, file, name, say!("employee"), near, "employees");
                }
                found
            });
            let modules = self.module_set(file, declared.body.modules.as_ref());
            let user = self.parts.users.get_mut(id);
            (user.employee, user.modules) = (employee, modules);
        }
        for declared in &document.groups {
            let modules = self.module_set(file, declared.body.modules.as_ref());
            if let Some(id) = self.parts.groups.find(&GroupKey::group(declared.name.value.clone())) {
                self.parts.groups.get_mut(id).modules = modules;
            }
        }
        for declared in &document.module_sets {
            let mut modules = Vec::new();
            for name in &declared.body.modules {
                let found = self.parts.modules.find(&name.value);
                if found.is_none() {
                    let near = self.parts.suggest(&name.value, &[Prefix::Module], false);
                    self.unknown(Code::UnknownModule, file, name, say!("module"), near, "modules");
                }
                modules.extend(found);
            }
            if let Some(id) = self.parts.module_sets.find(&declared.name.value) {
                self.parts.module_sets.get_mut(id).modules = modules;
            }
        }
    }

    fn module_set(&mut self, file: FileId, name: Option<&Spanned<Name>>) -> Option<ModuleSetId> {
        let name = name?;
        let found = self.parts.module_sets.find(&name.value);
        if found.is_none() {
            let near = self.parts.suggest(&name.value, &[Prefix::ModuleSet], false);
            self.unknown(Code::UnknownModule, file, name, say!("module set"), near, "module_sets");
        }
        found
    }

    fn unknown(
        &mut self,
        code: Code,
        file: FileId,
        name: &Spanned<Name>,
        noun: Text,
        near: Option<String>,
        section: &str,
    ) {
        let help = match near {
            Some(near) => say!("did you mean `{near}`?", near),
            None => say!("declare it in the section `{section}`, or correct the name", section),
        };
        let place = Place { file, span: name.span };
        let message = say!("there is no {noun} `{name}`", noun, name = name.value);
        self.diagnostics.push(Diagnostic::new(code, place, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    #[test]
    fn a_name_declared_twice_shows_both_places() {
        insta::assert_snapshot!(findings(r#"
//- policies/a.yaml
users: { lars: }
groups: { lars: { members: [user:lars] } }
//- policies/b.yaml
users: { lars: }
rights: { data.export: }
"#), @r#"
        duplicate-name b.yaml:1:10 "lars" (again) + a.yaml:1:10 "lars" (first) the user `lars` is declared twice | join the two declarations, or rename one of them
        duplicate-name b.yaml:2:11 "data.export" `data.export` is a right of the catalogue and cannot be declared again | take the declaration out, or choose another name
        "#);
    }

    #[test]
    fn unknown_names_are_found_with_the_nearest() {
        insta::assert_snapshot!(findings(r#"
employees: { lars-kaufmann: }
modules: { mail: }
module_sets: { desk: [mail, mial] }
users:
  lars: { employee: lars-kaufman, modules: desc, allow: [data.exprot, calendar.see of lasr, modules.use of group:x] }
groups:
  sales: { members: [lasr, group:slaes, user:karin, zzzzzz], modules: x }
online: { access: { karin: { role: r } } }
"#), @r#"
        unknown-module a.yaml:4:29 "mial" there is no module `mial` | did you mean `mail`?
        unknown-employee a.yaml:6:21 "lars-kaufman" there is no employee `lars-kaufman` | did you mean `lars-kaufmann`?
        unknown-module a.yaml:6:44 "desc" there is no module set `desc` | did you mean `desk`?
        unknown-right a.yaml:6:58 "data.exprot" there is no right `data.exprot` | did you mean `data.export`?
        unknown-target a.yaml:6:87 "lasr" there is no user or group called `lasr` | did you mean `lars`?
        unexpected-target a.yaml:6:108 "group:x" `group:x` is a group, which `modules.use` cannot be over | name a module or module set
        unknown-user a.yaml:8:22 "lasr" there is no user or group `lasr` | did you mean `lars`?
        unknown-group a.yaml:8:28 "group:slaes" there is no group `slaes` | did you mean `group:sales`?
        unknown-user a.yaml:8:41 "user:karin" there is no user `karin` | declare it in the section `users` or `groups`, or correct the name
        unknown-user a.yaml:8:53 "zzzzzz" there is no user or group `zzzzzz` | declare it in the section `users` or `groups`, or correct the name
        unknown-module a.yaml:8:71 "x" there is no module set `x` | declare it in the section `module_sets`, or correct the name
        unknown-user a.yaml:9:21 "karin" there is no user `karin` | declare it in the section `users`, or correct the name
        unknown-role a.yaml:9:36 "r" there is no role `r` | declare it in the section `roles`, or correct the name
        "#);
    }

    #[test]
    fn the_nearest_name_is_found_among_many_that_several_threads_look_through() {
        let declared: String = (0..1_200).map(|user| format!("  a{user:06}: \n")).collect();
        let found = findings(&format!("users:\n{declared}groups: {{ g: {{ members: [b000007, zzzzzz] }} }}\n"));
        assert!(found.contains("did you mean `a000007`?") && found.contains("declare it in the section"), "{found}");
    }

    #[test]
    fn a_bare_name_of_two_things_asks_for_the_prefix() {
        insta::assert_snapshot!(findings(r#"
users: { sales: , anna: { allow: [calendar.see of sales, calendar.see of group:sales, modules.use of desk] } }
modules: { desk: }
module_sets: { desk: [desk] }
groups: { sales: { members: [anna] }, all: { members: [sales, user:sales] } }
"#), @r#"
        ambiguous-name a.yaml:2:51 "sales" `sales` means several things: user and group | say which one: `user:sales` or `group:sales`
        ambiguous-name a.yaml:2:102 "desk" `desk` means several things: module and module set | say which one: `module:desk` or `module-set:desk`
        ambiguous-name a.yaml:5:56 "sales" `sales` means several things: user and group | say which one: `user:sales` or `group:sales`
        "#);
    }

    #[test]
    fn targets_must_fit_their_right() {
        insta::assert_snapshot!(findings(r#"
modules: { mail: }
users:
  lars:
    allow:
      - data.export of everyone
      - calendar.see
      - calendar.see of everything
      - modules.use of everyone
      - calendar.see of mail
      - calendar.see of module:mail
      - calendar.*
      - data.* of everyone
      - nothing.* of everyone
      - mail.delete_public+mark_confidental
"#), @r#"
        unexpected-target a.yaml:6:24 "everyone" `data.export` is a plain right and takes no target | take out the part after `of`
        missing-target a.yaml:7:9 "calendar.see" `calendar.see` needs a target: over whose data? | write `calendar.see of NAME` or `calendar.see of everyone`
        unexpected-target a.yaml:8:25 "everything" `calendar.see` is over people, so `everything` cannot be its target | write `everyone`
        unexpected-target a.yaml:9:24 "everyone" `modules.use` is not over people, so `everyone` cannot be its target | write `everything`
        unknown-target a.yaml:10:25 "mail" `mail` is a module, which `calendar.see` cannot be over | name a user or group
        unexpected-target a.yaml:11:25 "module:mail" `module:mail` is a module, which `calendar.see` cannot be over | name a user or group
        missing-target a.yaml:12:9 "calendar.*" `calendar.*` needs a target: over whose data? | write `calendar.* of NAME` or `calendar.* of everyone`
        unexpected-target a.yaml:13:19 "everyone" no right of `data.*` takes a target | take out the part after `of`
        unknown-right a.yaml:14:9 "nothing.*" there is no right `nothing.*` | `rightful rights` lists the catalogue; own rights are declared in the section `rights`
        unknown-right a.yaml:15:9 "mail.delete_public+mark_confidental" there is no right `mail.mark_confidental` | did you mean `mail.mark_confidential`?
        "#);
    }

    #[test]
    fn groups_in_a_circle_are_printed_whatever_the_dates() {
        insta::assert_snapshot!(findings(r#"
groups:
  a: { members: [group:b until 2020-01-01] }
  b: { members: [c] }
  c: { members: [a, d] }
  d: { members: [d] }
  e: { members: [e, f] }
  f: { members: [e] }
"#), @r#"
        membership-cycle a.yaml:5:18 "a" (`a` is put into `c`) + a.yaml:4:18 "c" (`c` is put into `b`) + a.yaml:3:18 "group:b until 2020-01-01" (`b` is put into `a`) groups contain each other in a circle: a > c > b > a | take one of these groups out of the other's members; dates do not matter here
        membership-cycle a.yaml:6:18 "d" (`d` is put into `d`) groups contain each other in a circle: d > d | take one of these groups out of the other's members; dates do not matter here
        membership-cycle a.yaml:7:18 "e" (`e` is put into `e`) groups contain each other in a circle: e > e | take one of these groups out of the other's members; dates do not matter here
        membership-cycle a.yaml:8:18 "e" (`e` is put into `f`) + a.yaml:7:21 "f" (`f` is put into `e`) groups contain each other in a circle: e > f > e | take one of these groups out of the other's members; dates do not matter here
        "#);
    }

    #[test]
    fn contradictions_are_found_where_periods_overlap() {
        insta::assert_snapshot!(findings(r#"
users: { lars: , anna: }
groups:
  a: { allow: [data.*], deny: [data.export from 2027-01-01] }
  b: { allow: [sms.send until 2026-12-31], deny: [sms.send from 2027-01-01] }
  c: { allow: [calendar.see of lars until 2026-12-31], deny: [calendar.see of user:lars from 2026-12-31] }
  d: { allow: [calendar.see of everyone], deny: [calendar.see of lars, calendar.see of c] }
"#), @r#"
        contradiction a.yaml:4:32 "data.export from 2027-01-01" (denied here) + a.yaml:4:16 "data.*" (allowed here) `group:a` both allows and denies `data.export` | remove one of the two, or give them periods that do not overlap
        contradiction a.yaml:6:63 "calendar.see of user:lars from 2026-12-31" (denied here) + a.yaml:6:16 "calendar.see of lars until 2026-12-31" (allowed here) `group:c` both allows and denies `calendar.see of user:lars` | remove one of the two, or give them periods that do not overlap
        "#);
    }
}
