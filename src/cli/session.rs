//! What commands share: opening the repository, compiling, understanding questions, warning, and failing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cache::{Fingerprint, fingerprint};
use crate::check;
use crate::date::Date;
use crate::diag::Diagnostic;
use crate::edit::Unsafe;
use crate::history::HistoryError;
use crate::language::{IntoWord, Text, Word};
use crate::model::Policy;
use crate::name::{Name, RightName, nearest};
use crate::question::{Misunderstood, Question, understand};
use crate::report::block::Page;
use crate::report::text::Look;
use crate::report::{discreet, snippet, text, view};
use crate::repository::{self, Binding, Company, Repository, RepositoryError, SETTINGS};
use crate::say;
use crate::syntax::database::DatabaseUrl;
use crate::syntax::settings::Settings;
use crate::target::TargetError;
use crate::text::Sources;
use crate::tree::Tree;
use crate::tree::git::Revision;
use crate::tree::worktree::Worktree;

use super::{Common, Context};

/// Why a command ends without an answer.
#[derive(Debug, Default)]
pub struct Failure {
    /// What to print before the message, findings for example.
    pub before: Box<str>,
    /// The fact; may be empty.
    pub message: Word,
    /// What to do; may be empty.
    pub help: Word,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// The outside world failed, or the usage is wrong.
    pub fn world(message: impl IntoWord) -> Self {
        Self { message: message.into_word(), code: 2, ..Self::default() }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl IntoWord) -> Self {
        self.help = help.into_word();
        self
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        Self::world(error.to_string()).help(error.help())
    }
}

impl From<Misunderstood> for Failure {
    fn from(error: Misunderstood) -> Self {
        Self::world(error.message).help(error.help)
    }
}

impl From<Unsafe> for Failure {
    fn from(Unsafe { path, finding }: Unsafe) -> Self {
        let message = if path.is_empty() {
            say!("the edit would not do what was asked")
        } else {
            say!("the edit of `{path}` would not do what was asked", path)
        };
        Self::world(message).help(if finding.is_empty() {
            say!("nothing was written; please write it by hand")
        } else {
            say!("nothing was written: {finding}", finding)
        })
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Tree(error) => RepositoryError::from(error).into(),
            HistoryError::Misunderstood(error) => error.into(),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let code = if error.is_refusal() { 3 } else { 2 };
        Self { code, ..Self::world(error.to_string()).help(error.help()) }
    }
}

/// A repository that was read, and how to speak about it.
pub struct Opened {
    /// The root directory.
    pub root: PathBuf,
    /// The files, the settings, and the policies.
    pub repository: Repository,
    /// The commit that was read, if it was not the working tree.
    pub revision: Option<String>,
    /// The way from the top of the checkout to the root: empty, or ending in `/`.
    pub below: String,
    /// How the output may look, in the language of `--lang` or of the settings.
    pub out: Look,
    /// The same for complaints.
    pub err: Look,
    /// The settings as they are now, of a revision that was read: they bind whatever is applied.
    now: Option<Binding>,
    /// Variables that a file says, before those of the environment.
    pub variables: Variables,
    /// Whether warnings are kept for whoever asks, and not said.
    pub gathers: bool,
    company: usize,
    warned: RefCell<Vec<Text>>,
}

/// Variables of the environment by name, as a file says them.
pub type Variables = BTreeMap<String, String>;

impl Opened {
    /// What a variable says, in the file of variables or in the environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned().or_else(|| std::env::var(name).ok())
    }

    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.repository.sources
    }

    /// The company that a command is about.
    pub fn company(&self) -> &Company {
        &self.repository.companies[self.company]
    }

    /// Which one it is among all.
    pub fn company_index(&self) -> usize {
        self.company
    }

    /// The settings that bind whoever applies: those of the working tree, whatever revision was read. Old ones may have
    /// let through what nobody would let through now.
    pub fn binding(&self) -> &Settings {
        self.now.as_ref().map_or(&self.repository.settings, |now| &now.settings)
    }

    /// Goes by the settings of the revision that was read: for whoever only ever applies what comes next.
    pub fn bind_to_revision(&mut self) {
        self.now = None;
    }

    /// The file of those settings, for places.
    pub fn binding_sources(&self) -> &Sources {
        self.now.as_ref().map_or(&self.repository.sources, |now| &now.sources)
    }

    /// The database of the company, if those settings name one.
    pub fn database(&self) -> Option<&DatabaseUrl> {
        let Some(now) = &self.now else { return self.company().database.as_ref() };
        let mut companies = now.settings.companies.iter();
        let named = companies.find(|company| Some(&company.name.value) == self.company().name.as_ref())?;
        named.body.database.as_ref().map(|url| &url.value)
    }

    /// Its policy.
    pub fn policy(&self) -> &Policy {
        &self.company().policy
    }

    /// The names of the rights that the settings call sensitive.
    pub fn sensitive(&self) -> BTreeSet<RightName> {
        let policy = self.policy();
        let rights = repository::rights_named(policy, &self.repository.settings.sensitive);
        rights.into_iter().map(|right| policy.rights.key(right).clone()).collect()
    }

    /// What was warned of so far.
    pub fn warnings(&self) -> Vec<Text> {
        self.warned.borrow().clone()
    }

    /// Says something beside the answer, on the error output, and once: a command may write several runs.
    pub fn warn(&self, text: Text) {
        if self.warned.borrow().contains(&text) {
            return;
        }
        self.warned.borrow_mut().push(text.clone());
        if self.gathers {
            return;
        }
        let mut page = Page::default();
        page.text(discreet(&text.into_word(), self.err.language));
        super::write_err(&text::print(&page, self.err));
    }
}

