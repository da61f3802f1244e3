//! The settings file `rightful.yaml`: companies, language, sensitive rights, guards and levels of findings.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Level};
use crate::language::Language;
use crate::name::nearest;
use crate::say;
use crate::text::{FileId, SourceFile, Spanned};

use super::Declared;
use super::database::{BadDatabase, DatabaseUrl};
use super::fields::{Reader, kind_of, shorten};
use super::grammar::parse_right;
use super::rule::RightPattern;
use super::yaml::{self, Node, Value};

/// What the settings say.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The language of labels and messages.
    pub language: Language,
    /// The companies; empty if there is one without a name.
    pub companies: Vec<Declared<CompanySettings>>,
    /// Rights that every review points out.
    pub sensitive: Vec<Spanned<RightPattern>>,
    /// What a plan may not go past unconfirmed.
    pub guards: Guards,
    /// Levels of findings that differ from their own.
    pub lints: BTreeMap<Code, Level>,
    /// Which file it is, if there is one.
    pub file: FileId,
}

/// One company.
#[derive(Debug, Clone, Default)]
pub struct CompanySettings {
    /// The folders of its policies.
    pub policies: Vec<Spanned<Box<str>>>,
    /// Its database.
    pub database: Option<Spanned<DatabaseUrl>>,
}

/// What a plan may not go past unconfirmed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    /// The most users that may go out of use.
    pub remove_users: Option<Limit>,
    /// The most rights that people may lose.
    pub lose_rights: Option<Limit>,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// More than so many hundredths of what there is.
    Percent(u32),
    /// More than so many.
    Number(u32),
}

/// The fields of the settings.
pub const FIELDS: [&str; 6] = ["version", "language", "companies", "sensitive", "guards", "lints"];

/// The fields of a company.
pub const COMPANY_FIELDS: [&str; 2] = ["policies", "database"];

/// The fields of the guards.
pub const GUARD_FIELDS: [&str; 2] = ["remove_users", "lose_rights"];

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
            "companies" => settings.companies = reader.section(node, company),
            "sensitive" => settings.sensitive = sensitive(&mut reader, node),
            "guards" => settings.guards = guards(&mut reader, node),
            "lints" => settings.lints = lints(&mut reader, node),
            unknown => reader.unknown_field(unknown, span, say!("setting"), &FIELDS),
        }
    }
    shared_databases(&mut reader, &settings.companies);
    (settings, reader.diagnostics)
}

fn version(reader: &mut Reader<'_>, node: &Node<'_>) {
    let text = reader.scalar(node, say!("the version")).map(|(text, _)| text);
    if text.is_some_and(|text| text != "1") {
        reader.wrong_type(node, say!("this program knows version 1 only"), say!("write `version: 1`"));
    }
}

fn company(reader: &mut Reader<'_>, node: &Node<'_>) -> CompanySettings {
    let fields = reader.record(node, say!("a company"), &COMPANY_FIELDS);
    let policies = match fields.get("policies") {
        Some(list) => {
            let items = reader.list(list, say!("folders"));
            items.iter().filter_map(|item| folder(reader, item)).collect()
        }
        None => {
            let help = say!("list the folders of its policies: `policies: [policies/common, policies/nordwind]`");
            reader.wrong_type(node, say!("the field `{field}` is missing", field = "policies"), help);
            Vec::new()
        }
    };
    CompanySettings { policies, database: fields.get("database").and_then(|node| database(reader, node)) }
}

