//! What a new repository was given.

use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;

/// `rightful init --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct InitOut {
    /// The version of this format.
    pub version: u32,
    /// The files that were written.
    pub written: Vec<String>,
}

/// What was written.
pub fn init(written: &[&str]) -> InitOut {
    InitOut { version: VERSION, written: written.iter().map(ToString::to_string).collect() }
}