/// Reads and compiles the policies of all companies, from the working tree or a revision; findings are kept, whatever
/// they are.
pub fn open(context: &Context, at: Option<&str>) -> Result<Opened, Failure> {
    match open_unless(context, at, |_| None::<std::convert::Infallible>)? {
        Open::Policy(opened) => Ok(*opened),
        Open::Known(never) => match never {},
    }
}

/// A repository that was read, or what somebody knew of it already.
pub enum Open<T> {
    /// What was read.
    Policy(Box<Opened>),
    /// What was known.
    Known(T),
}

/// The same, unless somebody knows what becomes of all that would be read, by what stands for it.
pub fn open_unless<T>(
    context: &Context,
    at: Option<&str>,
    known: impl FnOnce(Fingerprint) -> Option<T>,
) -> Result<Open<T>, Failure> {
    let _stage = context.working(&say!("reading the policy"));
    let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
    let root = repository::find_root(&directory);
    let worktree = Worktree::new(&root).map_err(RepositoryError::from)?;
    let (tree, revision, now): (Box<dyn Tree>, _, _) = match at {
        None => (Box::new(worktree), None, None),
        Some(name) => {
            let revision = Revision::open(worktree.root(), name).map_err(RepositoryError::from)?;
            let commit = revision.commit();
            (Box::new(revision), Some(commit), Some(repository::binding(&worktree)?))
        }
    };
    let below = below(&root);
    let mut library = context.library();
    let reading = repository::read(&mut library, &*tree)?;
    let read = reading.fingerprint(&library).map(|read| fingerprint(&[&read, below.as_bytes()]));
    if let Some(known) = read.and_then(known) {
        return Ok(Open::Known(known));
    }
    let compiled = reading.compile(&mut library);
    context.let_go(library);
    let repository = compiled?;
    let language = context.language.get().unwrap_or(repository.settings.language);
    context.language.set(Some(language));
    let out = Look { language, ..context.out };
    let err = Look { language, ..context.err };
    Ok(Open::Policy(Box::new(Opened {
        root,
        repository,
        revision,
        below,
        out,
        err,
        now,
        variables: Variables::new(),
        gathers: false,
        company: 0,
        warned: RefCell::default(),
    })))
}

/// Reads each text of a revision that the cache stood for, before anything is written that comes of it: there the run
/// without the cache would fail.
pub fn read_whole(context: &Context, opened: &Opened) -> Result<(), Failure> {
    opened.sources().iter().for_each(|(_, file)| _ = file.text());
    context.whole()
}

/// Compiles a tree, of which most was parsed before.
pub fn compiled(context: &Context, tree: &dyn Tree) -> Result<Repository, RepositoryError> {
    let mut library = context.library();
    let compiled = repository::compile_with(&mut library, tree);
    context.let_go(library);
    compiled
}

/// The root, and the settings of the working tree, of which the rest does not matter. They must have no error: what they
/// say of remotes and databases would be missing.
pub fn settings(context: &Context) -> Result<(PathBuf, Binding), Failure> {
    let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
    let worktree = Worktree::new(&repository::find_root(&directory)).map_err(RepositoryError::from)?;
    let binding = repository::binding(&worktree)?;
    let is_here = worktree.read(SETTINGS).map_err(RepositoryError::from)?.is_some();
    let was_here = || Revision::open(worktree.root(), "HEAD").and_then(|head| head.read(SETTINGS)).ok().flatten();
    if !is_here && was_here().is_some() {
        let message = say!("{file} is in the last commit, and not in the checkout", file = SETTINGS);
        return Err(Failure::world(message).help(say!("bring it back: `git checkout {file}`", file = SETTINGS)));
    }
    let Some(error) = binding.diagnostics.iter().find(|finding| finding.is_error()) else {
        return Ok((worktree.root().to_owned(), binding));
    };
    let place = place_of(error, &binding.sources);
    let message =
        say!("the settings have errors; the first, at {place}: {error}", place, error = error.message.clone());
    Err(Failure::world(message).help(say!("correct rightful.yaml first")))
}

/// `policies/sales.yaml:3`, of a finding; empty if it has no place.
pub fn place_of(finding: &Diagnostic, sources: &Sources) -> String {
    let told = |place: crate::text::Place| {
        let file = sources.file(place.file);
        format!("{}:{}", file.path(), file.line_of(place.span.start).saturating_add(1))
    };
    finding.place().map(told).unwrap_or_default()
}

