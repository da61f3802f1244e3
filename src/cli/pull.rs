//! `rightful pull`

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use crate::edit;
use crate::language::{Joint, Text, names};
use crate::plan::{self, Desired, Drift};
use crate::pull::{self, File, Taking, Unnameable, Why};
use crate::report::block::Page;
use crate::report::text::{self, Look};
use crate::report::view;
use crate::repository::{self, RepositoryError};
use crate::say;
use crate::state::{Key, State};
use crate::tree::overlay::Overlay;
use crate::tree::worktree::{self, Worktree};
use crate::wire;

use super::asking;
use super::database::{Database, database};
use super::fix::new_errors;
use super::session::{Failure, Opened, compiled, open_compiling};
use super::{Common, Context, Format, Outcome};

mod from_database;

/// Take what somebody did in the database into the policy files
///
/// What changed in the database since the last apply, and not in the policy,
/// is written into the policy files, so that the next plan has nothing left
/// to do. Only the lines that must change do: comments, order, quotes and line
/// ends stay, and what is new stands where its like does, else in pulled.yaml.
/// A comment directly above something that goes away goes with it.
///
/// Where the policy changed too, it wins, and the conflict is named. What no
/// policy can say is named as well; names that are none stop everything. What
/// is to be written is compiled before, and must say what was meant. All files
/// are written or none; only if the program is killed between two of them, the
/// first ones are written already: `git diff` shows them, and a second pull
/// writes the rest.
///
/// With --from-database a whole database, ours or filled by hand, becomes a
/// repository in DIR, whose plan is empty.
///
/// Examples:
///   rightful pull --dry-run
///   rightful pull --only user:lars --only "group:sales user:anna"
///   rightful pull --from-database crm-access --database sqlite:crm.db
///   rightful pull --from-database . --database creme+sqlite:creme.db
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Pull {
    /// The database, as sqlite:PATH, postgres://USER@HOST/DATABASE or env:NAME
    /// of a variable; a relative path counts from the current directory, or
    /// from that of -C [default: that of the settings, else sqlite:crm.db
    /// beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Take only what is about this, such as user:lars, group:sales or a key
    /// as the plan shows it; may be repeated
    #[arg(long, value_name = "KEY", conflicts_with = "from_database")]
    only: Vec<String>,
    /// Write a new repository for all that the database says
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".")]
    from_database: Option<PathBuf>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long, conflicts_with = "from_database")]
    yes: bool,
    /// Exit with 1 if something could not be taken that was asked for
    #[arg(long)]
    exit_code: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub fn run(command: &Pull, context: &Context) -> Result<Outcome, Failure> {
    if let Some(folder) = &command.from_database {
        return from_database::run(command, folder, context);
    }
    let opened = open_compiling(context, &Common { format: command.format, at: None })?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let taking = asked_for(command, context, &opened, &mut database)?;
    let Prepared { worktree, files, also, broken } = prepared(context, &opened, &taking)?;
    let shown = view::Pulled { taking: &taking, files: &files, database: &database.name, broken: &broken, also: &also };
    let page = view::pull(&shown);
    let writes = !command.dry_run && !files.is_empty();
    let asks = writes && !command.yes && std::io::stdin().is_terminal();
    let is_seen = asks && asking::sees_output(command.format);
    if is_seen {
        super::write_out(&text::print(&page, opened.out));
    }
    if asks {
        asking::show_unseen(&page, command.format, opened.err);
        if !asking::says_yes(&say!("Write {files}? [y/N]", files = view::files(files.len())), opened.err) {
            return Err(Failure { code: 1, ..Failure::world(say!("nothing was written")) });
        }
    }
    if writes {
        save(&worktree, &files)?;
    }
    let out = match command.format {
        Format::Text => {
            let before = if is_seen { String::new() } else { text::print(&page, opened.out) };
            format!("{before}{}", text::print(&view::pull_done(&files, writes), opened.out))
        }
        Format::Json => {
            let company = opened.company().name.as_ref();
            wire::to_text(&wire::pull(company, &taking, &files, writes, &broken, &also, opened.out.language))
        }
    };
    // Whoever asks for something does not want to hear of the rest.
    let left = taking.left.iter().any(|left| left.why != Why::NotAsked) || !taking.conflicts.is_empty();
    Ok(Outcome::new(out, u8::from(command.exit_code && left)))
}

