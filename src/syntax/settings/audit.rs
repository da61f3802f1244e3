//! Section `audit`: where the head of the audit is kept outside of the database.

use crate::diag::{Code, Diagnostic};
use crate::say;
use crate::syntax::Declared;
use crate::syntax::database::{DATABASE, DatabaseUrl};
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::yaml::Node;
use crate::text::Spanned;
use crate::tree::is_policy_file;

use super::company::{CompanySettings, stays_inside};

/// What stands about the audit.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// The file that every apply adds the head to.
    pub head: Option<Spanned<Box<str>>>,
}

/// The fields of the section.
pub const AUDIT_FIELDS: [&str; 1] = ["head"];

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Audit {
    let fields = reader.record(node, say!("the field `{field}`", field = "audit"), &AUDIT_FIELDS);
    Audit { head: fields.get("head").and_then(|node| file(reader, node)) }
}

fn file(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Box<str>>> {
    let (text, _) = reader.scalar(node, say!("a file"))?;
    let path = text.strip_prefix("./").unwrap_or(&text);
    let help = say!("write a path from here, such as `audit.heads`");
    if !stays_inside(path) {
        reader.wrong_type(node, say!("`{path}` does not lie below this file", path = shorten(&text)), help);
        return None;
    }
    // Lines that are added to a policy would make it no policy any more.
    if path.rsplit('/').next().is_some_and(is_policy_file) {
        reader.wrong_type(node, say!("`{path}` is a file of the policy", path = shorten(&text)), help);
        return None;
    }
    // Letters of either case are the same folder on some machines.
    if path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        reader.wrong_type(node, say!("`{path}` belongs to git", path = shorten(&text)), help);
        return None;
    }
    Some(Spanned::new(path.into(), node.span))
}

/// Finds a head in the file of a database, which every apply would break: of a company, or of the only one.
pub(super) fn not_a_database(reader: &mut Reader<'_>, audit: &mut Audit, companies: &[Declared<CompanySettings>]) {
    let Some(head) = &audit.head else { return };
    let declared = companies.iter().filter_map(|company| match company.body.database.as_ref()?.value.place() {
        DatabaseUrl::Sqlite(path) => Some(path.strip_prefix("./").unwrap_or(path)),
        _ => None,
    });
    let is_database = |database: &str| {
        let rest = head.value.strip_prefix(database);
        rest.is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm" | "-journal"))
    };
    let default = DATABASE.strip_prefix("sqlite:").filter(|_| companies.is_empty());
    if declared.chain(default).any(is_database) {
        let finding = Diagnostic::new(
            Code::WrongType,
            reader.place(head.span),
            say!("`{path}` is a database", path = shorten(&head.value)),
        );
        reader.push(finding.help(say!("write a path from here, such as `audit.heads`")));
        audit.head = None;
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    #[test]
    fn the_head_is_kept_in_a_file_below_that_is_no_policy() {
        let of = |file: &str| {
            findings(&format!(
                "//- rightful.yaml\naudit: {{ head: {file} }}\n//- policies/a.yaml\nusers: {{ lars: }}\n"
            ))
        };
        assert_eq!(of("kept/audit.heads"), "");
        insta::assert_snapshot!(["../heads", "/heads", "policies/a.yaml", "[x]", ".git/HEAD", "x/.Git/y", "crm.db", "crm.db-wal"].map(of).concat(), @r#"
        wrong-type rightful.yaml:1:16 "../heads" `../heads` does not lie below this file | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "/heads" `/heads` does not lie below this file | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "a.yaml" `policies/a.yaml` is a file of the policy | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "[x]" a file is expected here, not a list | write one text here
        wrong-type rightful.yaml:1:16 ".git/HEAD" `.git/HEAD` belongs to git | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "x/.Git/y" `x/.Git/y` belongs to git | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "crm.db" `crm.db` is a database | write a path from here, such as `audit.heads`
        wrong-type rightful.yaml:1:16 "crm.db-wal" `crm.db-wal` is a database | write a path from here, such as `audit.heads`
        "#);
    }
}