/// The way from the nearest folder upward that git keeps, with `/` between and behind its parts.
pub fn below(root: &Path) -> String {
    let top = root.ancestors().find(|folder| folder.join(".git").exists());
    let way = top.and_then(|top| root.strip_prefix(top).ok());
    let parts = way.into_iter().flat_map(|way| way.components());
    parts.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// Reads and compiles for commands that ask the database alone, whatever is wrong with the policy.
pub fn open_whatever(context: &Context) -> Result<Opened, Failure> {
    open_at(context, None, context.company.as_deref())
}

/// Reads and compiles a revision, or the working tree, for one company, whatever is wrong with the policy.
pub fn open_at(context: &Context, at: Option<&str>, company: Option<&str>) -> Result<Opened, Failure> {
    let mut opened = open(context, at)?;
    opened.company = pick(&opened.repository, company)?;
    Ok(opened)
}

/// Reads and compiles for commands about one company, whose policy has to compile.
pub fn open_compiling(context: &Context, common: &Common) -> Result<Opened, Failure> {
    open_for(context, common.at.as_deref(), context.company.as_deref())
}

/// As [`open_compiling`], for a revision and a company that stand elsewhere than in the arguments.
pub fn open_for(context: &Context, at: Option<&str>, company: Option<&str>) -> Result<Opened, Failure> {
    let opened = open_at(context, at, company)?;
    if opened.company().compiles() {
        return Ok(opened);
    }
    let diagnostics = &opened.company().diagnostics;
    let stopping = diagnostics.iter().filter(|finding| repository::stops(finding));
    let mut before = snippet::print_all(stopping, opened.sources(), opened.err);
    before.push_str(&text::print(&view::summary(diagnostics, opened.sources().len(), &[]), opened.err));
    let message = say!("the policy does not compile, so nothing can be answered");
    Err(Failure { before: before.into(), ..Failure::world(message) }
        .help(say!("`rightful check` lists everything that was found")))
}

/// A failure behind the findings that are its reason.
pub fn refusing<'f>(
    opened: &Opened,
    findings: impl IntoIterator<Item = &'f Diagnostic>,
    message: impl IntoWord,
) -> Failure {
    let before = snippet::print_all(findings, opened.sources(), opened.err);
    Failure { before: before.into(), ..Failure::world(message) }
}

/// The company that `--company` names, or the only one.
pub fn pick(repository: &Repository, name: Option<&str>) -> Result<usize, Failure> {
    let companies = &repository.companies;
    let names: Vec<&str> = companies.iter().filter_map(|company| company.name.as_ref().map(Name::as_str)).collect();
    let Some(name) = name else {
        if companies.len() == 1 {
            return Ok(0);
        }
        let help = say!("name one with --company: {names}", names = names.join(", "));
        return Err(Failure::world(say!("the settings name several companies")).help(help));
    };
    let found = companies.iter().position(|company| company.name.as_ref().is_some_and(|known| known.as_str() == name));
    let missing = Failure::world(say!("there is no company `{name}`", name));
    found.ok_or_else(|| match nearest(name, names.iter().copied()) {
        Some(near) => missing.help(say!("did you mean `{near}`?", near)),
        None if names.is_empty() => {
            missing.help(say!("this repository has but one company, without a name; leave --company out"))
        }
        None => missing.help(say!("the settings name {names}", names = names.join(", "))),
    })
}

/// Understands the words of a question and settles the day.
pub fn ask(words: &[String], opened: &Opened, context: &Context) -> Result<(Question, Date), Failure> {
    let question = understand(&words.join(" "), opened.policy(), opened.err.language)?;
    let on = day(question.on, context)?;
    Ok((question, on))
}

/// The day of a question, which may name it itself.
pub fn day(said: Option<Date>, context: &Context) -> Result<Date, Failure> {
    match said {
        Some(on) if context.on_was_said && on != context.on => {
            Err(Failure::world(say!("the question says {on}, and --on says {day}", on, day = context.on))
                .help(say!("name the day once")))
        }
        on => Ok(on.unwrap_or(context.on)),
    }
}

/// Refuses to go by settings of now that have errors, when a revision was read: what they say of guards and databases
/// may be missing.
pub fn bound(opened: &Opened) -> Result<(), Failure> {
    let Some(now) = &opened.now else { return Ok(()) };
    let wrong: Vec<&Diagnostic> = now.diagnostics.iter().filter(|finding| finding.is_error()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let before = snippet::print_all(wrong, &now.sources, opened.err);
    let message = say!("the settings as they are now have errors, and they bind what is applied");
    Err(Failure { before: before.into(), ..Failure::world(message) }.help(say!("correct rightful.yaml first")))
}

/// The findings that keep a policy that compiles from being applied.
pub fn errors(opened: &Opened, context: &Context) -> Vec<Diagnostic> {
    let _stage = context.working(&say!("checking the policy"));
    let report = check::company(opened.company(), &opened.repository.settings, context.on);
    let outside = opened.repository.diagnostics.iter().filter(|finding| finding.is_error()).cloned();
    report.findings.into_iter().filter(Diagnostic::is_error).chain(outside).collect()
}
