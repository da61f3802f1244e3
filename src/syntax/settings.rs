//! The settings file `rightful.yaml`: companies, language, sensitive rights, gates, reviewers, guards, operators, where
//! the audit is kept, how letters go out, from where it is synchronised, and levels of findings. One file per section that has more to it than a line.

mod audit;
mod company;
mod gates;
mod guards;
mod lints;
mod mail;
mod reviewers;
mod sync;

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Level};
use crate::language::Language;
use crate::say;
use crate::text::{FileId, Place, SourceFile, Span, Spanned};

use super::Declared;
use super::fields::Reader;
use super::gate::Gate;
use super::grammar::parse_right;
use super::rule::RightPattern;
use super::yaml::{self, Node};

pub use audit::{AUDIT_FIELDS, Audit};
pub use company::{COMPANY_FIELDS, CompanySettings};
pub use guards::{GUARD_FIELDS, Guard, Guards, Limit, MAX_OS_USER_BYTES, Operator};
pub use mail::{MAIL_FIELDS, Mail, MailServer};
pub use reviewers::{Approver, MAX_APPROVER_BYTES, Reviewers};
pub use sync::{OnDrift, SYNC_FIELDS, Sync};

/// What the settings say.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The language of labels and messages.
    pub language: Language,
    /// The companies; empty if there is one without a name.
    pub companies: Vec<Declared<CompanySettings>>,
    /// Rights that every review points out.
    pub sensitive: Vec<Spanned<RightPattern>>,
    /// What no change may do.
    pub gates: Vec<Gate>,
    /// Who must approve when somebody gains something.
    pub reviewers: Vec<Reviewers>,
    /// What a plan may not go past unconfirmed.
    pub guards: Guards,
    /// Which accounts of the CRM those have who run the program.
    pub operators: Vec<Operator>,
    /// Where the head of the audit is kept.
    pub audit: Audit,
    /// How letters go out.
    pub mail: Mail,
    /// From where the database is synchronised.
    pub sync: Sync,
    /// Levels of findings that differ from their own.
    pub lints: BTreeMap<Code, Spanned<Level>>,
    /// Which file it is, if there is one.
    pub file: FileId,
}

impl Settings {
    /// The level at which findings of a code are reported.
    pub fn level(&self, code: Code) -> Level {
        self.lints.get(&code).map_or_else(|| code.level(), |level| level.value)
    }

    /// A span of the settings file as a place.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }
}

/// The fields of the settings.
pub const FIELDS: [&str; 12] = [
    "version",
    "language",
    "companies",
    "sensitive",
    "gates",
    "reviewers",
    "guards",
    "operators",
    "audit",
    "mail",
    "sync",
    "lints",
];

/// Reads the settings.
pub fn read(id: FileId, file: &SourceFile) -> (Settings, Vec<Diagnostic>) {
    let mut reader = Reader::new(id, file);
    reader.forbidden_characters();
    let root = yaml::read(id, file, &mut reader.diagnostics).filter(|root| !root.is_absent());
    let mut settings = Settings { file: id, ..Settings::default() };
    if let Some(root) = &root {
        reader.forbidden_in_escapes(root);
    }
    let fields = root.as_ref().and_then(|root| reader.entries(root, say!("the settings file")));
    for (key, span, node) in fields.unwrap_or_default() {
        match key {
            "version" => version(&mut reader, node),
            "language" => {
                let languages = Language::ALL.map(|language| (language.code(), language));
                settings.language = reader.choice(node, &languages).unwrap_or_default();
            }
            "companies" => settings.companies = reader.section(node, company::read),
            "sensitive" => settings.sensitive = sensitive(&mut reader, node),
            "gates" => settings.gates = gates::read(&mut reader, node),
            "reviewers" => settings.reviewers = reviewers::read(&mut reader, node),
            "guards" => settings.guards = guards::read(&mut reader, node),
            "operators" => settings.operators = guards::operators(&mut reader, node),
            "audit" => settings.audit = audit::read(&mut reader, node),
            "mail" => settings.mail = mail::read(&mut reader, node),
            "sync" => settings.sync = sync::read(&mut reader, node),
            "lints" => settings.lints = lints::read(&mut reader, node),
            unknown => reader.unknown_field(unknown, span, say!("setting"), &FIELDS),
        }
    }
    company::shared_databases(&mut reader, &settings.companies);
    audit::not_a_database(&mut reader, &mut settings.audit, &settings.companies);
    (settings, reader.diagnostics)
}

