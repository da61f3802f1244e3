//! A policy repository: its root, its settings, and the compiled policy of each of its companies.

mod library;
mod named;
mod pairs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::cache::Fingerprint;
use crate::diag::{self, Code, Diagnostic};
use crate::model::{Lowered, Policy, RightId, lower};
use crate::name::Name;
use crate::say;
use crate::syntax::Document;
use crate::syntax::database::DatabaseUrl;
use crate::syntax::rule::RightPattern;
use crate::syntax::settings::{self, Settings};
use crate::text::{Place, Sources, Span};
use crate::tree::{Tree, TreeError};

pub use crate::syntax::database::DATABASE;
pub use library::Library;
use library::Parsed;
pub use named::unknown_names;
pub use pairs::matched;

/// The settings file, whose folder is the root.
pub const SETTINGS: &str = "rightful.yaml";

/// The folder of declarations where the settings do not say otherwise.
pub const POLICIES: &str = "policies";

/// Why there is no policy to speak of, although the files may be fine.
#[derive(Debug, Error)]
pub enum RepositoryError {
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There are no declarations, which is never taken for an empty policy.
    #[error("there is not a single declaration below {0}")]
    NoDeclarations(String),
    /// There are no settings, but a file that somebody took for them.
    #[error("`{0}` is not read: settings stand in `rightful.yaml`")]
    Misnamed(&'static str),
}

/// How settings are called by mistake. Gates, guards and reviewers in such a file would hold for nobody.
const MISNAMED: [&str; 3] = ["rightful.yml", ".rightful.yaml", ".rightful.yml"];

impl RepositoryError {
    /// What somebody can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.help(),
            Self::NoDeclarations(_) => {
                "a policy without declarations would take everything from everybody; is this the right directory?"
            }
            Self::Misnamed(_) => "rename it to rightful.yaml, or take it out",
        }
    }
}

/// What became of the files of a tree.
#[derive(Debug)]
pub struct Repository {
    /// The files, for places.
    pub sources: Sources,
    /// The settings; without a file every setting has its default.
    pub settings: Settings,
    /// The companies, in order of names; one without a name if the settings name none. Never empty.
    pub companies: Vec<Company>,
    /// What was found outside of any company.
    pub diagnostics: Vec<Diagnostic>,
}

/// One company.
#[derive(Debug)]
pub struct Company {
    /// Its name, if the settings give it one.
    pub name: Option<Name>,
    /// Its database, if the settings name it.
    pub database: Option<DatabaseUrl>,
    /// The policy; to be asked only if [`Company::compiles`].
    pub policy: Arc<Policy>,
    /// What was found while reading and compiling.
    pub diagnostics: Vec<Diagnostic>,
    /// How many policy files it has.
    pub files: usize,
}

impl Company {
    /// A company that declares nothing: it has the catalogue, and nobody in it.
    pub fn empty(name: Option<Name>) -> Self {
        let (policy, diagnostics) = lower(&[]);
        Self { name, database: None, policy: Arc::new(policy), diagnostics, files: 0 }
    }

    /// Whether the policy can be asked.
    pub fn compiles(&self) -> bool {
        !self.diagnostics.iter().any(stops)
    }
}

impl Repository {
    /// What stood before there was a policy: for each company of a later repository one that declares nothing. Only to
    /// be compared with; nothing that shall be applied may come from here.
    pub fn before_any(library: &Library, later: &Self) -> Self {
        let companies = later.companies.iter().map(|company| Company::empty(company.name.clone())).collect();
        Self { sources: library.sources(), settings: Settings::default(), companies, diagnostics: Vec::new() }
    }

    /// The settings file and the folders of policies: if these stay as they are, so does all that was read.
    pub fn watched(&self) -> Vec<&str> {
        let companies = self.settings.companies.iter();
        let folders = companies.flat_map(|company| company.body.policies.iter().map(|folder| &*folder.value));
        [SETTINGS, POLICIES].into_iter().chain(folders).collect()
    }

    /// The companies that somebody asks about: the one of a name, or all.
    pub fn chosen(&self, only: Option<&Name>) -> impl Iterator<Item = &Company> {
        self.companies.iter().filter(move |company| only.is_none() || company.name.as_ref() == only)
    }
}

/// Whether a finding keeps a policy from compiling.
pub fn stops(finding: &Diagnostic) -> bool {
    !finding.code.compiles()
}

