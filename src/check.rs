//! Findings about a policy that compiles: one rule per file, all run over the same policy and day.

mod ambiguous_module_set;
mod cannot_start;
mod duplicate_member;
mod duplicate_rule;
mod employee_shared;
pub mod expectations;
mod expired_rule;
mod inactive_member;
mod incomplete_company;
mod incomplete_licence;
mod inert_rule;
mod look_alike_name;
mod module_not_usable;
mod no_module_set;
mod no_superuser;
mod not_eligible;
mod redundant_rule;
mod rename_conflict;
mod responsible_not_superuser;
mod sensitive_for_everyone;
mod service_not_licensed;
mod superuser_without_employee;
mod too_many_invitations;
mod unused_group;
mod unused_module_set;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::date::Date;
use crate::diag::{self, Code, Diagnostic, Level, Severity};
use crate::model::{RightId, UserId};
use crate::name::Name;
use crate::repository::{Company, Repository, rights_named};
use crate::resolve::{InForce, Population, Prescribed, prescriptions};
use crate::syntax::settings::Settings;
use crate::text::Place;
use crate::workers;

/// What a rule of the check looks at.
pub struct Subject<'p> {
    /// The policy and the day.
    pub in_force: &'p InForce<'p>,
    /// Everybody with the groups.
    pub population: &'p Population<'p>,
    /// The rights that the settings call sensitive.
    pub sensitive: BTreeSet<RightId>,
    prescribed: OnceLock<Vec<(UserId, Prescribed)>>,
}

impl Subject<'_> {
    /// The module sets that are prescribed to people; worked out once for all checks.
    pub fn prescribed(&self) -> &[(UserId, Prescribed)] {
        self.prescribed.get_or_init(|| prescriptions(self.population))
    }
}

/// From how many users on the checks are shared by several threads.
const WORTH_SHARING: usize = 1_000;

/// A rule of the check.
type Check = fn(&Subject<'_>) -> Vec<Diagnostic>;

const CHECKS: [(Code, Check); 24] = [
    (Code::AmbiguousModuleSet, ambiguous_module_set::run),
    (Code::CannotStart, cannot_start::run),
    (Code::DuplicateMember, duplicate_member::run),
    (Code::DuplicateRule, duplicate_rule::run),
    (Code::EmployeeShared, employee_shared::run),
    (Code::ExpiredRule, expired_rule::run),
    (Code::InactiveMember, inactive_member::run),
    (Code::IncompleteCompany, incomplete_company::run),
    (Code::IncompleteLicence, incomplete_licence::run),
    (Code::InertRule, inert_rule::run),
    (Code::LookAlikeName, look_alike_name::run),
    (Code::ModuleNotUsable, module_not_usable::run),
    (Code::NoModuleSet, no_module_set::run),
    (Code::NoSuperuser, no_superuser::run),
    (Code::NotEligible, not_eligible::run),
    (Code::RedundantRule, redundant_rule::run),
    (Code::RenameConflict, rename_conflict::run),
    (Code::ResponsibleNotSuperuser, responsible_not_superuser::run),
    (Code::SensitiveForEveryone, sensitive_for_everyone::run),
    (Code::ServiceNotLicensed, service_not_licensed::run),
    (Code::SuperuserWithoutEmployee, superuser_without_employee::run),
    (Code::TooManyInvitations, too_many_invitations::run),
    (Code::UnusedGroup, unused_group::run),
    (Code::UnusedModuleSet, unused_module_set::run),
];

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, with the levels of the settings, in the order in which they are shown.
    pub findings: Vec<Diagnostic>,
    /// The expectations, in the order of the files.
    pub proved: Vec<Proved>,
}

/// What became of one expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The words of it.
    pub text: Box<str>,
    /// Where it is written.
    pub place: Place,
    /// Whether it does not hold.
    pub failed: bool,
    /// In which company, where the settings name companies.
    pub company: Option<Name>,
}

impl Report {
    /// How many expectations hold.
    pub fn passed(&self) -> usize {
        self.proved.len() - self.failed()
    }

    /// How many do not.
    pub fn failed(&self) -> usize {
        self.proved.iter().filter(|proved| proved.failed).count()
    }
}