/// What of the drift in a database is asked for.
fn asked_for(command: &Pull, context: &Context, opened: &Opened, database: &mut Database) -> Result<Taking, Failure> {
    let reading = database.read(context)?;
    if reading.base.is_none() {
        return Err(Failure::world(say!(
            "nothing was ever applied to {name}, so nobody can tell what was changed in it",
            name = database.name
        ))
        .help(say!("`rightful pull --from-database` makes policy files of a whole database")));
    }
    let _stage = context.working(&say!("comparing"));
    let desired = Desired::of(opened.company().name.as_ref(), opened.policy());
    let plan = plan::plan(&reading, &desired, context.on, Drift::Revert, |_| None);
    for asked in &command.only {
        if !plan.changes.iter().any(|change| is_about(&change.key, asked)) {
            return Err(Failure::world(say!("nothing is otherwise in the database at `{key}`", key = asked))
                .help(say!("`rightful plan` lists what is")));
        }
    }
    let is_asked = |key: &Key| command.only.is_empty() || command.only.iter().any(|asked| is_about(key, asked));
    pull::take(&reading, &opened.repository, opened.company_index(), &plan, is_asked)
        .map_err(|wrong| no_names(&wrong, opened.err))
}

/// What is ready to be written.
struct Prepared {
    worktree: Worktree,
    files: Vec<File>,
    /// The other companies that change with it.
    also: Vec<Text>,
    /// Errors that a check finds afterwards and did not find before.
    broken: Vec<Text>,
}

/// Makes the files, and compiles them: they must say what was meant.
fn prepared(context: &Context, opened: &Opened, taking: &Taking) -> Result<Prepared, Failure> {
    let _stage = context.working(&say!("checking the policy"));
    let files = pull::write(&opened.repository, opened.company_index(), &taking.wanted)?;
    let worktree = Worktree::new(&opened.root).map_err(RepositoryError::from)?;
    let changed = files.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes()));
    let after = compiled(context, &Overlay::new(&worktree, changed))?;
    edit::check(&opened.repository, &after, opened.company_index(), &taking.wanted)?;
    let also = others(opened, &after);
    let broken = new_errors(&opened.repository, &after, opened.company_index(), context.on);
    Ok(Prepared { worktree, files, also, broken })
}

/// Whether a key is what is asked for: the key itself, or whom it concerns.
fn is_about(key: &Key, asked: &str) -> bool {
    let text = key.to_string();
    let whom = match key {
        Key::Member { group, member, .. } => [Some(group.to_string()), Some(member.to_string())],
        Key::Rule { subject, .. } => [Some(subject.to_string()), None],
        Key::Access(user) => [Some(format!("user:{user}")), None],
        _ => [None, None],
    };
    asked == text
        || asked.strip_prefix(key.kind().as_str()).and_then(|rest| rest.strip_prefix(':')) == Some(&*text)
        || whom.into_iter().flatten().any(|one| one == asked)
}

/// The companies, beside the own one, whose policies the edit changes too.
fn others(opened: &Opened, after: &repository::Repository) -> Vec<Text> {
    let pairs = opened.repository.companies.iter().zip(&after.companies).enumerate();
    let pairs = pairs.filter(|(index, _)| *index != opened.company_index());
    let changed = pairs.filter(|(_, (old, new))| State::of(&old.policy) != State::of(&new.policy));
    let names = changed.filter_map(|(_, (old, _))| old.name.as_ref());
    names.map(|name| say!("{name}", name)).collect()
}

/// The refusal of names that are none.
fn no_names(wrong: &[Unnameable], look: Look) -> Failure {
    let mut before = Page::default();
    for one in wrong {
        before.text(say!("`{name}` is no name: {why}", name = one.name, why = one.why));
    }
    let message = say!(
        "the database has names that no policy can have: {names}",
        names = names(wrong.iter().map(|one| &one.name), Joint::Comma)
    );
    Failure { before: text::print(&before, look).into(), ..Failure::world(message) }
        .help(say!("nothing was written; rename them in the database, where references follow, and pull again"))
}

fn save(worktree: &Worktree, files: &[File]) -> Result<(), Failure> {
    let changes: Vec<worktree::Change<'_>> = files
        .iter()
        .map(|file| worktree::Change {
            path: &file.path,
            before: file.before.as_ref().map(String::as_bytes),
            after: file.after.as_bytes(),
        })
        .collect();
    worktree.write(&changes).map_err(RepositoryError::from)?;
    Ok(())
}
