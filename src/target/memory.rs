//! A target in memory, for tests and for trying a plan out.

use crate::plan::{Plan, Reading, Step, as_base, digest};
use crate::state::State;

use super::{Receipt, Run, Target, TargetError};

/// A state, and how many runs wrote it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    reading: Reading,
    runs: i64,
}

impl Target for Memory {
    fn read(&mut self) -> Result<Reading, TargetError> {
        Ok(self.reading.clone())
    }

    fn apply(&mut self, plan: &Plan, _run: &Run) -> Result<Receipt, TargetError> {
        if digest(&self.reading) != plan.seen {
            return Err(TargetError::Stale);
        }
        let base = Some(as_base(&plan.after));
        if plan.is_empty() && self.reading.base == base {
            return Ok(Receipt { applied: 0, run: None });
        }
        let mut facts = self.reading.actual.facts.clone();
        for step in &plan.steps {
            match step {
                Step::RenameUser { from, to } => {
                    facts = facts.into_iter().map(|(key, fact)| (key.with_user_renamed(from, to), fact)).collect();
                }
                Step::Delete(key) => drop(facts.remove(key)),
                Step::Insert(key, fact) | Step::Update(key, fact) => drop(facts.insert(key.clone(), fact.clone())),
            }
        }
        let actual = State { facts };
        if actual != plan.after {
            return Err(TargetError::Unfaithful("the state in memory".to_owned()));
        }
        self.reading = Reading { actual, base };
        self.runs += 1;
        Ok(Receipt { applied: plan.changes.len(), run: Some(self.runs) })
    }
}