/// The rights that a list of patterns names.
pub fn rights_named(policy: &Policy, patterns: &[crate::text::Spanned<RightPattern>]) -> BTreeSet<RightId> {
    let rights = policy.rights.iter();
    let named = rights.filter(|(_, name, _)| patterns.iter().any(|pattern| pattern.value.covers(name)));
    named.map(|(id, _, _)| id).collect()
}

/// The root of the repository that holds a directory: the nearest folder upward that has settings, else the directory.
pub fn find_root(start: &Path) -> PathBuf {
    start.ancestors().find(|folder| folder.join(SETTINGS).is_file()).unwrap_or(start).to_owned()
}

/// Reads and compiles the policies of a tree.
///
/// # Errors
/// If the tree cannot be read, or a company has no declaration. What is wrong in its files is a finding instead.
pub fn compile(tree: &dyn Tree) -> Result<Repository, RepositoryError> {
    let mut library = Library::default();
    let compiled = compile_with(&mut library, tree);
    library.let_go();
    compiled
}

/// The same with what was read of other trees: a file that is known with the same content is not read again.
///
/// # Errors
/// As for [`compile`].
pub fn compile_with(library: &mut Library, tree: &dyn Tree) -> Result<Repository, RepositoryError> {
    read(library, tree)?.compile(library)
}

/// A tree whose files were read, and not yet compiled.
pub struct Reading<'t> {
    tree: &'t dyn Tree,
    has_settings: bool,
    companies: Vec<(Folders, BTreeSet<String>)>,
    /// Policy files that belong to no company.
    unread: Vec<String>,
}

/// Reads the files of a tree.
///
/// # Errors
/// If the tree cannot be read.
pub fn read<'t>(library: &mut Library, tree: &'t dyn Tree) -> Result<Reading<'t>, RepositoryError> {
    let (folders, has_settings, has_companies) = match library.settings(tree)? {
        Some(settings) => (folders(settings), true, !settings.companies.is_empty()),
        None => (whole(), false, false),
    };
    if !has_settings {
        for name in MISNAMED {
            if tree.read(name)?.is_some() {
                return Err(RepositoryError::Misnamed(name));
            }
        }
    }
    let mut companies = Vec::with_capacity(folders.len());
    for company in folders {
        let mut paths = BTreeSet::new();
        for folder in &company.folders {
            paths.extend(tree.files(folder)?);
        }
        companies.push((company, paths));
    }
    let mut reading = Reading { tree, has_settings, companies, unread: Vec::new() };
    let all = reading.paths();
    library.read_all(tree, &all)?;
    if has_settings {
        // The settings were read first, but stand last among the files.
        library.read(tree, SETTINGS)?;
    }
    if has_companies {
        reading.unread = unread(tree, &all)?;
        for path in &reading.unread {
            library.read(tree, path)?;
        }
    }
    Ok(reading)
}

impl Reading<'_> {
    /// The files of all companies.
    fn paths(&self) -> BTreeSet<String> {
        self.companies.iter().flat_map(|(_, paths)| paths).cloned().collect()
    }

    /// What stands for all that was read: the same bytes under the same paths. `None` if the library has no cache, and so
    /// does not know.
    pub fn fingerprint(&self, library: &Library) -> Option<Fingerprint> {
        let settings = self.has_settings.then_some([SETTINGS]);
        let mut parts: Vec<Vec<&str>> = vec![settings.into_iter().flatten().collect()];
        parts.extend(self.companies.iter().map(|(_, paths)| paths.iter().map(String::as_str).collect()));
        parts.push(self.unread.iter().map(String::as_str).collect());
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            for path in part {
                bytes.extend((path.len() as u64).to_le_bytes());
                bytes.extend(path.bytes());
                bytes.extend(library.content(path)?.key()?);
            }
        }
        Some(crate::cache::fingerprint(&[&bytes]))
    }

    /// Compiles what was read.
    ///
    /// # Errors
    /// If a company has no declaration.
    pub fn compile(self, library: &mut Library) -> Result<Repository, RepositoryError> {
        let mut kept = self.paths();
        library.parse(self.tree, &kept)?;
        let (mut settings, mut diagnostics) = (Settings::default(), Vec::new());
        if self.has_settings {
            (settings, diagnostics) = library.settings_for_good(self.tree)?;
        }
        settings.companies.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        let mut companies = Vec::with_capacity(self.companies.len());
        for (company, paths) in self.companies {
            companies.push(compile_company(library, company, &paths, &diagnostics)?);
        }
        if companies.iter().all(Company::compiles) {
            diagnostics.extend(named::unknown(&settings, &companies));
        }
        for path in self.unread {
            let place = Place { file: library.read(self.tree, &path)?, span: Span::default() };
            diagnostics.push(
                Diagnostic::new(Code::UnreadFile, place, say!("no company reads this file"))
                    .help(say!("name its folder under `companies` in rightful.yaml, or remove the file")),
            );
            kept.insert(path);
        }
        library.keep(&kept);
        diag::sort(&mut diagnostics);
        Ok(Repository { sources: library.sources(), settings, companies, diagnostics })
    }
}

