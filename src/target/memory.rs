//! A target in memory, for tests and for trying a plan out.

use std::path::Path;

use crate::audit::{self, Entry, Head, Remembered};
use crate::online::{self, Moment, Register};
use crate::plan::{Base, Plan, Reading, Step, digest};
use crate::state::{Kind, State};

use super::register::applied;
use super::{Alter, Declared, End, Receipt, Registered, Run, Target, TargetError};

/// A state, and the record of the runs that wrote it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    reading: Reading,
    record: Vec<Entry>,
    register: Register,
    now: Moment,
}

impl Memory {
    /// A target that says something, and remembers what the last apply wrote.
    pub fn of(actual: State, base: Option<Base>) -> Self {
        Self { reading: Reading { actual, base, ..Reading::default() }, ..Self::default() }
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: u32) {
        self.now = self.now.later(seconds);
    }
}

impl Target for Memory {
    fn read(&mut self) -> Result<Reading, TargetError> {
        Ok(self.reading.clone())
    }

    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        self.is_served(run)?;
        if digest(&self.reading) != plan.seen {
            return Err(TargetError::Stale);
        }
        let base = Some(plan.remembered());
        if plan.is_empty() && self.reading.base == base {
            return Ok(Receipt { applied: 0, end: None });
        }
        let mut actual = self.reading.actual.clone();
        actual
            .facts
            .retain(|key, _| !plan.steps.iter().any(|step| matches!(step, Step::Clear(stray, _) if stray == key)));
        let mut facts = actual.with_users_renamed(&plan.renames()).facts;
        for step in &plan.steps {
            match step {
                Step::Clear(..) | Step::RenameUser { .. } | Step::Project => {}
                Step::Delete(key) => drop(facts.remove(key)),
                Step::Insert(key, fact) | Step::Update(key, fact) => drop(facts.insert(key.clone(), fact.clone())),
            }
        }
        let actual = State { facts };
        for step in &plan.steps {
            if let Step::RenameUser { from, to } = step {
                self.register = std::mem::take(&mut self.register).renamed(from, to);
            }
        }
        if actual != plan.after {
            return Err(TargetError::Unfaithful("the state in memory".to_owned()));
        }
        let (head, number) = self.end();
        let after = plan.remembered();
        let remembered = Remembered { before: self.reading.base.as_ref(), after: &after };
        self.record.extend(audit::entries(plan, run, number + 1, &head, remembered));
        self.reading = Reading { actual, base, ..Reading::default() };
        if run.fence.is_none() && run.revision.is_some() {
            self.register.service.by_hand.clone_from(&run.revision);
        }
        if run.fence.is_some() {
            self.register = applied(plan, run, self.now).written(&self.register);
        }
        Ok(Receipt { applied: plan.changes.len(), end: self.last() })
    }

    fn record_failure(&mut self, run: &Run, error: &str) -> Result<Option<End>, TargetError> {
        self.is_served(run)?;
        let (head, number) = self.end();
        self.record.push(audit::failure(run, error, number + 1, &head));
        Ok(self.last())
    }

    fn identity(&mut self) -> Result<Option<String>, TargetError> {
        Ok(None)
    }

    fn audit(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError> {
        self.record.iter().cloned().for_each(each);
        Ok(())
    }

    fn register(&mut self) -> Result<Registered, TargetError> {
        Ok(Some((self.register.clone(), self.now)))
    }

    fn alter(&mut self, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError> {
        self.is_served(run)?;
        let Some(altered) = alter(&self.register, self.now) else { return Ok(None) };
        let mut differences = self.register.differences(&altered.register);
        self.register = altered.register;
        if altered.declared == Declared::Goes {
            let gone = self.reading.actual.facts.iter().filter(|(key, _)| key.kind() != Kind::Company);
            differences.extend(gone.map(|(key, fact)| online::Entry::gone(key, fact)));
            self.reading.base = None;
            self.reading.actual.facts.retain(|key, _| key.kind() == Kind::Company);
        }
        let applied = differences.len();
        if run.deed.is_none() {
            return Ok(Some(Receipt { applied, end: None }));
        }
        let (head, number) = self.end();
        self.record.extend(audit::deed(run, &differences, None, number + 1, &head));
        Ok(Some(Receipt { applied, end: self.last() }))
    }

    fn backup(&mut self, to: &Path) -> Result<(), TargetError> {
        Err(TargetError::NoCopy(to.display().to_string()))
    }

    fn restore(&mut self, from: &Path, _run: &Run) -> Result<Receipt, TargetError> {
        Err(TargetError::NoCopy(from.display().to_string()))
    }
}

impl Memory {
    fn last(&self) -> Option<End> {
        let (head, run) = self.end();
        head.hash.map(|head| End { run, head, database: None })
    }

    /// Refuses whoever has not the lease of the service any more.
    fn is_served(&self, run: &Run) -> Result<(), TargetError> {
        let holds = run.fence.is_none_or(|fence| self.register.service.holds(fence, self.now));
        if holds { Ok(()) } else { Err(TargetError::Overtaken) }
    }

    /// The end of the record, and the number of the last run.
    fn end(&self) -> (Head, i64) {
        self.record.last().map(|entry| (entry.head(), entry.run)).unwrap_or_default()
    }
}
