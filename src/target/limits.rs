//! What of a policy a CRM cannot say: what an apply to it leaves open, by person, and until when it holds.

use crate::date::Date;
use crate::language::Word;
use crate::name::Name;

/// What of a policy a CRM cannot say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// What the CRM is called.
    pub crm: String,
    /// How many people may start the program.
    pub people: usize,
    /// What the policy gives and the CRM has no place for.
    pub nowhere: Vec<Limit>,
    /// What the CRM has only something near to.
    pub nearly: Vec<Limit>,
    /// People whom the CRM has no account for.
    pub missing: Vec<Name>,
    /// People of the policy who may everything in the CRM, whatever the policy says.
    pub unruled: Vec<Name>,
    /// People who may everything in the CRM, and whom the policy does not call superusers: an apply refuses that.
    pub undeclared: Vec<Name>,
    /// Accounts that may everything in the CRM and that the policy does not know.
    pub strangers: Vec<Name>,
    /// Teams with their members, for whom the team's records count as their own.
    pub teams: Vec<(Name, Vec<Name>)>,
    /// The first day on which people may something else, which the CRM is told by the next apply only.
    pub until: Option<Date>,
}

/// Who feels a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concerned {
    /// Those who have the right, and whom the CRM does not give it.
    Holders,
    /// Those who may start the program and have it not, and from whom the CRM does not keep it.
    Others,
}

/// One right or module, and whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The right, with the module where it is about one.
    pub what: String,
    /// Why; empty if nobody said it.
    pub why: Word,
    /// Whether they have the right.
    pub concerns: Concerned,
    /// Whom it concerns.
    pub people: Vec<Name>,
}

impl Limits {
    /// Whether the CRM cannot say all that the policy says.
    pub fn leaves_open(&self) -> bool {
        !(self.nowhere.is_empty() && self.nearly.is_empty() && self.missing.is_empty() && self.unruled.is_empty())
    }
}
