//! What an administrator goes through when synchronisation stopped, in that order, and what to do about each.

use std::collections::BTreeSet;

use crate::language::Text;
use crate::name::Name;
use crate::say;

use super::{Invitation, Moment, Outcome, Places, Refused, Register, Standing, State, Stood, Terms, Waiting};

/// What is looked at, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Whether a machine is there that may synchronise.
    Machine,
    /// Whether the database and the remote repository are reached, and the company is connected.
    Connection,
    /// Whether the service runs.
    Service,
    /// Whether a machine has the lease.
    Lease,
    /// What the newest line of the log says.
    Log,
    /// Whether the database lets the service in.
    Credentials,
    /// Whether letters go.
    Letters,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Fine(Text),
    /// It is not: the fact, and what to do.
    Wrong(Refused),
    /// It cannot be seen from here.
    Unknown(Text),
}

/// How one company stands.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Its database, as people call it.
    pub database: String,
    /// What it remembers.
    pub register: Register,
    /// The moment by its clock.
    pub now: Moment,
    /// How many changes somebody made in it that no policy says, if that is known.
    pub drift: Option<usize>,
    /// The places of the licence, if that is known.
    pub places: Option<Places>,
}

/// A company and how it stands, or why that cannot be seen.
pub type Stand = (Option<Name>, Result<Overview, Refused>);

/// A company and what was found.
pub type Examined = (Option<Name>, Vec<(Check, Verdict)>);

/// What can be seen from here.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The register and the moment, if the database could be read.
    pub register: Option<(&'a Register, Moment)>,
    /// Why there is nothing to ask: no address is known.
    pub unasked: Option<Refused>,
    /// Why there is no database where it should be.
    pub absent: Option<Refused>,
    /// Why the database could not be reached.
    pub unreached: Option<Refused>,
    /// Why it did not let anybody in.
    pub not_let_in: Option<Refused>,
    /// Why the remote repository could not be reached, if there is one.
    pub remote: Option<Refused>,
    /// Why the policy is not applied to a company that is connected.
    pub refused: Option<Refused>,
    /// Whether the process that has the lease is known not to live any more.
    pub is_gone: bool,
    /// What the policy says.
    pub terms: Terms,
    /// The machines that may, in order of preference; none if any may.
    pub machines: &'a [Name],
}

impl Check {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Connection => "connection",
            Self::Service => "service",
            Self::Lease => "lease",
            Self::Log => "log",
            Self::Credentials => "credentials",
            Self::Letters => "letters",
        }
    }
}

/// Goes through everything.
pub fn examine(seen: &Seen<'_>) -> Vec<(Check, Verdict)> {
    let unknown = || Verdict::Unknown(say!("cannot be seen, since the database was not read"));
    let of_register = |look: fn(&Seen<'_>, &Register, Moment) -> Verdict| match seen.register {
        Some((register, now)) => look(seen, register, now),
        None => unknown(),
    };
    vec![
        (Check::Machine, of_register(machine)),
        (Check::Connection, connection(seen)),
        (Check::Service, of_register(service)),
        (Check::Lease, of_register(lease)),
        (Check::Log, of_register(log)),
        (Check::Credentials, credentials(seen)),
        (Check::Letters, of_register(letters)),
    ]
}

fn wrong(message: Text, help: Text) -> Verdict {
    Verdict::Wrong(Refused::new(message, help))
}

fn machine(seen: &Seen<'_>, register: &Register, now: Moment) -> Verdict {
    let serves = register.service.machine.as_ref().filter(|_| register.service.stands(now) == Stood::Runs);
    let is_fresh = |at: &Moment| *at <= now && at.later(seen.terms.take_over_after) > now;
    let fresh = register.machines.iter().filter(|(_, at)| is_fresh(at)).map(|(name, _)| name);
    let mut there: BTreeSet<&str> = fresh.chain(serves).map(String::as_str).collect();
    if let Some(gone) = serves.filter(|_| seen.is_gone) {
        there.remove(gone.as_str());
    }
    let there: Vec<&str> = there.into_iter().collect();
    if !there.is_empty() {
        return Verdict::Fine(say!("ready to synchronise: {machines}", machines = there.join(", ")));
    }
    let help = if seen.machines.is_empty() {
        say!("start `rightful sync` on a machine")
    } else {
        let names: Vec<&str> = seen.machines.iter().map(Name::as_str).collect();
        say!("turn on one of {machines}, and start `rightful sync` there", machines = names.join(", "))
    };
    match register.machines.iter().max_by_key(|(_, at)| **at) {
        Some((name, at)) => wrong(say!("no machine is there; {name} was at {at}", name, at = minute(*at)), help),
        None => wrong(say!("no machine is there"), help),
    }
}

