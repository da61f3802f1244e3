//! `rightful init`

use std::fs;
use std::path::Path;

use clap::Args;

use crate::report::block::{Line, Page, Tone};
use crate::report::text;
use crate::say;
use crate::wire;

use super::session::Failure;
use super::{Context, Format, Outcome};

/// Start a policy repository
///
/// Writes the settings, a small example policy that checks clean, the schemas
/// for editors, and pipelines for GitHub and GitLab that check every change
/// and show in a comment what it does to people; the latter need the steps of
/// examples/github and examples/gitlab once. Never overwrites: if one of the
/// files is there already, nothing is written.
///
/// Examples:
///   rightful init
///   rightful init -C crm-access --lang de
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Init {
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The folders that are made, outer ones first.
const FOLDERS: [&str; 5] = ["policies", "schema", ".github", ".github/workflows", ".gitlab"];

/// What git leaves alone.
const IGNORE: &str = ".gitignore";

/// A file of the examples, which are the one source of the pipelines.
macro_rules! pipeline {
    ($path:literal) => {
        include_str!(concat!("../../examples/", $path)).to_owned()
    };
}

pub fn run(command: &Init, context: &Context) -> Result<Outcome, Failure> {
    let language = context.out.language;
    let settings =
        include_str!("init/rightful.yaml").replace("language: en ", &format!("language: {} ", language.code()));
    let files: [(&str, String); 10] = [
        ("rightful.yaml", settings),
        ("policies/people.yaml", include_str!("init/people.yaml").to_owned()),
        ("policies/groups.yaml", include_str!("init/groups.yaml").to_owned()),
        ("schema/policy.json", wire::to_text(&wire::policy_schema())),
        ("schema/settings.json", wire::to_text(&wire::settings_schema())),
        (".github/workflows/rightful.yml", pipeline!("github/.github/workflows/rightful.yml")),
        (".github/workflows/rightful-comment.yml", pipeline!("github/.github/workflows/rightful-comment.yml")),
        (".github/rightful-comment.sh", pipeline!("github/.github/rightful-comment.sh")),
        (".gitlab-ci.yml", pipeline!("gitlab/.gitlab-ci.yml")),
        (".gitlab/rightful-note.sh", pipeline!("gitlab/.gitlab/rightful-note.sh")),
    ];
    let root = &context.directory;
    // Whoever has one knows better what git shall leave alone.
    let ignored = fs::symlink_metadata(root.join(IGNORE)).is_err().then(|| include_str!("init/gitignore").to_owned());
    let files: Vec<(&str, String)> = files.into_iter().chain(ignored.map(|text| (IGNORE, text))).collect();
    let is_there = |path: &str| fs::symlink_metadata(root.join(path)).is_ok();
    // A folder that is a link would lead elsewhere.
    let is_link = |path: &str| fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_symlink());
    let mut taken: Vec<&str> = files.iter().map(|(path, _)| *path).filter(|path| is_there(path)).collect();
    taken.extend(FOLDERS.into_iter().filter(|path| is_link(path) || (*path == "policies" && is_there(path))));
    if !taken.is_empty() {
        return Err(Failure::world(say!(
            "nothing was written, since this is here already: {files}",
            files = taken.join(", ")
        ))
        .help(say!("start in an empty directory, or add to the policies that there are")));
    }
    let made: Vec<&str> = FOLDERS.into_iter().filter(|path| !is_there(path)).collect();
    let mut written = Vec::new();
    for (path, text) in &files {
        if let Err(error) = write(&root.join(path), text) {
            // What was begun is taken back, so that a second try finds an empty place.
            for path in written.iter().chain([path]) {
                let _ = fs::remove_file(root.join(path));
            }
            for folder in made.iter().rev() {
                let _ = fs::remove_dir(root.join(folder));
            }
            return Err(
                Failure::world(say!("cannot write {path}: {error}", path, error)).help(say!("nothing was left behind"))
            );
        }
        written.push(*path);
    }
    if command.format == Format::Json {
        return Ok(Outcome::new(wire::to_text(&wire::init(&written)), 0));
    }
    let mut page = Page::default();
    page.text(Line::new().then(Tone::Yes, say!("written")));
    page.table(2, written.iter().map(|path| vec![Line::from(*path)]).collect());
    page.blank();
    page.text(say!("next: `rightful check`, then put your own people and groups into policies/"));
    Ok(Outcome::new(text::print(&page, context.out), 0))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
