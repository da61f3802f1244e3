//! Section `companies`: the folders of each company, and its database.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::say;
use crate::syntax::Declared;
use crate::syntax::database::{BadDatabase, DatabaseUrl};
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::yaml::Node;
use crate::text::{Place, Spanned};

/// One company.
#[derive(Debug, Clone, Default)]
pub struct CompanySettings {
    /// The folders of its policies.
    pub policies: Vec<Spanned<Box<str>>>,
    /// Its database.
    pub database: Option<Spanned<DatabaseUrl>>,
}

/// The fields of a company.
pub const COMPANY_FIELDS: [&str; 2] = ["policies", "database"];

/// Reads one company.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> CompanySettings {
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
pub(super) fn stays_inside(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn database(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<DatabaseUrl>> {
    let (text, _) = reader.scalar(node, say!("a database"))?;
    let place = reader.place(node.span);
    let url = DatabaseUrl::parse(&text);
    match url {
        Ok(url) if matches!(url.place(), DatabaseUrl::Sqlite(path) if !stays_inside(path)) => {
            let path = text.split_once(':').map_or(&*text, |(_, path)| path);
            let message = say!("`{path}` does not lie below this file", path = shorten(path));
            reader.wrong_type(node, message, say!("write a path from here, such as `sqlite:nordwind.db`"));
            None
        }
        Ok(url) => {
            if url.has_password() {
                reader.push(password(place));
            }
            Some(Spanned::new(url, node.span))
        }
        // What is no URL is never echoed: it may be a password.
        Err(BadDatabase::Unescaped) => {
            reader.push(password(place));
            None
        }
        Err(BadDatabase::Form) => {
            let help = say!(
                "write `sqlite:PATH`, `postgres://...` or `env:NAME`; for a CremeCRM `creme+sqlite:PATH` or `creme+postgres://...`"
            );
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

fn password(place: Place) -> Diagnostic {
    Diagnostic::new(Code::PasswordInConfig, place, say!("a password stands in this file"))
        .help(say!("put the URL into a variable and write `database: env:NAME_DATABASE_URL`; then change the password, since git keeps the old file"))
        .concealed()
}

/// Finds databases that two companies write to.
pub(super) fn shared_databases(reader: &mut Reader<'_>, companies: &[Declared<CompanySettings>]) {
    let mut first = BTreeMap::new();
    for company in companies {
        let Some(database) = &company.body.database else { continue };
        let Some((other, span)) = first.insert(database.value.place(), (&company.name.value, database.span)) else {
            continue;
        };
        let message = say!("`{one}` and `{other}` write to the same database", one = other, other = company.name.value);
        let finding = Diagnostic::new(Code::SharedDatabase, reader.place(database.span), message)
            .label(say!("again"))
            .also(reader.place(span), say!("first"))
            .help(say!("give each company a database of its own: each apply would undo the other's"));
        reader.push(finding);
    }
}
