//! Section `attachments`: classes of files that are locked.

use crate::say;

use super::fields::Reader;
use super::yaml::Node;

/// A class of attachments.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// Patterns of base names, `*` for any characters and `?` for one.
    pub patterns: Vec<Box<str>>,
}

/// Reads one class.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Attachment {
    let items = reader.list(node, say!("patterns"));
    Attachment { patterns: items.iter().filter_map(|item| reader.text(item)).collect() }
}