fn folder(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Box<str>>> {
    let (text, _) = reader.scalar(node, say!("a folder"))?;
    let path = text.trim_end_matches('/').strip_prefix("./").unwrap_or(text.trim_end_matches('/'));
    if stays_inside(path) {
        return Some(Spanned::new(path.into(), node.span));
    }
    let message = say!("`{path}` does not lie below this file", path = shorten(&text));
    reader.wrong_type(node, message, say!("write a path from here, such as `policies/nordwind`"));
    None
}

/// Whether a relative path stays below where it begins.
fn stays_inside(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn database(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<DatabaseUrl>> {
    let (text, _) = reader.scalar(node, say!("a database"))?;
    let place = reader.place(node.span);
    match DatabaseUrl::parse(&text) {
        Ok(DatabaseUrl::Sqlite(path)) if !stays_inside(&path) => {
            let message = say!("`{path}` does not lie below this file", path = shorten(&path));
            reader.wrong_type(node, message, say!("write a path from here, such as `sqlite:nordwind.db`"));
            None
        }
        Ok(url) => {
            if url.has_password() {
                reader.push(
                    Diagnostic::new(Code::PasswordInConfig, place, say!("a password stands in this file"))
                        .help(say!("put the URL into a variable and write `database: env:NAME_DATABASE_URL`; then change the password, since git keeps the old file"))
                        .concealed(),
                );
            }
            Some(Spanned::new(url, node.span))
        }
        // What is no URL is never echoed: it may be a password.
        Err(BadDatabase::Form) => {
            let help = say!("write `sqlite:PATH`, `postgres://...` or `env:NAME`");
            let finding = Diagnostic::new(Code::WrongType, place, say!("this names no database"));
            reader.push(finding.help(help).concealed());
            None
        }
        Err(BadDatabase::Variable) => {
            let help = say!("only variables named `RIGHTFUL_*` and `*_DATABASE_URL` are read");
            reader.wrong_type(node, say!("this variable cannot be read from here"), help);
            None
        }
    }
}

fn shared_databases(reader: &mut Reader<'_>, companies: &[Declared<CompanySettings>]) {
    let mut first = BTreeMap::new();
    for company in companies {
        let Some(database) = &company.body.database else { continue };
        let Some((other, span)) = first.insert(&database.value, (&company.name.value, database.span)) else { continue };
        let message = say!("`{one}` and `{other}` write to the same database", one = other, other = company.name.value);
        let finding = Diagnostic::new(Code::SharedDatabase, reader.place(database.span), message)
            .label(say!("again"))
            .also(reader.place(span), say!("first"))
            .help(say!("give each company a database of its own: each apply would undo the other's"));
        reader.push(finding);
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

fn guards(reader: &mut Reader<'_>, node: &Node<'_>) -> Guards {
    let fields = reader.record(node, say!("the field `{field}`", field = "guards"), &GUARD_FIELDS);
    let mut limit = |field| fields.get(field).and_then(|node| limit(reader, node));
    Guards { remove_users: limit("remove_users"), lose_rights: limit("lose_rights") }
}

fn limit(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Limit> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let limit = match &node.value {
        Value::Scalar(text, _) => match text.strip_suffix('%') {
            Some(digits) => number(digits).filter(|percent| *percent <= 100).map(Limit::Percent),
            None => number(text).map(Limit::Number),
        },
        _ => None,
    };
    if limit.is_none() {
        let message = say!("this is a share or a number, not {node}", node = kind_of(node));
        reader.wrong_type(node, message, say!("write percent, such as `10%`, or a number, such as `5`"));
    }
    limit
}

fn lints(reader: &mut Reader<'_>, node: &Node<'_>) -> BTreeMap<Code, Level> {
    let entries = reader.entries(node, say!("the field `{field}`", field = "lints")).unwrap_or_default();
    let mut lints = BTreeMap::new();
    for (key, span, value) in entries {
        let Some(code) = Code::of(key) else {
            let help = match nearest(key, Code::ALL.iter().map(|code| code.as_str())) {
                Some(near) => say!("did you mean `{near}`?", near),
                None => say!("`rightful explain` lists all codes"),
            };
            let message = say!("no finding has the code `{code}`", code = shorten(key));
            reader.push(Diagnostic::new(Code::UnknownField, reader.place(span), message).help(help));
            continue;
        };
        let levels = Level::ALL.map(|level| (level.as_str(), level));
        let Some(level) = reader.choice(value, &levels) else { continue };
        if code.level() == Level::Error && level != Level::Error {
            let message = say!("`{code}` is always an error", code = key);
            reader.wrong_type(value, message, say!("only the levels of warnings can be chosen"));
            continue;
        }
        lints.insert(code, level);
    }
    lints
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
sensitive: [data.exprot!, data.export]
guards: { remove_users: 10, lose_rights: 250% }
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
        wrong-type rightful.yaml:8:47 "hunter2" this names no database | write `sqlite:PATH`, `postgres://...` or `env:NAME`
        rule-syntax rightful.yaml:9:24 "!" `!` cannot stand here | expected the end
        wrong-type rightful.yaml:10:42 "250%" this is a share or a number, not `250%` | write percent, such as `10%`, or a number, such as `5`
        unknown-field rightful.yaml:11:10 "inert-rul" no finding has the code `inert-rul` | did you mean `inert-rule`?
        wrong-type rightful.yaml:11:38 "never" `never` cannot stand here | write `error`, `warning` or `off`
        wrong-type rightful.yaml:11:60 "off" `contradiction` is always an error | only the levels of warnings can be chosen
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
    fn what_hides_in_an_escape_is_found_in_settings_too() {
        let found = findings(
            "//- rightful.yaml\ncompanies:\n  \"n\\u200b\": { policies: [policies], database: \"sqlite:a\\u202e.db\" }\n//- policies/a.yaml\nusers: { lars: }\n",
        );
        assert_eq!(found.matches("control-character rightful.yaml:2").count(), 2, "{found}");
    }
}