fn connection(seen: &Seen<'_>) -> Verdict {
    if let Some(refused) = seen.unreached.as_ref().or(seen.remote.as_ref()) {
        return Verdict::Wrong(refused.clone());
    }
    if seen.unasked.is_some() {
        return Verdict::Unknown(say!("nothing was asked, since nobody knows where the database is"));
    }
    let Some((register, now)) = seen.register else {
        if seen.not_let_in.is_some() {
            return Verdict::Fine(say!("the server answers"));
        }
        let absent = seen.absent.clone();
        let nothing = || Refused::new(say!("there is no database yet"), say!("`rightful connect` makes it"));
        return Verdict::Wrong(absent.unwrap_or_else(nothing));
    };
    let connection = &register.connection;
    let since = connection.since.map(minute).unwrap_or_default();
    if let Some(until) = connection.exclusive_until.filter(|until| *until > now) {
        return wrong(
            say!("a first synchronisation is going on"),
            say!("wait for it; if it died, its place is free at {until}", until = minute(until)),
        );
    }
    match (connection.state, &seen.refused) {
        (State::Never, _) => wrong(say!("the company is not connected"), say!("`rightful connect` connects it")),
        (State::Disconnected, _) => {
            wrong(say!("the company was disconnected at {since}", since), say!("`rightful connect` connects it again"))
        }
        (State::Connected, Some(refused)) => Verdict::Wrong(refused.clone()),
        (State::Connected, None) => Verdict::Fine(say!("connected since {since}", since)),
    }
}

fn service(seen: &Seen<'_>, register: &Register, now: Moment) -> Verdict {
    let service = &register.service;
    let name = service.machine.clone().unwrap_or_default();
    // From when on it could have written a line.
    let since = service.since.max(register.log.values().next_back().map(|line| line.at));
    match service.stands(now) {
        Stood::Runs if seen.is_gone => wrong(
            say!("its process on {machine} is not there any more", machine = name),
            say!(
                "start `rightful sync` there again, which takes over at once; another machine waits until the lease ends"
            ),
        ),
        Stood::Runs if since.is_some_and(|since| since.later(late(&seen.terms)) < now) => wrong(
            say!(
                "{machine} has the lease, and has ended no run since {since}",
                machine = name,
                since = since.map(minute).unwrap_or_default()
            ),
            say!("look at what `rightful sync` says there; `journalctl -u rightful-sync`"),
        ),
        Stood::Runs => Verdict::Fine(say!("runs on {machine}", machine = name)),
        Stood::Silent => wrong(
            say!("{machine} fell silent, and no other machine took over", machine = name),
            say!("look whether `rightful sync` still runs there; `systemctl status rightful-sync`"),
        ),
        Stood::Stopped => wrong(
            say!("nobody synchronises"),
            say!(
                "start it, for example by `systemctl start rightful-sync`; examples/rightful-sync.service is the unit"
            ),
        ),
    }
}

fn lease(_: &Seen<'_>, register: &Register, now: Moment) -> Verdict {
    let service = &register.service;
    match (&service.machine, service.until) {
        (Some(name), Some(until)) if until > now => Verdict::Fine(say!(
            "{name} has it until {until}, number {fence}",
            name,
            until = minute(until),
            fence = service.fence
        )),
        (Some(name), Some(until)) => wrong(
            say!("that of {name} ended at {until}", name, until = minute(until)),
            say!("the next machine that runs `rightful sync` takes it"),
        ),
        _ => wrong(say!("nobody has it"), say!("the next machine that runs `rightful sync` takes it")),
    }
}

fn log(seen: &Seen<'_>, register: &Register, now: Moment) -> Verdict {
    let Some(line) = register.log.values().next_back() else {
        return wrong(say!("it has no line yet"), say!("no synchronisation has ended yet"));
    };
    let at = minute(line.at);
    match (&line.outcome, &line.waits) {
        (Outcome::Error(error, Some(help)), _) => {
            wrong(say!("{at}, error: {error}", at, error), say!("{name}", name = help))
        }
        (Outcome::Error(error, None), _) => wrong(
            say!("{at}, error: {error}", at, error),
            say!("`rightful history` shows the runs before; the next one is tried by itself"),
        ),
        _ if line.at > now => wrong(
            say!("its newest line is of {at}, which is yet to come", at),
            say!("the clock of the database was set back; the next run writes a new line"),
        ),
        _ if line.at.later(late(&seen.terms)) < now => {
            wrong(say!("no new line since {at}", at), say!("the service stopped; see above"))
        }
        (Outcome::Ok, None) => Verdict::Fine(say!("{at}, OK", at)),
        (Outcome::Ok, Some(waits)) => waiting(at, waits),
    }
}

/// A run that left changes as they are until they are reviewed.
fn waiting(at: String, waits: &Waiting) -> Verdict {
    let help = match &waits.branch {
        Some(branch) => say!("merge `{branch}` if it shall stay; `rightful apply` takes it back", branch),
        None => say!("`rightful pull` shows it; `rightful apply` takes it back"),
    };
    match (&waits.alarm, &waits.branch) {
        (Some(alarm), _) => {
            wrong(say!("{at}, OK, but what was changed in the database is in force: {alarm}", at, alarm), help)
        }
        (None, Some(branch)) => {
            Verdict::Fine(say!("{at}, OK; what was changed in the database waits for review on `{branch}`", at, branch))
        }
        (None, None) => Verdict::Fine(say!("{at}, OK; what was changed in the database is left as it is", at)),
    }
}

