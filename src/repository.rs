//! A policy repository: its root, its settings, and the compiled policy of each of its companies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::diag::{self, Code, Diagnostic};
use crate::model::{Policy, RightId, lower};
use crate::name::{Name, nearest};
use crate::say;
use crate::syntax::database::DatabaseUrl;
use crate::syntax::rule::RightPattern;
use crate::syntax::settings::{self, Settings};
use crate::syntax::{Document, decode, parse};
use crate::text::{FileId, Place, SourceFile, Sources, Span};
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
    #[error("there is not a single declaration below {0}")]
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
    pub policy: Policy,
    /// What was found while reading and compiling.
    pub diagnostics: Vec<Diagnostic>,
    /// How many policy files it has.
    pub files: usize,
}

impl Company {
    /// Whether the policy can be asked.
    pub fn compiles(&self) -> bool {
        !self.diagnostics.iter().any(stops)
    }
}

impl Repository {
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
    let named = rights.filter(|(_, name, _)| patterns.iter().any(|pattern| covers(&pattern.value, name)));
    named.map(|(id, _, _)| id).collect()
}

fn covers(pattern: &RightPattern, right: &crate::name::RightName) -> bool {
    let of_action = |action: &str| pattern.actions.is_empty() || pattern.actions.iter().any(|known| &**known == action);
    right.area() == &*pattern.area && of_action(right.action())
}

/// The root of the repository that holds a directory: the nearest folder upward that has settings, else the directory.
pub fn find_root(start: &Path) -> PathBuf {
    start.ancestors().find(|folder| folder.join(SETTINGS).is_file()).unwrap_or(start).to_owned()
}

/// The files of a tree, each read and parsed once, whoever needs it.
struct Files<'t> {
    tree: &'t dyn Tree,
    files: Vec<SourceFile>,
    parsed: Vec<Parsed>,
    by_path: BTreeMap<String, FileId>,
}

struct Parsed {
    /// `None` if the file is not YAML or not UTF-8.
    document: Option<Document>,
    found: Vec<Diagnostic>,
}

impl Files<'_> {
    fn read(&mut self, path: &str) -> Result<(FileId, Vec<Diagnostic>), TreeError> {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let bytes = self.tree.read(path)?.unwrap_or_default();
        let (file, found) = decode(id, path, bytes);
        self.files.push(file);
        self.by_path.insert(path.to_owned(), id);
        Ok((id, found))
    }

    /// Reads the policy files of some folders, in order of their paths.
    fn parse(&mut self, paths: &BTreeSet<String>) -> Result<(), TreeError> {
        for path in paths {
            let (id, mut found) = self.read(path)?;
            let document = if found.is_empty() {
                let (document, more) = parse(id, &self.files[id.0 as usize]);
                found.extend(more);
                document
            } else {
                None
            };
            self.parsed.push(Parsed { document, found });
        }
        Ok(())
    }
}

/// Reads and compiles the policies of a tree.
///
/// # Errors
/// If the tree cannot be read, or a company has no declaration. What is wrong in its files is a finding instead.
pub fn compile(tree: &dyn Tree) -> Result<Repository, RepositoryError> {
    let (settings, folders) = read_settings(tree)?;
    let mut paths: Vec<BTreeSet<String>> = Vec::with_capacity(folders.len());
    for company in &folders {
        let mut all = BTreeSet::new();
        for folder in &company.folders {
            all.extend(tree.files(folder)?);
        }
        paths.push(all);
    }
    let all: BTreeSet<String> = paths.iter().flatten().cloned().collect();
    let mut files = Files { tree, files: Vec::new(), parsed: Vec::with_capacity(all.len()), by_path: BTreeMap::new() };
    files.parse(&all)?;
    let mut diagnostics = Vec::new();
    let mut settings = settings;
    if let Some(text) = &mut settings {
        // The settings were read first, but stand last among the files.
        let (id, undecoded) = files.read(SETTINGS)?;
        let (again, found) = settings::read(id, &files.files[id.0 as usize]);
        *text = again;
        diagnostics.extend(if undecoded.is_empty() { found } else { undecoded });
    }
    let mut settings = settings.unwrap_or_default();
    settings.companies.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    let mut companies = Vec::with_capacity(folders.len());
    for (company, paths) in folders.into_iter().zip(&paths) {
        companies.push(compile_company(&files, company, paths, &diagnostics)?);
    }
    if companies.iter().all(Company::compiles) {
        diagnostics.extend(unknown_sensitive_rights(&settings, &companies));
    }
    if !settings.companies.is_empty() {
        diagnostics.extend(unread(&mut files)?);
    }
    diag::sort(&mut diagnostics);
    Ok(Repository { sources: Sources::new(files.files), settings, companies, diagnostics })
}

