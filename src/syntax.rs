//! One file's text becomes a [`Document`]: declarations with the span of every name and rule.
//!
//! Reading never fails; what is wrong becomes findings beside the document. Names are not looked up here, and
//! no other file is known. One file per kind of declaration.

pub mod attachment;
pub mod employee;
pub mod fields;
pub mod group;
pub mod module;
pub mod right;
pub mod role;
pub mod rule;
pub mod rules;
pub mod user;
pub mod yaml;

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::text::{FileId, Place, SourceFile, Span, Spanned};

use fields::Reader;

/// The sections that a policy file may have.
pub const SECTIONS: [&str; 9] =
    ["employees", "users", "groups", "modules", "module_sets", "attachments", "rights", "roles", "online"];

/// The sections of the language that this version of the program does not know yet.
const LATER_SECTIONS: [&str; 3] = ["company", "licence", "expect"];

/// Something with a name, as declared in one file.
#[derive(Debug, Clone)]
pub struct Declared<T> {
    /// The name and where it stands.
    pub name: Spanned<Name>,
    /// What is said of it.
    pub body: T,
}

/// What one file declares.
#[derive(Debug, Default)]
pub struct Document {
    /// Which file.
    pub file: FileId,
    /// Section `employees`.
    pub employees: Vec<Declared<employee::Employee>>,
    /// Section `users`.
    pub users: Vec<Declared<user::User>>,
    /// Section `groups`.
    pub groups: Vec<Declared<group::Group>>,
    /// Section `modules`.
    pub modules: Vec<Declared<module::Module>>,
    /// Section `module_sets`.
    pub module_sets: Vec<Declared<module::ModuleSet>>,
    /// Section `attachments`.
    pub attachments: Vec<Declared<attachment::Attachment>>,
    /// Section `rights`.
    pub rights: Vec<Declared<right::Right>>,
    /// Section `roles`.
    pub roles: Vec<Declared<role::Role>>,
    /// The field `access` of section `online`.
    pub access: Vec<Declared<role::Access>>,
}

impl Document {
    /// Whether the file declares nothing at all.
    pub fn is_empty(&self) -> bool {
        self.employees.is_empty()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.modules.is_empty()
            && self.module_sets.is_empty()
            && self.attachments.is_empty()
            && self.rights.is_empty()
            && self.roles.is_empty()
            && self.access.is_empty()
    }
}

/// Makes a source file of bytes. What is not UTF-8 is replaced, and is a finding.
pub fn decode(id: FileId, path: &str, bytes: Vec<u8>) -> (SourceFile, Vec<Diagnostic>) {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (SourceFile::new(path, text), Vec::new()),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let what = if wide { "it looks like UTF-16" } else { "it looks like an older encoding such as Windows-1252" };
    let message = format!("the file is not UTF-8: byte 0x{:02x} at offset {at}", bytes[at]);
    let place = Place { file: id, span: Span::new(at..at) };
    let finding =
        Diagnostic::new(Code::YamlSyntax, place, message).help(format!("{what}; save it as UTF-8 in the editor"));
    // Only the part before the bad byte is kept, so that places stay true.
    let text = String::from_utf8_lossy(&bytes[..at]).into_owned();
    (SourceFile::new(path, text), vec![finding])
}

/// Reads what a file declares. The document is `None` if the file is not YAML, so that names which it would
/// have declared are not taken for missing ones.
pub fn parse(id: FileId, file: &SourceFile) -> (Option<Document>, Vec<Diagnostic>) {
    let mut reader = Reader::new(id, file);
    reader.forbidden_characters();
    let mut found = Vec::new();
    let root = yaml::read(id, file, &mut found);
    let readable = found.is_empty();
    // A forbidden character that breaks the YAML as well needs but one finding.
    let places: Vec<Option<Place>> = reader.diagnostics.iter().map(Diagnostic::place).collect();
    found.retain(|finding| finding.code != Code::YamlSyntax || !places.contains(&finding.place()));
    reader.diagnostics.extend(found);
    let Some(root) = root else {
        return (readable.then(|| Document { file: id, ..Document::default() }), reader.diagnostics);
    };
    let mut document = Document { file: id, ..Document::default() };
    reader.forbidden_in_escapes(&root);
    if !root.is_absent() {
        sections(&mut reader, &root, &mut document);
    }
    (Some(document), reader.diagnostics)
}

fn sections(reader: &mut Reader<'_>, root: &yaml::Node<'_>, into: &mut Document) {
    let Some(fields) = reader.entries(root, "a policy file is a mapping of sections") else { return };
    for (key, span, node) in fields {
        match key {
            "employees" => into.employees = reader.section(node, employee::read),
            "users" => into.users = reader.section(node, user::read),
            "groups" => into.groups = reader.section(node, group::read),
            "modules" => into.modules = reader.section(node, module::read),
            "module_sets" => into.module_sets = reader.section(node, module::read_set),
            "attachments" => into.attachments = reader.section(node, attachment::read),
            "rights" => into.rights = right::read_section(reader, node),
            "roles" => into.roles = reader.section(node, role::read),
            "online" => into.access = role::read_online(reader, node),
            later if LATER_SECTIONS.contains(&later) => {
                let message = format!("the section `{later}` is not supported yet by this version");
                reader.push(
                    Diagnostic::new(Code::UnknownField, reader.place(span), message)
                        .help("take it out until then: what is not checked shall not look as if it were"),
                );
            }
            unknown => reader.unknown_field(unknown, span, "section", &SECTIONS),
        }
    }
}
