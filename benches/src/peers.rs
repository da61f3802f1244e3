//! Other engines, each with the best way that was found to tell it an organisation.

mod plain;
mod scoped;

pub use plain::PLAIN_PEERS;
pub use scoped::SCOPED_PEERS;
