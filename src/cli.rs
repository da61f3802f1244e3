//! The command line: arguments in, bytes and an exit code out. One file per command; the doc comments are the manual.

mod ahead;
mod apply;
mod asking;
mod audit;
mod cache;
mod can;
mod check;
mod connect;
mod copies;
mod database;
mod diff;
mod doctor;
mod explain;
mod file;
mod fix;
mod guards;
mod history;
mod init;
mod invite;
mod log;
mod matrix;
mod merge_check;
mod new;
mod online;
mod plan;
mod progress;
mod pull;
mod registered;
mod reviewers;
mod reviewing;
mod rights;
mod running;
mod saved;
mod schema;
mod service;
mod session;
mod sides;
mod status;
mod sync;
mod upcoming;
mod wanted;
mod what;
mod who;
mod why;

use std::cell::Cell;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::date::{Date, parse_date};
use crate::language::{IntoWord, Language, Text};
use crate::report::block::{Block, Line, Page, Tone};
use crate::report::text::Look;
use crate::report::{discreet, harmless, masked, text};
use crate::repository::Library;
use crate::say;

use session::Failure;

/// Access policy as code for CRM systems
///
/// Users, groups, module sets and rights stand in reviewed YAML files. Rightful
/// checks them, explains every answer, shows what a change means for people,
/// and applies them to the CRM's database.
///
/// A policy repository is a directory with a folder policies/.
///
/// Exit codes: 0 fine or yes; 1 findings, no, or differences; 2 wrong usage, an
/// unanswerable question, or the outside world failed; 3 refused.
///
/// What was read once is kept in ~/.cache/rightful and may be deleted at any
/// moment; RIGHTFUL_CACHE names another directory, and `off` is none.
#[derive(Debug, Parser)]
#[command(name = "rightful", version, verbatim_doc_comment, max_term_width = 80, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Global {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    /// The company, where the settings name several
    #[arg(long, value_name = "NAME", global = true)]
    company: Option<String>,
    /// The day for which to answer, as YYYY-MM-DD [default: today, UTC]
    #[arg(long, value_name = "DATE", global = true, value_parser = read_date)]
    on: Option<Date>,
    /// The language of labels and messages: en, de, nb or nl [default: that of
    /// the settings, else en]
    #[arg(long, value_name = "LANG", global = true, value_parser = read_language)]
    lang: Option<Language>,
    /// When to use colours; auto respects NO_COLOR
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    color: When,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; the schemas are in schema/
    Json,
}

/// What the commands have in common that read a policy.
#[derive(Debug, Args)]
struct Common {
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// A git revision to read instead of the working tree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Why(why::Why),
    Can(can::Can),
    Who(who::Who),
    What(what::What),
    Diff(diff::DiffCommand),
    Reviewers(reviewers::Reviewers),
    Log(log::LogCommand),
    Matrix(matrix::Matrix),
    MergeCheck(merge_check::MergeCheck),
    Upcoming(upcoming::Upcoming),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Audit(audit::Audit),
    History(history::History),
    Pull(pull::Pull),
    Connect(connect::Connect),
    Disconnect(connect::Disconnect),
    Handover(connect::Handover),
    Backup(copies::Backup),
    Restore(copies::Restore),
    Online(online::Online),
    Invite(invite::Invite),
    Sync(sync::Sync),
    Status(status::Status),
    Doctor(doctor::Doctor),
    Rights(rights::Rights),
    Explain(explain::Explain),
    New(new::New),
    Init(init::Init),
    Schema(schema::Schema),
}

fn read_date(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "write a day of the calendar as YYYY-MM-DD".to_owned())
}

fn read_language(text: &str) -> Result<Language, String> {
    Language::of_code(text).ok_or_else(|| "write en, de, nb or nl".to_owned())
}

/// What a command ends with.
struct Outcome {
    text: String,
    code: u8,
}

impl Outcome {
    fn new(text: String, code: u8) -> Self {
        Self { text, code }
    }

    /// Writes row by row what may be longer than the memory has room for; then nothing is left to be written.
    fn written(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>, code: u8) -> Self {
        let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
        let written = write(&mut out).and_then(|()| out.flush());
        Self { text: String::new(), code: if was_written(written) { code } else { 2 } }
    }
}