/// Everything about a repository: what was found while compiling, and about each company that compiles. `only` keeps
/// to one company.
pub fn repository(repository: &Repository, on: Date, only: Option<&Name>) -> Report {
    repository_by(&repository.settings, repository, on, only)
}

/// The same by other settings than the repository's own.
pub fn repository_by(settings: &Settings, repository: &Repository, on: Date, only: Option<&Name>) -> Report {
    let mut report = Report { findings: repository.diagnostics.clone(), ..Report::default() };
    for company in repository.chosen(only) {
        let of_company = self::company(company, settings, on);
        report.findings.extend(of_company.findings);
        report.proved.extend(of_company.proved);
    }
    settle(&mut report.findings, settings);
    report
}

/// Everything about one company.
pub fn company(company: &Company, settings: &Settings, on: Date) -> Report {
    let mut report = Report { findings: company.diagnostics.clone(), ..Report::default() };
    if company.compiles() {
        let of_policy = policy(&InForce::new(&company.policy, on), settings);
        let tagged = of_policy.findings.into_iter().map(|mut finding| {
            finding.companies.extend(company.name.clone());
            finding
        });
        report.findings.extend(tagged);
        report.proved = of_policy.proved;
        report.proved.iter_mut().for_each(|proved| proved.company.clone_from(&company.name));
    }
    settle(&mut report.findings, settings);
    report
}

/// Everything about a policy.
pub fn policy(in_force: &InForce<'_>, settings: &Settings) -> Report {
    let population = Population::new(in_force);
    let sensitive = rights_named(in_force.policy, &settings.sensitive);
    let subject = Subject { in_force, population: &population, sensitive, prescribed: OnceLock::new() };
    let asked: Vec<&(Code, Check)> = CHECKS.iter().filter(|(code, _)| settings.level(*code) != Level::Off).collect();
    let check = |(_, check): &&(Code, Check)| check(&subject);
    let in_order = |checks: &[&(Code, Check)]| checks.iter().map(check).collect();
    let many = in_force.policy.users.len() >= WORTH_SHARING;
    let found: Vec<Vec<Diagnostic>> = if many { workers::each(&asked, check) } else { in_order(&asked) };
    let mut findings: Vec<Diagnostic> = found.into_iter().flatten().collect();
    let outcome = expectations::run(&population);
    findings.extend(outcome.findings);
    settle(&mut findings, settings);
    Report { findings, proved: outcome.proved }
}

