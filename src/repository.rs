//! A policy repository: its root, its settings, and the compiled policy of one of its trees.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::diag::{self, Code, Diagnostic};
use crate::model::{Policy, lower};
use crate::syntax::fields::Reader;
use crate::syntax::{decode, parse, yaml};
use crate::text::{FileId, SourceFile, Sources};
use crate::tree::{Tree, TreeError};

/// The settings file, whose folder is the root.
pub const SETTINGS: &str = "rightful.yaml";

/// The folder of declarations where the settings do not say otherwise.
pub const POLICIES: &str = "policies";

/// The database where nothing else is said.
pub const DATABASE: &str = "sqlite:crm.db";

/// Why there is no policy to speak of, although the files may be fine.
#[derive(Debug, Error)]
pub enum RepositoryError {
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There are no declarations, which is never taken for an empty policy.
    #[error("there is not a single declaration below `{0}/`")]
    NoDeclarations(String),
}

impl RepositoryError {
    /// What somebody can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.help(),
            Self::NoDeclarations(_) => {
                "a policy without declarations would take everything from everybody; is this the right directory?"
            }
        }
    }
}

/// What became of the files of a tree.
#[derive(Debug)]
pub struct Compiled {
    /// The files, for places.
    pub sources: Sources,
    /// The policy; to be asked only if [`Compiled::compiles`].
    pub policy: Policy,
    /// What was found while reading and compiling.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether the policy can be asked.
    pub fn compiles(&self) -> bool {
        !self.diagnostics.iter().any(|finding| finding.is_error() && !finding.code.compiles())
    }
}

/// The root of the repository that holds a directory: the nearest folder upward that has settings, else the directory.
pub fn find_root(start: &Path) -> PathBuf {
    start.ancestors().find(|folder| folder.join(SETTINGS).is_file()).unwrap_or(start).to_owned()
}

/// Reads and compiles the policies of a tree.
///
/// # Errors
/// If the tree cannot be read, or holds no declaration. What is wrong in its files is a finding instead.
pub fn compile(tree: &dyn Tree) -> Result<Compiled, RepositoryError> {
    let mut paths = tree.files(POLICIES)?;
    let settings = tree.read(SETTINGS)?;
    if settings.is_some() {
        paths.push(SETTINGS.to_owned());
    }
    let mut files = Vec::with_capacity(paths.len());
    let mut documents = Vec::with_capacity(paths.len());
    let mut diagnostics = Vec::new();
    let mut whole = true;
    for (index, path) in paths.iter().enumerate() {
        let id = FileId(u32::try_from(index).unwrap_or(u32::MAX));
        let bytes = tree.read(path)?.unwrap_or_default();
        let (file, undecoded) = decode(id, path, bytes);
        if undecoded.is_empty() && path == SETTINGS {
            diagnostics.extend(read_settings(id, &file));
        } else if undecoded.is_empty() {
            let (document, found) = parse(id, &file);
            whole &= document.is_some();
            documents.extend(document);
            diagnostics.extend(found);
        } else {
            whole = false;
        }
        diagnostics.extend(undecoded);
        files.push(file);
    }
    if diagnostics.is_empty() && documents.iter().all(crate::syntax::Document::is_empty) {
        return Err(RepositoryError::NoDeclarations(POLICIES.to_owned()));
    }
    let (policy, found) = lower(&documents);
    // A file that is not YAML may declare the names that seem to be missing.
    diagnostics.extend(found.into_iter().filter(|finding| whole || !names_something_missing(finding.code)));
    diag::sort(&mut diagnostics);
    Ok(Compiled { sources: Sources::new(files), policy, diagnostics })
}

fn names_something_missing(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownUser
            | Code::UnknownGroup
            | Code::UnknownRole
            | Code::UnknownEmployee
            | Code::UnknownRight
            | Code::UnknownModule
            | Code::UnknownTarget
    )
}

/// The fields of the settings that the language has and this version does not know yet.
const LATER: [&str; 5] = ["language", "companies", "sensitive", "guards", "lints"];

fn read_settings(id: FileId, file: &SourceFile) -> Vec<Diagnostic> {
    let mut reader = Reader::new(id, file);
    reader.forbidden_characters();
    let root = yaml::read(id, file, &mut reader.diagnostics).filter(|root| !root.is_absent());
    let fields = root.as_ref().and_then(|root| reader.entries(root, "the settings are a mapping of fields"));
    for (key, span, node) in fields.unwrap_or_default() {
        match key {
            "version" => {
                let text = reader.scalar(node, "the version").map(|(text, _)| text);
                if text.is_some_and(|text| text != "1") {
                    reader.wrong_type(node, "this program knows version 1 only", "write `version: 1`");
                }
            }
            later if LATER.contains(&later) => {
                let message = format!("the setting `{later}` is not supported yet by this version");
                reader.push(
                    Diagnostic::new(Code::UnknownField, reader.place(span), message)
                        .help("take it out until then: a setting without effect would be misread"),
                );
            }
            unknown => reader.unknown_field(unknown, span, "setting", &["version"]),
        }
    }
    reader.diagnostics
}