/// Everything that the outside world tells a command.
struct Context {
    /// Where the program was started.
    here: PathBuf,
    directory: PathBuf,
    company: Option<String>,
    on: Date,
    /// Whether the day was named.
    on_was_said: bool,
    /// The real day, whatever was named.
    today: Date,
    /// The language that was named, else that of the settings as soon as they are read.
    language: Cell<Option<Language>>,
    /// Whether somebody sees what goes on meanwhile.
    watched: bool,
    /// Whether the process goes on after this, and needs its memory again.
    lasting: bool,
    out: Look,
    err: Look,
    /// What earlier runs left, unless there shall be nothing.
    cache: cache::Caching,
}

impl Context {
    /// A library for what this run reads.
    fn library(&self) -> Library {
        Library::with(self.cache.ask())
    }

    /// Fails as without the cache, if a text could not be read that it stood for.
    fn whole(&self) -> Result<(), Failure> {
        self.cache.missed().map_or(Ok(()), |why| Err(Failure::world(why)))
    }

    /// Lets go of what was read. The end of the process frees it sooner than anybody else does.
    fn let_go(&self, library: Library) {
        if self.lasting {
            library.let_go();
        } else {
            std::mem::forget(library);
        }
    }

    /// The same once more.
    fn copied(&self) -> Self {
        Self {
            here: self.here.clone(),
            directory: self.directory.clone(),
            company: self.company.clone(),
            language: self.language.clone(),
            cache: self.cache.clone(),
            ..*self
        }
    }

    /// ` on DATE`, unless the answer is about today and nobody named a day.
    fn when(&self, on: Date) -> Text {
        if self.on_was_said || on != self.on { say!(" on {on}", on) } else { Text::default() }
    }
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    heed_no_limit_of_files();
    let parsed = arguments().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let context = match context(&cli.global) {
        Ok(context) => context,
        Err(failure) => return report(&failure, Look::PLAIN),
    };
    let outcome = match &cli.command {
        Command::Check(command) => check::run(command, &context),
        Command::Why(command) => why::run(command, &context),
        Command::Can(command) => can::run(command, &context),
        Command::Who(command) => who::run(command, &context),
        Command::What(command) => what::run(command, &context),
        Command::Diff(command) => diff::run(command, &context),
        Command::Reviewers(command) => reviewers::run(command, &context),
        Command::Log(command) => log::run(command, &context),
        Command::Matrix(command) => matrix::run(command, &context),
        Command::MergeCheck(command) => merge_check::run(command, &context),
        Command::Upcoming(command) => upcoming::run(command, &context),
        Command::Plan(command) => plan::run(command, &context),
        Command::Apply(command) => apply::run(command, &context),
        Command::Audit(command) => audit::run(command, &context),
        Command::History(command) => history::run(command, &context),
        Command::Pull(command) => pull::run(command, &context),
        Command::Connect(command) => connect::connect(command, &context),
        Command::Disconnect(command) => connect::disconnect(command, &context),
        Command::Handover(command) => connect::handover(command, &context),
        Command::Backup(command) => copies::backup(command, &context),
        Command::Restore(command) => copies::restore(command, &context),
        Command::Online(command) => online::run(command, &context),
        Command::Invite(command) => invite::run(command, &context),
        Command::Sync(command) => sync::run(command, &context),
        Command::Status(command) => status::run(command, &context),
        Command::Doctor(command) => doctor::run(command, &context),
        Command::Rights(command) => rights::run(command, &context),
        Command::Explain(command) => explain::run(command, &context),
        Command::New(command) => new::run(command, &context),
        Command::Init(command) => init::run(command, &context),
        Command::Schema(command) => schema::run(command),
    };
    let code = match context.whole().and(outcome) {
        Ok(outcome) => {
            let code = ExitCode::from(outcome.code);
            if write_out(&outcome.text) { code } else { ExitCode::from(2) }
        }
        Err(failure) => {
            let language = context.language.get().unwrap_or_default();
            report(&failure, Look { language, ..context.err })
        }
    };
    // Whoever waits for the answer has it by now.
    if let Some(note) = context.cache.finish() {
        let mut page = Page::default();
        let look = Look { language: context.language.get().unwrap_or_default(), ..context.err };
        page.text(discreet(&note.into_word(), look.language));
        write_err(&text::print(&page, look));
    }
    code
}

