//! `rightful pull --from-database`: a whole database becomes a repository.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::edit::Unsafe;
use crate::edit::content::{Content, Paper, Where};
use crate::name::Name;
use crate::pull::{self, File};
use crate::report::{text, view};
use crate::repository::{self, POLICIES, Repository, SETTINGS, stops};
use crate::say;
use crate::state::{Kind, State};
use crate::syntax::database::DatabaseUrl;
use crate::tree::Tree;
use crate::tree::memory::Memory;
use crate::tree::worktree::Worktree;
use crate::wire;

use crate::cli::database::database_at;
use crate::cli::fix::errors_of;
use crate::cli::session::Failure;
use crate::cli::{Context, Format, Outcome};

use super::{Pull, no_names};

/// Writes a repository that says what a database says.
pub fn run(command: &Pull, folder: &Path, context: &Context) -> Result<Outcome, Failure> {
    if let Some(company) = &context.company {
        return Err(Failure::world(say!("a new repository has no company `{name}`", name = company))
            .help(say!("leave --company out: one database becomes one repository with one company")));
    }
    let root = context.directory.join(folder);
    let taken = taken(&root);
    if !taken.is_empty() {
        return Err(Failure::world(say!(
            "nothing was written, since this is here already: {files}",
            files = taken.join(", ")
        ))
        .help(say!("start in an empty directory, or add to the policies that there are")));
    }
    let own = format!("sqlite:{}", root.join("crm.db").display());
    let url = command.database.as_deref().unwrap_or(&own);
    let mut database = database_at(context, &root, url)?;
    let reading = database.read(context)?;
    if reading.actual.facts.keys().all(|key| key.kind() == Kind::Right) {
        return Err(Failure::world(say!("{name} has neither users nor groups", name = database.name))
            .help(say!("name the database with --database")));
    }
    let taking = pull::everything(&reading).map_err(|wrong| no_names(&wrong, context.err))?;
    let stage = context.working(&say!("checking the policy"));
    let named = named(context, &root, command.database.as_deref());
    let mut files = pull::layout(&taking.wanted);
    files.push(settings(named.as_deref()));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let repository = compiled(&files, &taking.wanted)?;
    let broken = errors_of(&repository, 0, context.on);
    drop(stage);
    if !command.dry_run {
        write(&root, &files)?;
    }
    let shown = view::Pulled { taking: &taking, files: &[], database: &database.name, broken: &broken, also: &[] };
    let out = match command.format {
        Format::Json => {
            wire::to_text(&wire::pull(None, &taking, &files, !command.dry_run, &broken, &[], context.out.language))
        }
        Format::Text => {
            let is_named = named.is_some() || command.database.is_none();
            text::print(&view::pulled_whole(&shown, &files, !command.dry_run, is_named), context.out)
        }
    };
    Ok(Outcome::new(out, u8::from(command.exit_code && !taking.left.is_empty())))
}

/// What of a repository is there already.
fn taken(root: &Path) -> Vec<&'static str> {
    let is_there = |path: &str| fs::symlink_metadata(root.join(path)).is_ok();
    let has_policies = || {
        let tree = Worktree::new(root).and_then(|tree| tree.files(POLICIES));
        // A folder that cannot be read is not an empty one.
        is_there(POLICIES) && tree.map_or(true, |files| !files.is_empty())
    };
    let settings = is_there(SETTINGS).then_some(SETTINGS);
    settings.into_iter().chain(has_policies().then_some(POLICIES)).collect()
}

/// What the settings can call the database: a path below the root, a variable, or a server without a password.
fn named(context: &Context, root: &Path, url: Option<&str>) -> Option<String> {
    within(context, root, &DatabaseUrl::parse(url?).ok()?)
}

fn within(context: &Context, root: &Path, url: &DatabaseUrl) -> Option<String> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
            let path = real(context.directory.join(&**path));
            let below = path.strip_prefix(real(root.to_owned())).ok()?;
            Some(format!("sqlite:{}", below.to_str()?))
        }
        DatabaseUrl::Environment(name) => Some(format!("env:{name}")),
        DatabaseUrl::Postgres(server) => (!url.has_password()).then(|| server.to_string()),
        DatabaseUrl::Crm(crm, url) => within(context, root, url).map(|named| format!("{}{named}", crm.prefix())),
    }
}

/// The settings file, which names the database if that is not the default one.
fn settings(named: Option<&str>) -> File {
    let mut lines = vec!["version: 1".to_owned()];
    if let Some(named) = named.filter(|named| *named != repository::DATABASE) {
        let stem = Path::new(named.rsplit(':').next().unwrap_or_default()).file_stem();
        let company =
            stem.and_then(|stem| Name::new(stem.to_str()?).ok()).map_or("crm".to_owned(), |name| name.to_string());
        let company = Paper::NEW.scalar(&company, crate::syntax::yaml::Style::Plain, Where::Key, 2);
        let database = Paper::NEW.inline(&Content::Text(named.to_owned()), 2, Where::Braces);
        lines.push("companies:".to_owned());
        lines.push(format!("  {company}: {{ policies: [policies], database: {database} }}"));
    }
    let after: String = lines.iter().map(|line| format!("{line}\n")).collect();
    File { path: SETTINGS.to_owned(), before: None, after, hunks: Vec::new() }
}

/// The repository that the files are; they must say what was meant.
fn compiled(files: &[File], wanted: &State) -> Result<Repository, Failure> {
    let tree = Memory::new(files.iter().map(|file| (file.path.clone(), file.after.clone())));
    let repository = repository::compile(&tree)?;
    let company = &repository.companies[0];
    if let Some(finding) = company.diagnostics.iter().find(|finding| stops(finding)) {
        let finding = finding.message.clone();
        return Err(Failure::world(say!("the database says what no policy can say: {finding}", finding))
            .help(say!("nothing was written; correct it in the database, and pull again")));
    }
    if State::of(&company.policy) == *wanted { Ok(repository) } else { Err(Unsafe::in_file("").into()) }
}

/// Writes new files, or none: what was begun is taken back.
fn write(root: &Path, files: &[File]) -> Result<(), Failure> {
    let mut written: Vec<PathBuf> = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for file in files {
        let path = root.join(&file.path);
        if let Err(error) = put(&path, &file.after, &mut folders) {
            for path in &written {
                let _ = fs::remove_file(path);
            }
            for folder in folders.iter().rev() {
                let _ = fs::remove_dir(folder);
            }
            let path = &file.path;
            return Err(
                Failure::world(say!("cannot write {path}: {error}", path, error)).help(say!("nothing was left behind"))
            );
        }
        written.push(path);
    }
    Ok(())
}

fn put(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let missing: Vec<PathBuf> =
        path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(&folder)?;
        made.push(folder);
    }
    let mut file = fs::File::create_new(path)?;
    let done = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if done.is_err() {
        let _ = fs::remove_file(path);
    }
    done
}
