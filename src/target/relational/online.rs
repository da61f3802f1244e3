//! Online access in a database: the register is read and changed, and goes along when an account is renamed. The same in
//! every engine.

use crate::audit::{self, Run};
use crate::online::{Entry, Moment, Register};
use crate::plan::{Base, Plan, Step, digest_of_base};
use crate::state::{Kind, State};
use crate::target::crm::Renames;
use crate::target::tables::{AUDIT, Declares, LAST_APPLIED, REGISTER, Row};
use crate::target::{Alter, Declared, End, Receipt, Registered, TargetError, register};

use super::lease::held;
use super::record::row;
use super::{Access, CHAINED, Engine, attempt, id, next, put, reading, service, transaction};

/// The first version that has the register of online access.
const REGISTERED: usize = 5;

/// What is remembered of online access, and the moment by the database's clock.
pub fn register(engine: &mut dyn Engine) -> Result<Registered, TargetError> {
    if engine.is_absent() {
        return Ok(None);
    }
    engine.begin(Access::Read)?;
    let found = engine.version().and_then(|version| known(engine, version));
    engine.rollback();
    found
}

/// The same in a transaction that is open already.
pub(super) fn known(engine: &mut dyn Engine, version: usize) -> Result<Registered, TargetError> {
    if version < CHAINED {
        return Ok(None);
    }
    let now = moment(&engine.lock(Access::Read)?.1)?;
    let register = if version < REGISTERED { Register::default() } else { registered(engine, version)? };
    Ok(Some((register, now)))
}

/// Changes the register in one transaction, which whoever applies keeps waiting.
pub fn alter(engine: &mut dyn Engine, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError> {
    attempt(engine, |engine| {
        transaction(engine, |engine| {
            let version = engine.version()?;
            if version < engine.newest() {
                engine.migrate(version)?;
            }
            engine.confirm()?;
            let (lock, now) = engine.lock(Access::Write)?;
            let stands = held(&lock, &now).filter(|holder| run.deed.is_some() && !service::outlived(run, holder));
            if let Some(holder) = stands {
                return Err(TargetError::Locked { holder: Some(holder) });
            }
            let newest = engine.newest();
            service::is_served(engine, newest, run)?;
            let before = registered(engine, newest)?;
            let Some(altered) = alter(&before, moment(&now)?) else { return Ok(None) };
            write_register(engine, &before, &altered.register)?;
            let mut differences = before.differences(&altered.register);
            if altered.declared == Declared::Goes {
                let newest = engine.newest();
                let facts = reading(engine, newest)?.actual.facts;
                let gone = facts.iter().filter(|(key, _)| key.kind() != Kind::Company);
                differences.extend(gone.map(|(key, fact)| Entry::gone(key, fact)));
                empty_declared(engine)?;
                // A CRM lets nobody in any more either.
                engine.project(&State::default(), &Renames::new(), run)?;
            }
            let applied = differences.len();
            if run.deed.is_none() {
                return Ok(Some(Receipt { applied, end: None }));
            }
            // What the last apply remembered is told again, or else nobody could tell any more whether it was altered.
            let remembered = match altered.declared {
                Declared::Goes => Some(digest_of_base(&Base::default()).to_string()),
                Declared::Stays => engine.last_applied()?.iter().find_map(|body| audit::remembered(body)),
            };
            let (head, number) = engine.last_entry()?;
            next(head.seq, "audit")?;
            let number = next(number, "audit")?;
            let entries = audit::deed(run, &differences, remembered.as_deref(), number, &head);
            let head = entries.last().and_then(|entry| entry.hash.clone());
            engine.insert(&AUDIT, &mut entries.into_iter().map(row))?;
            let newest = engine.newest();
            let database = id(engine, newest)?;
            let end = head.map(|head| End { run: number, head, database });
            Ok(Some(Receipt { applied, end }))
        })
    })
}

pub(super) fn moment(text: &str) -> Result<Moment, TargetError> {
    Moment::parse(text).ok_or_else(|| TargetError::Senseless(format!("`{text}` as the time, which is none")))
}

fn registered(engine: &mut dyn Engine, version: usize) -> Result<Register, TargetError> {
    let mut found = Register::default();
    for table in REGISTER.into_iter().filter(|table| table.since <= version) {
        engine.select(table, &mut |row| register::into_register(&mut found, table, row))?;
    }
    Ok(found)
}

pub(super) fn write_register(engine: &mut dyn Engine, before: &Register, after: &Register) -> Result<(), TargetError> {
    register::between(before, after).into_iter().try_for_each(|(table, changes)| {
        engine.delete(table, &changes.deletes)?;
        put(engine, table, changes)
    })
}

/// What belongs to an account follows its new name.
pub(super) fn rename(engine: &mut dyn Engine, plan: &Plan) -> Result<(), TargetError> {
    let renames = plan.steps.iter().filter_map(|step| match step {
        Step::RenameUser { from, to } => Some((from, to)),
        _ => None,
    });
    let mut renames = renames.peekable();
    if renames.peek().is_none() {
        return Ok(());
    }
    let newest = engine.newest();
    let before = registered(engine, newest)?;
    let after = renames.fold(before.clone(), |register, (from, to)| register.renamed(from, to));
    write_register(engine, &before, &after)
}

/// Empties the tables of what the policy declares, but for what is said of the company, and forgets that it was applied.
fn empty_declared(engine: &mut dyn Engine) -> Result<(), TargetError> {
    let goes = |table: &Declares| !matches!(table, Declares::Company | Declares::Licence | Declares::LicenceServices);
    let tables = Declares::ALL.into_iter().rev().filter(goes).map(Declares::table).chain([&LAST_APPLIED]);
    for table in tables {
        let mut keys = Vec::new();
        engine.select(table, &mut |row| {
            let row: Row = row.iter().map(|seen| seen.kept()).collect();
            keys.push(table.key_of(&row));
            Ok(())
        })?;
        engine.delete(table, &keys)?;
    }
    Ok(())
}