/// The settings of a tree, with its file for places, and what is wrong with them.
#[derive(Debug, Default)]
pub struct Binding {
    /// The settings; without a file every setting has its default.
    pub settings: Settings,
    /// The settings file.
    pub sources: Sources,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the settings of a tree, and nothing else.
///
/// # Errors
/// If the tree cannot be read.
pub fn binding(tree: &dyn Tree) -> Result<Binding, RepositoryError> {
    let mut library = Library::default();
    if library.settings(tree)?.is_none() {
        return Ok(Binding::default());
    }
    let (settings, diagnostics) = library.settings_for_good(tree)?;
    Ok(Binding { settings, sources: library.sources(), diagnostics })
}

/// A company and where its policies are.
struct Folders {
    name: Option<Name>,
    database: Option<DatabaseUrl>,
    folders: Vec<String>,
}

/// The one company of a repository whose settings name none.
fn whole() -> Vec<Folders> {
    vec![Folders { name: None, database: None, folders: vec![POLICIES.to_owned()] }]
}

/// The companies of the settings, in order of names.
fn folders(settings: &Settings) -> Vec<Folders> {
    let company = |declared: &crate::syntax::Declared<settings::CompanySettings>| Folders {
        name: Some(declared.name.value.clone()),
        database: declared.body.database.as_ref().map(|database| database.value.clone()),
        folders: declared.body.policies.iter().map(|folder| folder.value.to_string()).collect(),
    };
    let mut folders: Vec<Folders> = settings.companies.iter().map(company).collect();
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    // A company whose list is broken has a finding, and no folder to read.
    folders.retain(|company| !company.folders.is_empty());
    if folders.is_empty() { whole() } else { folders }
}

fn compile_company(
    library: &mut Library,
    company: Folders,
    paths: &BTreeSet<String>,
    of_settings: &[Diagnostic],
) -> Result<Company, RepositoryError> {
    let parsed: Vec<&Parsed> = paths.iter().filter_map(|path| library.parsed(path)).collect();
    let mut diagnostics: Vec<Diagnostic> = parsed.iter().flat_map(|parsed| parsed.found.iter().cloned()).collect();
    let documents: Vec<Arc<Document>> = parsed.iter().filter_map(|parsed| parsed.document.clone()).collect();
    let whole = documents.len() == parsed.len() && documents.iter().all(|document| !document.incomplete);
    if diagnostics.is_empty() && of_settings.is_empty() && documents.iter().all(|document| document.is_empty()) {
        let folders: Vec<String> = company.folders.iter().map(|folder| format!("`{folder}/`")).collect();
        return Err(RepositoryError::NoDeclarations(folders.join(" and ")));
    }
    let before = library.lowered.remove(&company.name).filter(|_| whole && diagnostics.is_empty());
    let (policy, found) = match before.and_then(|before| before.again(&documents)) {
        Some(policy) => (policy, Vec::new()),
        None => {
            let (policy, found) = lower(&documents.iter().map(|document| &**document).collect::<Vec<_>>());
            (Arc::new(policy), found)
        }
    };
    if found.is_empty() && diagnostics.is_empty() {
        let lowered = Lowered { documents, policy: policy.clone() };
        library.lowered.insert(company.name.clone(), lowered);
    }
    // A file that is not YAML, or has a section of another name, may declare the names that seem to be missing.
    diagnostics.extend(found.into_iter().filter(|finding| whole || !names_something_missing(finding.code)));
    for finding in &mut diagnostics {
        finding.companies.extend(company.name.clone());
    }
    diagnostics.extend(of_settings.iter().filter(|finding| stops(finding)).cloned());
    diag::sort(&mut diagnostics);
    Ok(Company { name: company.name, database: company.database, policy, diagnostics, files: paths.len() })
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

/// Policy files that belong to no company.
fn unread(tree: &dyn Tree, read: &BTreeSet<String>) -> Result<Vec<String>, TreeError> {
    match tree.files(POLICIES) {
        Err(TreeError::NoFolder(_)) => Ok(Vec::new()),
        all => Ok(all?.into_iter().filter(|path| !read.contains(path)).collect()),
    }
}