fn version(reader: &mut Reader<'_>, node: &Node<'_>) {
    let text = reader.scalar(node, say!("the version")).map(|(text, _)| text);
    if text.is_some_and(|text| text != "1") {
        reader.wrong_type(node, say!("this program knows version 1 only"), say!("write `version: 1`"));
    }
}

fn sensitive(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Spanned<RightPattern>> {
    let mut rights = Vec::new();
    for item in reader.list(node, say!("rights")) {
        let Some((text, style)) = reader.scalar(item, say!("a right")) else { continue };
        match parse_right(&text) {
            Ok(right) => rights.push(Spanned::new(right, item.span)),
            Err(error) => reader.grammar_error(item, &text, style, error),
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    #[test]
    fn settings_say_what_is_wrong_with_them() {
        insta::assert_snapshot!(findings(r#"
//- rightful.yaml
version: 1
langauge: de
language: fr
companies:
  nord: { policies: [policies/nord, ../x, /y], database: "postgres://u:secret@h/db" }
  sued: { policies: [policies/sued], database: "env:HOME", datbase: x }
  west: { database: "sqlite:../x.db" }
  ost: { policies: [policies/nord], database: hunter2 }
  mitte: { policies: [policies/nord], database: "postgres://u:se/cret@h/db" }
sensitive: [data.exprot!, data.export]
guards: { remove_users: 10, lose_rights: 250%, gain_rights: 300%, empty_section: 5%, last_superuser: 1, operator: off }
operators: { " root": anna, root: l!, deploy: anna }
lints: { inert-rul: off, inert-rule: never, contradiction: off, unused-group: off }
//- policies/nord/a.yaml
users: { lars: }
//- policies/sued/a.yaml
users: { lars: }
"#), @r#"
        unknown-field rightful.yaml:2:1 "langauge" there is no setting `langauge` | did you mean `language`?
        wrong-type rightful.yaml:3:11 "fr" `fr` cannot stand here | write `en`, `de`, `nb` or `nl`
        wrong-type rightful.yaml:5:37 "../x" `../x` does not lie below this file | write a path from here, such as `policies/nordwind`
        wrong-type rightful.yaml:5:43 "/y" `/y` does not lie below this file | write a path from here, such as `policies/nordwind`
        password-in-config rightful.yaml:5:58 "\"postgres://u:secret@h/db\"" a password stands in this file | put the URL into a variable and write `database: env:NAME_DATABASE_URL`; then change the password, since git keeps the old file
        wrong-type rightful.yaml:6:48 "\"env:HOME\"" this variable cannot be read from here | only variables named `RIGHTFUL_*` and `*_DATABASE_URL` are read
        unknown-field rightful.yaml:6:60 "datbase" there is no field `datbase` | did you mean `database`?
        wrong-type rightful.yaml:7:9 "{ database: \"sqlite:../x.db\" }" the field `policies` is missing | list the folders of its policies: `policies: [policies/common, policies/nordwind]`
        wrong-type rightful.yaml:7:21 "\"sqlite:../x.db\"" `../x.db` does not lie below this file | write a path from here, such as `sqlite:nordwind.db`
        wrong-type rightful.yaml:8:47 "hunter2" this names no database | write `sqlite:PATH`, `postgres://...` or `env:NAME`; for a CremeCRM `creme+sqlite:PATH` or `creme+postgres://...`
        password-in-config rightful.yaml:9:49 "\"postgres://u:se/cret@h/db\"" a password stands in this file | put the URL into a variable and write `database: env:NAME_DATABASE_URL`; then change the password, since git keeps the old file
        rule-syntax rightful.yaml:10:24 "!" `!` cannot stand here | expected the end
        wrong-type rightful.yaml:11:42 "250%" this is a share or a number, not `250%` | write percent, such as `10%`, a number, such as `5`, or `off`
        wrong-type rightful.yaml:11:82 "5%" this is a whole number, not `5%` | write a number, such as `2`, or `off`
        wrong-type rightful.yaml:11:102 "1" this is on or off, not `1` | write `on` or `off`
        wrong-type rightful.yaml:12:14 "\" root\"" ` root` is no user of the operating system | write the name that `id -un` shows to them
        invalid-name rightful.yaml:12:35 "l!" `l!` is no name: `!` cannot be part of a name | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        unknown-field rightful.yaml:13:10 "inert-rul" no finding has the code `inert-rul` | did you mean `inert-rule`?
        wrong-type rightful.yaml:13:38 "never" `never` cannot stand here | write `error`, `warning` or `off`
        wrong-type rightful.yaml:13:60 "off" `contradiction` is always an error | only the levels of warnings can be chosen
        "#);
    }

    #[test]
    fn two_companies_do_not_share_a_database() {
        insta::assert_snapshot!(findings(r#"
//- rightful.yaml
companies:
  nord: { policies: [policies/nord], database: "sqlite:crm.db" }
  sued: { policies: [policies/nord], database: "sqlite:crm.db" }
//- policies/nord/a.yaml
users: { lars: }
"#), @r#"shared-database rightful.yaml:3:48 "\"sqlite:crm.db\"" (again) + rightful.yaml:2:48 "\"sqlite:crm.db\"" (first) `nord` and `sued` write to the same database | give each company a database of its own: each apply would undo the other's"#);
    }

    #[test]
    fn a_crms_database_is_one_of_a_company_too() {
        insta::assert_snapshot!(findings(r#"
//- rightful.yaml
companies:
  nord: { policies: [policies/nord], database: "creme+sqlite:crm.db" }
  sued: { policies: [policies/nord], database: "sqlite:crm.db" }
  west: { policies: [policies/nord], database: "creme+sqlite:../crm.db" }
  ost: { policies: [policies/nord], database: "creme+postgres://u:secret@h/db" }
audit: { head: crm.db }
//- policies/nord/a.yaml
users: { lars: }
"#), @r#"
        shared-database rightful.yaml:3:48 "\"sqlite:crm.db\"" (again) + rightful.yaml:2:48 "\"creme+sqlite:crm.db\"" (first) `nord` and `sued` write to the same database | give each company a database of its own: each apply would undo the other's
        wrong-type rightful.yaml:4:48 "\"creme+sqlite:../crm.db\"" `../crm.db` does not lie below this file | write a path from here, such as `sqlite:nordwind.db`
        password-in-config rightful.yaml:5:47 "\"creme+postgres://u:secret@h/db\"" a password stands in this file | put the URL into a variable and write `database: env:NAME_DATABASE_URL`; then change the password, since git keeps the old file
        wrong-type rightful.yaml:6:16 "crm.db" `crm.db` is a database | write a path from here, such as `audit.heads`
        "#);
    }

    #[test]
    fn what_hides_in_an_escape_is_found_in_settings_too() {
        let found = findings(
            "//- rightful.yaml\ncompanies:\n  \"n\\u200b\": { policies: [policies], database: \"sqlite:a\\u202e.db\" }\n//- policies/a.yaml\nusers: { lars: }\n",
        );
        assert_eq!(found.matches("control-character rightful.yaml:2").count(), 2, "{found}");
    }
}
