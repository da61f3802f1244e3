//! The register of online access as rows of tables, and back.

use std::collections::BTreeSet;

use crate::audit::Run;
use crate::name::Name;
use crate::online::{
    Connection, Invitation, Limits, Logged, Login, Mail, Moment, Outcome, Register, Service, Session, SessionKind,
    Standing, State, Waiting,
};
use crate::plan::Plan;

use super::rows::Senseless;
use super::tables::{Cell, REGISTER, Row, Seen, Table};
use super::writes::Changes;

/// The tables of the register with their rows, in the order of [`REGISTER`].
pub fn rows(register: &Register) -> [Vec<Row>; REGISTER.len()] {
    let moment = |moment: Option<Moment>| Cell::of(moment);
    let Connection { state, responsible, since, exclusive_until } = &register.connection;
    let connection = vec![
        Cell::Number(1),
        Cell::of(Some(state.as_str())),
        Cell::of(responsible.as_ref()),
        moment(*since),
        moment(*exclusive_until),
    ];
    let session = |(id, session): (&String, &Session)| {
        let (kind, who) = (session.kind.as_str(), &session.who);
        vec![
            Cell::of(Some(id)),
            Cell::of(Some(kind)),
            Cell::of(Some(who)),
            moment(Some(session.since)),
            moment(Some(session.until)),
        ]
    };
    let invitation = |(user, one): (&Name, &Invitation)| {
        vec![
            Cell::of(Some(user)),
            Cell::of(Some(&one.email)),
            Cell::of(Some(one.standing.as_str())),
            Cell::of(Some(&one.message_id)),
            Cell::of(one.token_hash.as_ref()),
            moment(Some(one.invited_at)),
            moment(Some(one.expires_at)),
            moment(one.answered_at),
            Cell::of(Some(if one.mail.is_sent { "sent" } else { "due" })),
            Cell::Number(one.mail.attempts.into()),
            moment(one.mail.next_at),
            Cell::of(one.mail.error.as_ref()),
        ]
    };
    let login = |(user, login): (&Name, &Login)| {
        vec![
            Cell::of(Some(user)),
            Cell::of(Some(&login.email)),
            moment(Some(login.since)),
            Cell::Number(login.failed_logins.into()),
            moment(login.locked_at),
            moment(login.closed_at),
        ]
    };
    [
        vec![connection],
        register.sessions.iter().map(session).collect(),
        register.invitations.iter().map(invitation).collect(),
        register.logins.iter().map(login).collect(),
        vec![vec![
            Cell::Number(1),
            Cell::Number(register.limits.idle_logout.into()),
            Cell::Number(register.limits.failed_logins.into()),
        ]],
        register.services.iter().map(|(user, service)| vec![Cell::of(Some(user)), Cell::of(Some(service))]).collect(),
        vec![of_service(&register.service)],
        register.machines.iter().map(|(name, seen)| vec![Cell::of(Some(name)), Cell::of(Some(seen))]).collect(),
        register.log.iter().map(of_line).collect(),
    ]
}

/// The line that an apply of the service leaves in its log.
pub fn applied(plan: &Plan, run: &Run, now: Moment) -> Logged {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Logged {
        at: now,
        machine: run.machine.clone().unwrap_or_default(),
        outcome: Outcome::Ok,
        changes: number(plan.changes.len()),
        conflicts: number(plan.conflicts.len()),
        revision: run.revision.clone(),
        waits: None,
    }
}

/// The row of the service.
pub fn of_service(service: &Service) -> Row {
    vec![
        Cell::Number(1),
        Cell::Number(service.fence),
        Cell::of(service.machine.as_ref()),
        Cell::of(service.process.as_ref()),
        Cell::of(service.since),
        Cell::of(service.until),
        Cell::of(service.next_at),
        Cell::of(service.revision.as_ref()),
        Cell::of(service.accepted.as_ref()),
        Cell::of(service.by_hand.as_ref()),
        Cell::of(service.kept.as_ref()),
    ]
}

fn of_line((number, line): (&i64, &Logged)) -> Row {
    let (outcome, error, help) = match &line.outcome {
        Outcome::Ok => ("ok", None, None),
        Outcome::Error(error, help) => ("error", Some(error), help.as_ref()),
    };
    let waits = line.waits.as_ref();
    vec![
        Cell::Number(*number),
        Cell::of(Some(line.at)),
        Cell::of(Some(&line.machine)),
        Cell::of(Some(outcome)),
        Cell::of(error),
        Cell::Number(line.changes.into()),
        Cell::Number(line.conflicts.into()),
        Cell::of(line.revision.as_ref()),
        Cell::of(help),
        Cell::Number(waits.map_or(0, |waits| waits.changes.into())),
        Cell::of(waits.and_then(|waits| waits.branch.as_ref())),
        Cell::of(waits.and_then(|waits| waits.alarm.as_ref())),
    ]
}

