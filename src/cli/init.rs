//! `rightful init`

use std::fs;
use std::path::Path;

use clap::Args;

use crate::report::block::{Line, Page, Tone};
use crate::report::text;
use crate::say;
use crate::wire;

use super::session::Failure;
use super::{Context, Outcome};

/// Start a policy repository
///
/// Writes the settings, a small example policy that checks clean, the schemas
/// for editors, and pipelines for GitHub and GitLab that check every change
/// and show what it does to people. Never overwrites: if one of the files is
/// there already, nothing is written.
///
/// Examples:
///   rightful init
///   rightful init -C crm-access --lang de
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Init {}

pub fn run(_: &Init, context: &Context) -> Result<Outcome, Failure> {
    let language = context.out.language;
    let settings =
        include_str!("init/rightful.yaml").replace("language: en ", &format!("language: {} ", language.code()));
    let files: [(&str, String); 7] = [
        ("rightful.yaml", settings),
        ("policies/people.yaml", include_str!("init/people.yaml").to_owned()),
        ("policies/groups.yaml", include_str!("init/groups.yaml").to_owned()),
        ("schema/policy.json", wire::to_text(&wire::policy_schema())),
        ("schema/settings.json", wire::to_text(&wire::settings_schema())),
        (".github/workflows/rightful.yml", include_str!("init/github.yml").to_owned()),
        (".gitlab-ci.yml", include_str!("init/gitlab.yml").to_owned()),
    ];
    let root = &context.directory;
    let there = |path: &&str| fs::symlink_metadata(root.join(path)).is_ok();
    let taken: Vec<&str> = ["policies"].into_iter().chain(files.iter().map(|(path, _)| *path)).filter(there).collect();
    let taken: Vec<&str> = taken.into_iter().filter(|path| !path.starts_with("policies/")).collect();
    if !taken.is_empty() {
        return Err(Failure::world(format!("nothing was written, since this is here already: {}", taken.join(", ")))
            .help("start in an empty directory, or add to the policies that there are"));
    }
    let mut written = Vec::new();
    for (path, text) in &files {
        if let Err(error) = write(&root.join(path), text) {
            // What was begun is taken back, so that a second try finds an empty place.
            for path in &written {
                let _ = fs::remove_file(root.join(path));
            }
            let _ = fs::remove_file(root.join(path));
            return Err(Failure::world(format!("cannot write {path}: {error}")).help("nothing was left behind"));
        }
        written.push(*path);
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
