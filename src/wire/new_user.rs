//! What was written for a new user.

use schemars::JsonSchema;
use serde::Serialize;

use crate::edit::Edited;
use crate::name::Name;

use super::VERSION;

/// Lines that were added.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddedOut {
    /// The file.
    pub file: String,
    /// The first of the new lines, or the line that was added to; from 1.
    pub line: usize,
    /// What was added.
    pub text: String,
}

/// `rightful new user NAME --like OTHER --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewUserOut {
    /// The version of this format.
    pub version: u32,
    /// The new user.
    pub user: String,
    /// Whom the user is like.
    pub like: String,
    /// What was added, in the order of files and lines.
    pub added: Vec<AddedOut>,
}

/// What was written.
pub fn new_user(user: &Name, like: &Name, edited: &[Edited]) -> NewUserOut {
    let added = edited.iter().flat_map(|edit| {
        edit.added.iter().map(|(line, text)| AddedOut { file: edit.path.clone(), line: *line, text: text.clone() })
    });
    NewUserOut { version: VERSION, user: user.to_string(), like: like.to_string(), added: added.collect() }
}