/// After how many seconds there should have been another run.
fn late(terms: &Terms) -> u32 {
    terms.interval.saturating_mul(2).saturating_add(terms.take_over_after / 3)
}

/// Letters that did not go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// How many.
    pub letters: usize,
    /// Why, of the one that is tried next.
    pub error: String,
    /// Not before when it is tried.
    pub next_at: Option<Moment>,
}

/// The letters that were tried and did not go; those that nobody waits for any more left out.
pub fn stuck(register: &Register, now: Moment) -> Option<Stuck> {
    let open = |one: &&Invitation| one.standing == Standing::Invited && !one.is_expired(now) && !one.mail.is_sent;
    let failed = register.invitations.values().filter(open).filter(|one| one.mail.error.is_some());
    let mut failed: Vec<&Invitation> = failed.collect();
    failed.sort_by_key(|one| one.mail.next_at);
    let mail = &failed.first()?.mail;
    Some(Stuck { letters: failed.len(), error: mail.error.clone()?, next_at: mail.next_at })
}

fn letters(_: &Seen<'_>, register: &Register, now: Moment) -> Verdict {
    let Some(Stuck { letters, error, next_at }) = stuck(register, now) else {
        return Verdict::Fine(say!("none waits"));
    };
    let at = next_at.map(minute).unwrap_or_default();
    wrong(
        say!("waiting: {letters}; {error}; the next attempt is at {at}", letters, error, at),
        say!("look at `mail` in rightful.yaml and at the mail server; `rightful invite list` names them"),
    )
}

fn credentials(seen: &Seen<'_>) -> Verdict {
    match (seen.not_let_in.as_ref().or(seen.unasked.as_ref()), seen.register) {
        (Some(refused), _) => Verdict::Wrong(refused.clone()),
        (None, Some(_)) => Verdict::Fine(say!("the database lets us in")),
        (None, None) => Verdict::Unknown(say!("cannot be seen, since the database was not read")),
    }
}

/// `2026-11-22 08:00`.
fn minute(moment: Moment) -> String {
    let text = moment.to_string();
    format!("{} {}", &text[..10], &text[11..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::online::{Asking, Duty, Logged, duty, logged};

    fn shown(register: &Register, now: Moment) -> String {
        let seen = Seen {
            register: Some((register, now)),
            unasked: None,
            absent: None,
            unreached: None,
            not_let_in: None,
            remote: None,
            refused: None,
            is_gone: false,
            terms: Terms::default(),
            machines: &[Name::foreign("crm-server")],
        };
        let line = |(check, verdict): (Check, Verdict)| match verdict {
            Verdict::Fine(text) => format!("{} ok {}", check.as_str(), text.to(Language::English)),
            Verdict::Wrong(refused) => format!("{} WRONG {}", check.as_str(), refused.message.to(Language::English)),
            Verdict::Unknown(text) => format!("{} ? {}", check.as_str(), text.to(Language::English)),
        };
        examine(&seen).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn whoever_looks_sees_what_stopped() {
        let now = Moment::parse("2026-11-22T08:00:00.000Z").unwrap();
        insta::assert_snapshot!(shown(&Register::default(), now), @"
        machine WRONG no machine is there
        connection WRONG the company is not connected
        service WRONG nobody synchronises
        lease WRONG nobody has it
        log WRONG it has no line yet
        credentials ok the database lets us in
        letters ok none waits
        ");
        let mut register = Register::default();
        (register.connection.state, register.connection.since) = (State::Connected, Some(now));
        let asking = Asking { machine: "crm-server", process: "1", machines: &[], take_over_after: 900, gone: None };
        let (mine, register) = duty(&register, now, asking).unwrap();
        assert_eq!(mine, Duty::Mine { fence: 1 });
        let outcome = Outcome::Ok;
        let line = Logged {
            at: now,
            machine: "crm-server".to_owned(),
            outcome,
            changes: 1,
            conflicts: 0,
            revision: None,
            waits: None,
        };
        let register = logged(&register, line);
        insta::assert_snapshot!(shown(&register, now.later(60)), @"
        machine ok ready to synchronise: crm-server
        connection ok connected since 2026-11-22 08:00
        service ok runs on crm-server
        lease ok crm-server has it until 2026-11-22 08:15, number 1
        log ok 2026-11-22 08:00, OK
        credentials ok the database lets us in
        letters ok none waits
        ");
        insta::assert_snapshot!(shown(&register, now.later(7_200)), @"
        machine WRONG no machine is there; crm-server was at 2026-11-22 08:00
        connection ok connected since 2026-11-22 08:00
        service WRONG crm-server fell silent, and no other machine took over
        lease WRONG that of crm-server ended at 2026-11-22 08:15
        log WRONG no new line since 2026-11-22 08:00
        credentials ok the database lets us in
        letters ok none waits
        ");
    }
}