/// A company and where its policies are.
struct Folders {
    name: Option<Name>,
    database: Option<DatabaseUrl>,
    folders: Vec<String>,
}

/// Reads the settings for their companies only; findings come when they are read for good.
fn read_settings(tree: &dyn Tree) -> Result<(Option<Settings>, Vec<Folders>), TreeError> {
    let whole = || vec![Folders { name: None, database: None, folders: vec![POLICIES.to_owned()] }];
    let Some(bytes) = tree.read(SETTINGS)? else { return Ok((None, whole())) };
    let (file, _) = decode(FileId(0), SETTINGS, bytes);
    let (settings, _) = settings::read(FileId(0), &file);
    let company = |declared: &crate::syntax::Declared<settings::CompanySettings>| Folders {
        name: Some(declared.name.value.clone()),
        database: declared.body.database.as_ref().map(|database| database.value.clone()),
        folders: declared.body.policies.iter().map(|folder| folder.value.to_string()).collect(),
    };
    let mut folders: Vec<Folders> = settings.companies.iter().map(company).collect();
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    // A company whose list is broken has a finding, and no folder to read.
    folders.retain(|company| !company.folders.is_empty());
    let folders = if folders.is_empty() { whole() } else { folders };
    Ok((Some(settings), folders))
}

fn compile_company(
    files: &Files<'_>,
    company: Folders,
    paths: &BTreeSet<String>,
    of_settings: &[Diagnostic],
) -> Result<Company, RepositoryError> {
    let parsed: Vec<&Parsed> = paths.iter().map(|path| &files.parsed[files.by_path[path].0 as usize]).collect();
    let mut diagnostics: Vec<Diagnostic> = parsed.iter().flat_map(|parsed| parsed.found.iter().cloned()).collect();
    let documents: Vec<&Document> = parsed.iter().filter_map(|parsed| parsed.document.as_ref()).collect();
    let whole = documents.len() == parsed.len() && documents.iter().all(|document| !document.incomplete);
    if diagnostics.is_empty() && of_settings.is_empty() && documents.iter().all(|document| document.is_empty()) {
        let folders: Vec<String> = company.folders.iter().map(|folder| format!("`{folder}/`")).collect();
        return Err(RepositoryError::NoDeclarations(folders.join(" and ")));
    }
    let (policy, found) = lower(&documents);
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

/// Sensitive rights that no company has.
fn unknown_sensitive_rights(settings: &Settings, companies: &[Company]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for pattern in &settings.sensitive {
        let names = || companies.iter().flat_map(|company| company.policy.rights.iter().map(|(_, name, _)| name));
        let known = |action: &str| names().any(|name| name.area() == &*pattern.value.area && name.action() == action);
        let place = Place { file: settings.file, span: pattern.span };
        let mut missing: Vec<String> = pattern
            .value
            .actions
            .iter()
            .filter(|action| !known(action))
            .map(|action| format!("{}.{action}", pattern.value.area))
            .collect();
        if pattern.value.actions.is_empty() && !names().any(|name| name.area() == &*pattern.value.area) {
            missing.push(pattern.value.to_string());
        }
        findings.extend(missing.into_iter().map(|right| {
            let help = match nearest(&right, names().map(crate::name::RightName::as_str)) {
                Some(near) => say!("did you mean `{near}`?", near),
                None => say!("`rightful rights` lists the catalogue; own rights are declared in the section `rights`"),
            };
            Diagnostic::new(Code::UnknownRight, place, say!("there is no right `{right}`", right)).help(help)
        }));
    }
    findings
}

/// Policy files that belong to no company.
fn unread(files: &mut Files<'_>) -> Result<Vec<Diagnostic>, TreeError> {
    let all = match files.tree.files(POLICIES) {
        Err(TreeError::NoFolder(_)) => return Ok(Vec::new()),
        all => all?,
    };
    let mut findings = Vec::new();
    for path in all {
        if files.by_path.contains_key(&path) {
            continue;
        }
        let (file, _) = files.read(&path)?;
        let place = Place { file, span: Span::default() };
        findings.push(
            Diagnostic::new(Code::UnreadFile, place, say!("no company reads this file"))
                .help(say!("name its folder under `companies` in rightful.yaml, or remove the file")),
        );
    }
    Ok(findings)
}