/// What the program takes. Where a day means nothing, nobody is offered to name one, though it is understood and refused.
fn arguments() -> clap::Command {
    // An option of the command itself stands for that of all commands, and its value goes where that one's goes.
    let timeless = |command: clap::Command| {
        command.arg(Arg::new("on").long("on").value_name("DATE").value_parser(read_date).hide(true))
    };
    Cli::command()
        .mut_subcommand("audit", |audit| timeless(audit).mut_subcommand("verify", timeless))
        .mut_subcommand("history", timeless)
}

/// Prints help as it is, and complaints as all others are, but always in English.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let mut page = Page::default();
    for line in masked(&error.render().to_string()).lines() {
        let words = line.trim_start();
        page.item(line.len() - words.len(), words);
    }
    write_err(&text::print(&page, Look { width: width(std::io::stderr().is_terminal()), ..Look::PLAIN }));
    ExitCode::from(2)
}

fn context(global: &Global) -> Result<Context, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::world(format!("cannot find the current directory: {error}")))?;
    let directory = global.directory.as_ref().map_or(here.clone(), |directory| here.join(directory));
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok(Context {
        cache: cache::find(&directory),
        here,
        directory,
        company: global.company.clone(),
        on: global.on.unwrap_or(today),
        on_was_said: global.on.is_some(),
        today,
        language: Cell::new(global.lang),
        watched: std::io::stderr().is_terminal(),
        lasting: false,
        out: look(global, std::io::stdout().is_terminal(), anstream::AutoStream::choice(&std::io::stdout())),
        err: look(global, std::io::stderr().is_terminal(), anstream::AutoStream::choice(&std::io::stderr())),
    })
}

/// How wide and how colourful an output may be. What is not a terminal gets 80 columns.
fn look(global: &Global, terminal: bool, choice: anstream::ColorChoice) -> Look {
    let colour = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => choice != anstream::ColorChoice::Never,
    };
    Look { colour, width: width(terminal), language: global.lang.unwrap_or_default() }
}

fn width(terminal: bool) -> usize {
    let width = terminal_size::terminal_size().filter(|_| terminal).map_or(80, |(width, _)| usize::from(width.0));
    width.clamp(40, 100)
}

/// Writes everything at once; a reader that has gone away is no failure.
fn write_out(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    was_written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn was_written(written: std::io::Result<()>) -> bool {
    match written {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => true,
        Err(error) => {
            write_err(&format!("error: cannot write the output: {error}\n"));
            false
        }
    }
}

fn write_err(text: &str) {
    // There is nobody left to tell if this fails.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn report(failure: &Failure, look: Look) -> ExitCode {
    let mut page = Page::default();
    if !failure.message.is_empty() {
        let message = discreet(&failure.message, look.language);
        page.text(Line::new().then(Tone::No, say!("error")).then(Tone::Plain, ": ").then(Tone::Plain, message));
    }
    if !failure.help.is_empty() {
        let word = say!("help");
        let hang = 3 + word.to(look.language).chars().count();
        let help = discreet(&failure.help, look.language);
        let line = Line::new().then(Tone::Quiet, word).then(Tone::Plain, ": ").then(Tone::Plain, help);
        page.0.push(Block::Text { line, indent: 1, hang });
    }
    // What stands before the message is laid out already, an address in one line.
    let before: String = failure.before.split_inclusive('\n').map(masked).collect();
    write_err(&(before + &text::print(&page, look)));
    ExitCode::from(failure.code)
}

/// A path for people.
fn shown(path: &std::path::Path) -> String {
    harmless(&path.display().to_string()).into_owned()
}

/// A file that may not grow any more is an error of the write, which is told; the signal would end the program without a
/// word.
fn heed_no_limit_of_files() {
    #[cfg(unix)]
    {
        let nobody_looks = std::sync::Arc::default();
        // Where that cannot be had the program ends as it would have.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, nobody_looks);
    }
}