/// Takes one row of a table of the register up.
///
/// # Errors
/// If it makes no sense.
pub fn into_register(register: &mut Register, table: &Table, row: &[Seen<'_>]) -> Result<(), Senseless> {
    let row = Reader { row, table: table.name };
    match table.name {
        "connection" => {
            register.connection = Connection {
                state: row.word(1, State::of_word)?,
                responsible: row.optional(2).map(Name::foreign),
                since: row.optional_moment(3)?,
                exclusive_until: row.optional_moment(4)?,
            };
        }
        "sessions" => {
            let session = Session {
                kind: row.word(1, SessionKind::of_word)?,
                who: row.text(2)?.to_owned(),
                since: row.moment(3)?,
                until: row.moment(4)?,
            };
            register.sessions.insert(row.text(0)?.to_owned(), session);
        }
        "invitations" => {
            let mail = Mail {
                is_sent: row.text(8)? == "sent",
                attempts: row.number(9)?,
                next_at: row.optional_moment(10)?,
                error: row.optional(11).map(str::to_owned),
            };
            let invitation = Invitation {
                email: row.text(1)?.to_owned(),
                standing: row.word(2, Standing::of_word)?,
                message_id: row.text(3)?.to_owned(),
                token_hash: row.optional(4).map(str::to_owned),
                invited_at: row.moment(5)?,
                expires_at: row.moment(6)?,
                answered_at: row.optional_moment(7)?,
                mail,
            };
            register.invitations.insert(Name::foreign(row.text(0)?), invitation);
        }
        "logins" => {
            let login = Login {
                email: row.text(1)?.to_owned(),
                since: row.moment(2)?,
                failed_logins: row.number(3)?,
                locked_at: row.optional_moment(4)?,
                closed_at: row.optional_moment(5)?,
            };
            register.logins.insert(Name::foreign(row.text(0)?), login);
        }
        "online_services" => {
            register.services.insert((Name::foreign(row.text(0)?), row.text(1)?.to_owned()));
        }
        "service" => {
            let text = |column| row.optional(column).map(str::to_owned);
            register.service = Service {
                fence: row.wide(1)?,
                machine: text(2),
                process: text(3),
                since: row.optional_moment(4)?,
                until: row.optional_moment(5)?,
                next_at: row.optional_moment(6)?,
                revision: text(7),
                accepted: text(8),
                by_hand: text(9),
                kept: text(10),
            };
        }
        "machines" => drop(register.machines.insert(row.text(0)?.to_owned(), row.moment(1)?)),
        "sync_runs" => {
            let text = |column| row.optional(column).map(str::to_owned);
            let outcome = match row.text(3)? {
                "ok" => Outcome::Ok,
                _ => Outcome::Error(text(4).unwrap_or_default(), text(8)),
            };
            let changes = row.number(9)?;
            let line = Logged {
                at: row.moment(1)?,
                machine: row.text(2)?.to_owned(),
                outcome,
                changes: row.number(5)?,
                conflicts: row.number(6)?,
                revision: text(7),
                waits: (changes > 0).then(|| Waiting { changes, branch: text(10), alarm: text(11) }),
            };
            register.log.insert(row.wide(0)?, line);
        }
        _ => register.limits = Limits { idle_logout: row.number(1)?, failed_logins: row.number(2)? },
    }
    Ok(())
}

/// What must be written of each table for the register to say something else.
pub fn between(before: &Register, after: &Register) -> [(&'static Table, Changes); REGISTER.len()] {
    let mut pairs = rows(before).into_iter().zip(rows(after));
    REGISTER.map(|table| {
        let (before, after) = pairs.next().unwrap_or_default();
        let known: BTreeSet<Row> = before.iter().cloned().collect();
        let keys: BTreeSet<Row> = before.iter().map(|row| table.key_of(row)).collect();
        let kept: BTreeSet<Row> = after.iter().map(|row| table.key_of(row)).collect();
        let (updates, inserts) = after.into_iter().partition(|row| keys.contains(&table.key_of(row)));
        let updates: Vec<Row> = updates;
        let updates = updates.into_iter().filter(|row| !known.contains(row)).collect();
        (table, Changes { deletes: keys.difference(&kept).cloned().collect(), updates, inserts })
    })
}

/// The cells of one row, as what they must be.
struct Reader<'r> {
    row: &'r [Seen<'r>],
    table: &'static str,
}

impl<'r> Reader<'r> {
    fn wrong(&self, what: &str) -> Senseless {
        format!("a row of `{}` {what}", self.table)
    }

    fn optional(&self, column: usize) -> Option<&'r str> {
        self.row[column].text()
    }

    fn text(&self, column: usize) -> Result<&'r str, Senseless> {
        self.optional(column).ok_or_else(|| self.wrong("that lacks a text"))
    }

    fn word<T>(&self, column: usize, of_word: fn(&str) -> Option<T>) -> Result<T, Senseless> {
        let word = self.text(column)?;
        of_word(word).ok_or_else(|| self.wrong(&format!("that says `{word}`, which means nothing")))
    }

    fn wide(&self, column: usize) -> Result<i64, Senseless> {
        match self.row[column] {
            Seen::Number(number) => Ok(number),
            _ => Err(self.wrong("that lacks a number")),
        }
    }

    fn number(&self, column: usize) -> Result<u32, Senseless> {
        u32::try_from(self.wide(column)?).map_err(|_| self.wrong("with a number that is too large or too small"))
    }

    fn moment(&self, column: usize) -> Result<Moment, Senseless> {
        let text = self.text(column)?;
        Moment::parse(text).ok_or_else(|| self.wrong(&format!("with `{text}`, which is no moment")))
    }

    fn optional_moment(&self, column: usize) -> Result<Option<Moment>, Senseless> {
        self.optional(column).map(|_| self.moment(column)).transpose()
    }
}
