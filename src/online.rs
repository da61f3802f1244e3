//! Online access: who may have it, who was invited, and who connected the company.
//!
//! Takes a policy, what the database remembers of online access, and the moment by the database's clock; says what the
//! database shall remember from then on, or why not. Never reads or writes anything itself.

mod connection;
mod delivery;
mod eligible;
mod health;
mod invitation;
mod letter;
mod machine;
mod moment;
mod register;
mod terms;

pub use connection::{
    connect, connected, disconnect, handover, in_charge, licence_allows, may_administer, nobody_works, not_connected,
    stays_in_charge,
};
pub use delivery::{Due, due, posted, prepare, unposted};
pub use eligible::{Person, Places, Status, people, places};
pub use health::{Check, Examined, Overview, Seen, Stand, Stuck, Verdict, examine, stuck};
pub use invitation::{Presented, Settled, accept, keeps_addresses, lock, resend, revoke, settle, unlock};
pub use letter::{Letter, letter};
pub use machine::{Asking, Duty, Logged, Outcome, Service, Stood, Waiting, beat, duty, give_up, logged};
pub use moment::Moment;
pub use register::{
    Connection, Entry, Invitation, Limits, Login, Mail, Register, Session, SessionKind, Standing, State,
};
pub use terms::Terms;

use crate::language::Text;

/// Why something is not done: whoever asked has to do something else first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The fact.
    pub message: Text,
    /// What to do; may be empty.
    pub help: Text,
}

impl Refused {
    /// A refusal, and what to do.
    pub fn new(message: Text, help: Text) -> Self {
        Self { message, help }
    }
}
