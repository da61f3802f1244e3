//! One file's text becomes a [`Document`]: declarations with the span of every name and rule.
//!
//! Reading never fails; what is wrong becomes findings beside the document. Names are not looked up here, and
//! no other file is known. One file per kind of declaration.

pub mod attachment;
pub mod characters;
pub mod company;
pub mod database;
pub mod duration;
pub mod employee;
pub mod expectation;
pub mod fields;
pub mod gate;
pub mod grammar;
pub mod group;
pub mod kept;
pub mod module;
pub mod online;
pub mod right;
pub mod role;
pub mod rule;
pub mod rules;
pub mod settings;
pub mod user;
pub mod yaml;

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::say;
use crate::text::{FileId, Place, SourceFile, Span, Spanned};

use company::Once;
use fields::Reader;

/// The sections that a policy file may have.
pub const SECTIONS: [&str; 12] = [
    "employees",
    "users",
    "groups",
    "modules",
    "module_sets",
    "attachments",
    "rights",
    "company",
    "licence",
    "roles",
    "online",
    "expect",
];

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
    /// Section `company`.
    pub company: Option<company::Once<company::Company>>,
    /// Section `licence`.
    pub licence: Option<company::Once<company::Licence>>,
    /// Section `online`.
    pub online: Option<online::Online>,
    /// Section `expect`.
    pub expect: Vec<expectation::ExpectationDecl>,
    /// Whether a section was not understood, so that names may be missing which the file does declare.
    pub incomplete: bool,
}

impl Document {
    /// Whether the file declares nothing that a policy is made of: expectations, company and licence alone are none.
    pub fn is_empty(&self) -> bool {
        self.employees.is_empty()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.modules.is_empty()
            && self.module_sets.is_empty()
            && self.attachments.is_empty()
            && self.rights.is_empty()
            && self.roles.is_empty()
            && self.online.is_none()
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
    let what =
        if wide { say!("it looks like UTF-16") } else { say!("it looks like an older encoding such as Windows-1252") };
    let byte = format!("{:02x}", bytes[at]);
    let message = say!("the file is not UTF-8: byte 0x{byte} at offset {at}", byte, at);
    let place = Place { file: id, span: Span::new(at..at) };
    let finding =
        Diagnostic::new(Code::YamlSyntax, place, message).help(say!("{what}; save it as UTF-8 in the editor", what));
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
    let Some(fields) = reader.entries(root, say!("a policy file")) else { return };
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
            "company" => into.company = Some(Once { body: company::read(reader, node), span }),
            "licence" => into.licence = Some(Once { body: company::read_licence(reader, node), span }),
            "online" => into.online = Some(online::read(reader, node, span)),
            "expect" => into.expect = expectation::read_section(reader, node),
            unknown => {
                into.incomplete = true;
                reader.unknown_field(unknown, span, say!("section"), &SECTIONS);
            }
        }
    }
}