/// Gives each finding the level of the settings, and all of them their order.
fn settle(findings: &mut Vec<Diagnostic>, settings: &Settings) {
    findings.retain(|finding| settings.level(finding.code) != Level::Off);
    for finding in findings.iter_mut() {
        finding.severity =
            if settings.level(finding.code) == Level::Error { Severity::Error } else { Severity::Warning };
    }
    diag::sort(findings);
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, findings_on};

    #[test]
    fn rules_that_are_written_twice_or_have_ended_or_decide_nothing() {
        insta::assert_snapshot!(findings_on(r#"
users: { lars: { allow: [data.export, data.*], deny: [sms.send until 2026-11-21] } }
groups:
  sales: { members: [lars until 2026-11-21, lars from 2026-11-22], deny: [lists.print, calendar.see of lars] }
"#, "2026-11-22"), @r#"
        cannot-start a.yaml:2:10 "lars" `lars` is given rights, but may not start the program | allow `program.start` to a group of `lars`; without it nothing else can be used
        duplicate-rule a.yaml:2:39 "data.*" (again) + a.yaml:2:26 "data.export" (first) `user:lars` allows `data.export` twice | remove one of the two, or join their periods
        expired-rule a.yaml:2:55 "sms.send until 2026-11-21" this rule ended on 2026-11-21 | remove it: git keeps the history, and the next reader need not wonder
        expired-rule a.yaml:4:22 "lars until 2026-11-21" this membership ended on 2026-11-21 | remove it: git keeps the history, and the next reader need not wonder
        inert-rule a.yaml:4:75 "lists.print" denying `lists.print` to `group:sales` takes it from nobody | another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user
        "#);
    }

    #[test]
    fn a_rule_that_overlaps_a_longer_one_is_a_duplicate_of_it() {
        insta::assert_snapshot!(findings(r#"
users:
  lars:
    allow:
      - data.export until 2030-12-31
      - data.export from 2027-01-01 until 2027-12-31
      - data.export from 2029-01-01 until 2029-12-31
      - data.export from 2031-01-01
"#), @r#"
        cannot-start a.yaml:3:3 "lars" `lars` is given rights, but may not start the program | allow `program.start` to a group of `lars`; without it nothing else can be used
        duplicate-rule a.yaml:6:9 "data.export from 2027-01-01 until 2027-12-31" (again) + a.yaml:5:9 "data.export until 2030-12-31" (first) `user:lars` allows `data.export` twice, in periods that overlap | remove one of the two, or join their periods
        duplicate-rule a.yaml:7:9 "data.export from 2029-01-01 until 2029-12-31" (again) + a.yaml:5:9 "data.export until 2030-12-31" (first) `user:lars` allows `data.export` twice, in periods that overlap | remove one of the two, or join their periods
        "#);
    }

    #[test]
    fn an_old_name_must_lead_to_one_account() {
        let chain = "users: { b: { renamed_from: new }, x: { renamed_from: b } }";
        assert_eq!(findings(chain), "");
        insta::assert_snapshot!(findings(r#"
users:
  a: { renamed_from: old }
  b: { renamed_from: old }
  c: { renamed_from: c }
  d: { renamed_from: e }
  e:
  f: { renamed_from: g }
  g: { renamed_from: f }
"#), @r#"
        rename-conflict a.yaml:4:3 "b" + a.yaml:3:3 "a" (the other one) `a` and `b` both claim the account that was called `old` | only one of them can have been renamed; take `renamed_from` out of the other
        rename-conflict a.yaml:5:3 "c" the old names of `c` lead back to `c` | names cannot be swapped in one step; use a third name in between, and apply twice
        rename-conflict a.yaml:6:3 "d" `d` was called `e`, but `e` is still declared | take `renamed_from` out, or the old declaration
        rename-conflict a.yaml:8:3 "f" the old names of `f` lead back to `f` | names cannot be swapped in one step; use a third name in between, and apply twice
        rename-conflict a.yaml:9:3 "g" the old names of `g` lead back to `g` | names cannot be swapped in one step; use a third name in between, and apply twice
        "#);
    }

    #[test]
    fn employees_and_superusers_are_linked_properly() {
        insta::assert_snapshot!(findings(r#"
employees: { x: }
users: { lars: { employee: x }, anna: { employee: x, superuser: true }, karin: { superuser: true } }
"#), @r#"
        employee-shared a.yaml:3:10 "lars" + a.yaml:3:33 "anna" (linked first) the employee `x` is linked to both `anna` and `lars` | one employee has at most one user; link the other to somebody else, or to nobody
        superuser-without-employee a.yaml:3:73 "karin" the superuser `karin` is not linked to an employee | add `employee:`, or take `superuser: true` out
        "#);
    }

    /// What is complete where the tests are about something else.
    const ONLINE: &str = r#"
employees: { e-anna: { name: Anna, email: anna@n.example }, e-lars: { name: Lars } }
company:
  name: Nordwind
  address: { street: Deich 1, postal_code: "20457", city: Hamburg, country: Germany }
  phone: "+49 40 1"
  email: info@n.example
  organisation_number: HRB 1
licence: { name: Nordwind, contact: Anna, phone: "+49 40 1", invitations: 2 }
"#;

    #[test]
    fn online_access_needs_people_who_can_have_it() {
        let firm = format!(
            "{ONLINE}users: {{ anna: {{ employee: e-anna }}, lars: {{ employee: e-lars }}, karin: , \
             rolf: {{ employee: e-anna, active: false, superuser: true }} }}\n\
             online:\n  responsible: anna\n  access:\n    rolf: {{ message: hi }}\n    anna:\n    lars:\n    karin:\n"
        );
        insta::assert_snapshot!(findings(&firm), @r#"
        employee-shared a.yaml:10:75 "rolf" + a.yaml:10:10 "anna" (linked first) the employee `e-anna` is linked to both `anna` and `rolf` | one employee has at most one user; link the other to somebody else, or to nobody
        no-superuser a.yaml:11:1 "online" there is online access, but no active superuser | give one active user `superuser: true`: only superusers reach the online administration
        responsible-not-superuser a.yaml:12:16 "anna" `anna` answers for synchronisation, but is no superuser | name an active superuser, or make `anna` one
        not-eligible a.yaml:14:5 "rolf" `rolf` is not active and cannot have online access | take the access out, or make the user active
        too-many-invitations a.yaml:16:5 "lars" (the first one too many) + a.yaml:9:1 "licence" (the licence) 4 users have online access, and the licence allows 2 | take somebody out, or write the number of a larger licence into `licence.invitations`
        not-eligible a.yaml:16:5 "lars" `lars` has no e-mail address and cannot be invited | add `email:` to the employee, or to the access
        not-eligible a.yaml:17:5 "karin" `karin` is not linked to an employee and cannot have online access | add `employee:` to the user
        "#);
        let fine = format!(
            "{ONLINE}users: {{ anna: {{ employee: e-anna, superuser: true }}, lars: {{ employee: e-lars }} }}\n\
             online: {{ responsible: anna, access: {{ anna: , lars: {{ email: lars@n.example }} }} }}\n"
        );
        assert_eq!(findings(&fine), "");
        // Whoever answers for synchronisation has a place too, without being invited.
        let three = fine
            .replace("{ anna: , lars", "{ karin: , lars")
            .replace("users: {", "users: { karin: { employee: e-karin },");
        let three = three.replace("employees: {", "employees: { e-karin: { name: Karin, email: karin@n.example },");
        insta::assert_snapshot!(findings(&three), @r#"too-many-invitations a.yaml:11:49 "lars" (the first one too many) + a.yaml:9:1 "licence" (the licence) 3 users have online access, the responsible one included, and the licence allows 2 | take somebody out, or write the number of a larger licence into `licence.invitations`"#);
    }

    #[test]
    fn a_service_is_one_of_the_licence() {
        let firm = format!(
            "{ONLINE}users: {{ anna: {{ employee: e-anna, superuser: true }} }}\n\
             online: {{ access: {{ anna: {{ services: [calendar, documents] }} }} }}\n"
        );
        assert_eq!(findings(&firm), "", "a licence that lists none does not limit them");
        let firm = firm.replace("invitations: 2", "invitations: 2, services: [crm, calendar]");
        insta::assert_snapshot!(findings(&firm), @r#"service-not-licensed a.yaml:11:50 "documents" + a.yaml:9:1 "licence" (the licence) the licence does not have the service `documents` | it has `crm` and `calendar`"#);
    }

    #[test]
    fn connecting_needs_the_company_and_the_licence() {
        insta::assert_snapshot!(findings(r#"
company: { name: Nordwind, address: { city: , country: Germany }, phone: "1" }
licence: { name: "" }
users: { lars: }
"#), @r#"
        incomplete-company a.yaml:2:1 "company" the company has no `address.street`, `address.postal_code`, `address.city`, `email` and `organisation_number` | write `address.street`, `address.postal_code`, `address.city`, `email` and `organisation_number` into the section `company`; connecting needs all of it
        incomplete-licence a.yaml:3:1 "licence" the licence has no `name`, `contact` and `phone` | write `name`, `contact` and `phone` into the section `licence`; connecting needs all of it
        "#);
        insta::assert_snapshot!(findings("online: { interval: 15m }\nusers: { lars: }\n"), @r#"
        no-superuser a.yaml:1:1 "online" there is online access, but no active superuser | give one active user `superuser: true`: only superusers reach the online administration
        incomplete-company a.yaml:1:1 "online" online access needs the section `company` | write `name`, `address.street`, `address.postal_code`, `address.city`, `address.country`, `phone`, `email` and `organisation_number` into the section `company`; connecting needs all of it
        incomplete-licence a.yaml:1:1 "online" online access needs the section `licence` | write `name`, `contact` and `phone` into the section `licence`; connecting needs all of it
        "#);
    }

    #[test]
    fn single_sections_stand_once() {
        insta::assert_snapshot!(findings(r#"
//- policies/a.yaml
users: { lars: }
company: { name: x }
//- policies/b.yaml
company: { name: y, fax: 1, address: { steet: x } }
licence: { invitations: ten, services: [] }
online: { interval: 15, failed_logins: 0, responsible: x, machines: [a, a], access: { lars: { rool: x } } }
"#), @r#"
        duplicate-name b.yaml:1:1 "company" (again) + a.yaml:2:1 "company" (first) the section `company` stands twice | join the two
        unknown-field b.yaml:1:21 "fax" there is no field `fax` | known here: name, address, phone, email, organisation_number
        unknown-field b.yaml:1:40 "steet" there is no field `steet` | did you mean `street`?
        wrong-type b.yaml:2:25 "ten" this is a whole number, not `ten` | write digits only, such as `10`
        wrong-type b.yaml:2:40 "[]" the list is empty | take the field out: an empty list is too easily a mistake
        wrong-type b.yaml:3:21 "15" this is a length of time, not `15` | write a number with `s`, `m`, `h` or `d`, such as `15m`
        wrong-type b.yaml:3:40 "0" with 0 every account would be locked at once | write 1 or more
        unknown-user b.yaml:3:56 "x" there is no user `x` | declare it in the section `users`, or correct the name
        duplicate-name b.yaml:3:73 "a" (again) + b.yaml:3:70 "a" (first) `a` stands in this list twice | remove one of the two
        unknown-field b.yaml:3:95 "rool" there is no field `rool` | did you mean `role`?
        "#);
    }

    #[test]
    fn groups_and_members_that_do_nothing() {
        insta::assert_snapshot!(findings(r#"
users: { lars: { active: false }, anna: }
groups:
  empty: { allow: [program.start] }
  idle: { members: [anna] }
  target: { members: [anna] }
  inner: { members: [anna] }
  expected: { members: [anna] }
  outer: { members: [group:inner, lars, lars from 2026-01-01, anna until 2025-12-31, anna from 2026-01-01], allow: [program.start, calendar.see of target] }
roles: { accountant: { name: Accountant } }
expect: [expected can program.start]
"#), @r#"
        unused-group a.yaml:4:3 "empty" nobody is in the group `empty` | add members, or remove the group
        unused-group a.yaml:5:3 "idle" the group `idle` gives and takes nothing | nothing names it: add rules or a module set, or remove the group
        inactive-member a.yaml:9:35 "lars" `lars` is not active, but a member of `outer` | take the member out, unless rules over the group shall still reach the data of `lars`
        duplicate-member a.yaml:9:41 "lars from 2026-01-01" (again) + a.yaml:9:35 "lars" (first) `lars` is a member of `outer` twice | remove one of the two, or join their periods
        inactive-member a.yaml:9:41 "lars from 2026-01-01" `lars` is not active, but a member of `outer` | take the member out, unless rules over the group shall still reach the data of `lars`
        expired-rule a.yaml:9:63 "anna until 2025-12-31" this membership ended on 2025-12-31 | remove it: git keeps the history, and the next reader need not wonder
        "#);
    }

    #[test]
    fn module_sets_that_do_not_fit() {
        insta::assert_snapshot!(findings(r#"
users:
  free: { allow: [modules.arrange] }
  none:
  own: { modules: a }
  two:
  same:
  six: { modules: b }
groups:
  all: { members: [everyone], allow: [program.start, modules.use of mail] }
  one: { members: [own, two, same], modules: a }
  other: { members: [two], modules: b }
  third: { members: [same], modules: a }
modules: { mail: , crm: }
module_sets: { a: [mail], b: [mail, crm], c: [crm], d: [crm] }
expect: [everyone cannot modules.use of module-set:d]
"#), @r#"
        no-module-set a.yaml:4:3 "none" `none` may not arrange modules, and no module set is prescribed | add `modules:` to the user or to a group, or allow `modules.arrange`
        ambiguous-module-set a.yaml:6:3 "two" + a.yaml:11:3 "one" (`two` is in this group) + a.yaml:12:3 "other" (`two` is in this group) the groups of `two` prescribe different module sets: `a` and `b` | say which one counts: `modules:` of the user decides before any group
        module-not-usable a.yaml:15:27 "b" `crm` of the module set `b` cannot be used by `six` | allow `modules.use of crm`, or take the module out of the set
        unused-module-set a.yaml:15:43 "c" nobody gets the module set `c` | name it under `modules:` of a user or group, or remove it
        "#);
    }

    #[test]
    fn names_that_look_alike() {
        insta::assert_snapshot!(findings(r#"
users: { lars: , Lars: , karin: , "k\u0430rin": , user1: , userl: }
groups: { lars: { members: [everyone], allow: [program.start] } }
"#), @r#"
        look-alike-name a.yaml:2:10 "lars" + a.yaml:2:18 "Lars" (the other one) `lars` looks like `Lars` | rename one of them, so that nobody takes one for the other
        look-alike-name a.yaml:2:35 "\"k\\u0430rin\"" + a.yaml:2:26 "karin" (the other one) `kаrin` looks like `karin` | rename one of them, so that nobody takes one for the other
        look-alike-name a.yaml:2:60 "userl" + a.yaml:2:51 "user1" (the other one) `userl` looks like `user1` | rename one of them, so that nobody takes one for the other
        "#);
    }

    #[test]
    fn sensitive_rights_are_not_for_everyone_and_must_exist() {
        insta::assert_snapshot!(findings(r#"
//- rightful.yaml
sensitive: [data.export+imprt, mail.*, nothing.*, own.right]
//- policies/a.yaml
rights: { own.right: }
users: { lars: }
groups:
  outer: { members: [group:all], allow: [own.right] }
  all: { members: [everyone], allow: [program.start, data.export, mail.send_immediately until 2020-01-01] }
"#), @r#"
        sensitive-for-everyone a.yaml:4:42 "own.right" everyone is in `group:outer`, and gets the sensitive right `own.right` | give it to a smaller group, or take it out of `sensitive` in rightful.yaml
        sensitive-for-everyone a.yaml:5:54 "data.export" everyone is in `group:all`, and gets the sensitive right `data.export` | give it to a smaller group, or take it out of `sensitive` in rightful.yaml
        expired-rule a.yaml:5:67 "mail.send_immediately until 2020-01-01" this rule ended on 2020-01-01 | remove it: git keeps the history, and the next reader need not wonder
        unknown-right rightful.yaml:1:13 "data.export+imprt" there is no right `data.imprt` | did you mean `data.import`?
        unknown-right rightful.yaml:1:40 "nothing.*" there is no right `nothing.*` | `rightful rights` lists the catalogue; own rights are declared in the section `rights`
        "#);
    }

    #[test]
    fn a_rule_that_can_decide_for_nobody_is_inert() {
        insta::assert_snapshot!(findings(r#"
users: { anna: { allow: [calendar.see of anna, documents.see of anna] }, lars: , karin: { deny: [calendar.see of group:inside] } }
rights: { documents.see: { of: people } }
modules: { mail: , crm: }
module_sets: { all: [mail, crm], some: [mail] }
groups:
  everybody: { members: [everyone], allow: [program.start, modules.arrange] }
  support: { members: [anna, karin], allow: [data.export] }
  sales: { members: [anna, lars, group:inside], deny: [data.export] }
  inside: { members: [karin, lars until 2026-12-31] }
  nested: { members: [anna], allow: [calendar.see of group:sales, modules.use of module-set:all], deny: [calendar.see of group:inside, modules.use of module-set:some] }
  later: { members: [anna], allow: [calendar.see of group:support], deny: [calendar.see of group:inside, calendar.see of karin] }
  since: { members: [anna], allow: [calendar.see of group:support from 2027-01-01], deny: [calendar.see of group:inside from 2027-01-01] }
"#), @r#"
        inert-rule a.yaml:2:26 "calendar.see of anna" `calendar.see` is about other people's data, and this rule is over the user's own | remove it: what is one's own is always allowed
        inert-rule a.yaml:9:56 "data.export" + a.yaml:8:46 "data.export" (anna still has it through group:support, and 1 more of the group have it) denying `data.export` to `group:sales` takes it from nobody | another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user
        inert-rule a.yaml:11:106 "calendar.see of group:inside" + a.yaml:11:38 "calendar.see of group:sales" (allows it over `group:sales`) `group:nested` gives back all of `group:inside`, so this deny takes nothing | over groups and module sets of one subject allow wins; deny the single users or modules, or allow less
        inert-rule a.yaml:11:136 "modules.use of module-set:some" + a.yaml:11:67 "modules.use of module-set:all" (allows it over `module-set:all`) `group:nested` gives back all of `module-set:some`, so this deny takes nothing | over groups and module sets of one subject allow wins; deny the single users or modules, or allow less
        inert-rule a.yaml:13:92 "calendar.see of group:inside from 2027-01-01" + a.yaml:13:37 "calendar.see of group:support from 2027-01-01" (allows it over `group:support`) `group:since` gives back all of `group:inside`, so this deny takes nothing | over groups and module sets of one subject allow wins; deny the single users or modules, or allow less
        "#);
    }

    #[test]
    fn a_redundant_rule_is_found_when_asked_for() {
        let firm = r#"
users: { anna: { allow: [data.export, data.import], deny: [sms.send] }, lars: , rolf: { active: false, allow: [data.export] } }
groups:
  everybody: { members: [everyone], allow: [program.start, calendar.see of everyone, calendar.see of lars] }
  support: { members: [anna, lars], allow: [data.export, lists.print until 2026-12-31] }
  more: { members: [lars], allow: [lists.print] }
"#;
        assert!(!findings(firm).contains("redundant-rule"));
        insta::assert_snapshot!(findings(&format!(
            "//- rightful.yaml\nlints: {{ redundant-rule: error, inactive-member: off }}\n//- policies/a.yaml\n{firm}"
        )), @r#"
        redundant-rule a.yaml:2:26 "data.export" + a.yaml:5:45 "data.export" (anna still has it through group:support) without this rule every answer would be the same | remove it, unless it shall stay when the other rule goes
        redundant-rule a.yaml:2:60 "sms.send" without this rule every answer would be the same | remove it, unless it shall say why the answer is no
        redundant-rule a.yaml:2:112 "data.export" without this rule every answer would be the same | remove it, unless it shall stay when the other rule goes
        redundant-rule a.yaml:4:86 "calendar.see of lars" + a.yaml:4:60 "calendar.see of everyone" (anna still has it through group:everybody) without this rule every answer would be the same | remove it, unless it shall stay when the other rule goes
        "#);
    }

    #[test]
    fn every_company_is_checked_and_named() {
        insta::assert_snapshot!(findings(r#"
//- rightful.yaml
lints: { unused-group: error, cannot-start: off }
companies:
  sued: { policies: [policies/common, policies/sued], database: "sqlite:s.db" }
  nord: { policies: [policies/nord, policies/common, policies/common/], database: "sqlite:n.db" }
//- policies/common/a.yaml
groups:
  sales: { members: [lars], deny: [data.export] }
  empty:
expect: [sales cannot data.export]
//- policies/nord/a.yaml
users: { lars: { allow: [data.export] } }
//- policies/sued/a.yaml
users: { lars: { alow: [data.export] } }
//- policies/old/a.yaml
users: { karin: }
"#), @r#"
        inert-rule common/a.yaml:2:36 "data.export" + nord/a.yaml:1:26 "data.export" (lars still has it by an own rule) [nord] denying `data.export` to `group:sales` takes it from nobody | another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user
        unused-group common/a.yaml:3:3 "empty" [nord] nobody is in the group `empty` | add members, or remove the group
        expectation-failed common/a.yaml:4:10 "sales cannot data.export" + nord/a.yaml:1:26 "data.export" (gives it to lars) [nord] `sales cannot data.export` does not hold: lars can | take it from them, or change the expectation
        unknown-field sued/a.yaml:1:18 "alow" [sued] there is no field `alow` | did you mean `allow`?
        unread-file old/a.yaml:1:1 "" no company reads this file | name its folder under `companies` in rightful.yaml, or remove the file
        "#);
    }
}
