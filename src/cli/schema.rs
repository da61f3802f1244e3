//! `rightful schema`

use clap::{Args, ValueEnum};

use crate::wire;

use super::Outcome;
use super::session::Failure;

/// Print the JSON Schema of policy files, for editors
///
/// With it an editor completes sections, fields and rights, and underlines
/// what is wrong while you type. Put a first line into each policy file:
///
///   # yaml-language-server: $schema=../schema/policy.json
///
/// Examples:
///   rightful schema > schema/policy.json
///   rightful schema settings > schema/settings.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Schema {
    /// Of which file
    #[arg(value_name = "FILE", default_value = "policy")]
    file: File,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    /// The files below policies/
    Policy,
    /// rightful.yaml
    Settings,
}

pub fn run(command: &Schema) -> Result<Outcome, Failure> {
    let schema = match command.file {
        File::Policy => wire::policy_schema(),
        File::Settings => wire::settings_schema(),
    };
    Ok(Outcome::new(wire::to_text(&schema), 0))
}
