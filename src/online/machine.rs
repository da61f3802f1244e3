//! Which machine synchronises: one at a time, under a lease in the database, with a number that rises whenever the lease
//! is taken.

use crate::name::Name;
use crate::say;

use super::{Moment, Refused, Register};

/// How many lines of the log are kept.
const MOST_LINES: usize = 2_000;

/// Which machine synchronises.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// The fencing number, which rises whenever the lease is taken.
    pub fence: i64,
    /// The machine that has the lease.
    pub machine: Option<String>,
    /// Its process, which tells two on one machine apart.
    pub process: Option<String>,
    /// Since when it has it.
    pub since: Option<Moment>,
    /// Until when, unless it says again that it is there.
    pub until: Option<Moment>,
    /// When it synchronises next.
    pub next_at: Option<Moment>,
    /// The commit that was applied last.
    pub revision: Option<String>,
    /// A commit that somebody accepted although it does not descend from that one.
    pub accepted: Option<String>,
    /// A commit that somebody else applied since.
    pub by_hand: Option<String>,
    /// A digest of what the newest recorded run left of the changes that somebody made in the database, if it left any.
    pub kept: Option<String>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// When.
    pub at: Moment,
    /// Which machine.
    pub machine: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How many changes were written.
    pub changes: u32,
    /// How many conflicts were settled.
    pub conflicts: u32,
    /// The commit that it was about, if it came so far.
    pub revision: Option<String>,
    /// What somebody changed in the database and was left as it is until it is reviewed.
    pub waits: Option<Waiting>,
}

/// Changes that somebody made in the database, in force until they are reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub changes: u32,
    /// The branch on which they are proposed; none if no policy can say any of them.
    pub branch: Option<String>,
    /// What of it must not wait, in English as everything that is recorded.
    pub alarm: Option<String>,
}

/// How a synchronisation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is as the policy says.
    Ok,
    /// It failed or was refused: why, and what to do, if that was said.
    Error(String, Option<String>),
}

/// What a machine has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duty {
    /// It has the lease: it synchronises, and writes with this number.
    Mine {
        /// The fencing number.
        fence: i64,
    },
    /// Another one has it.
    Waits {
        /// Which.
        machine: String,
        /// Until when, unless it says again that it is there.
        until: Moment,
    },
    /// Nobody has it, and another one that comes first is there and will take it.
    Leaves {
        /// Which.
        machine: String,
    },
}

/// How the service stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stood {
    /// It runs.
    Runs,
    /// Nobody runs it.
    Stopped,
    /// Its machine fell silent, and no other one took over.
    Silent,
}

impl Service {
    /// How it stands.
    pub fn stands(&self, now: Moment) -> Stood {
        match (&self.machine, self.until) {
            // A lease from the future was taken before a clock was set back: nobody knows how long it would last.
            (Some(_), Some(until)) if until > now && self.since.is_none_or(|since| since <= now) => Stood::Runs,
            (Some(_), _) => Stood::Silent,
            (None, _) => Stood::Stopped,
        }
    }

    /// Whether the lease of this number still lasts.
    pub fn holds(&self, fence: i64, now: Moment) -> bool {
        self.fence == fence && self.stands(now) == Stood::Runs
    }
}

/// Who asks for the lease.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The machine.
    pub machine: &'a str,
    /// Its process, which tells two on one machine apart.
    pub process: &'a str,
    /// The machines that may, in order of preference; none if any may.
    pub machines: &'a [Name],
    /// After how many seconds of silence another one takes over.
    pub take_over_after: u32,
    /// A process that is known not to live any more; if it has the lease, nobody waits for it.
    pub gone: Option<&'a str>,
}

/// What a machine has to do, and what the register says then. A machine that asks is there.
///
/// # Errors
/// If the policy does not name the machine.
pub fn duty(register: &Register, now: Moment, asking: Asking<'_>) -> Result<(Duty, Register), Refused> {
    let Asking { machine, process, machines, take_over_after, gone } = asking;
    let rank = |name: &str| machines.iter().position(|known| known.as_str() == name);
    if !machines.is_empty() && rank(machine).is_none() {
        let message = say!("the machine `{machine}` is not among those that may synchronise", machine);
        let names: Vec<&str> = machines.iter().map(Name::as_str).collect();
        let help =
            say!("`online.machines` names {names}; add it there, or name it with --machine", names = names.join(", "));
        return Err(Refused::new(message, help));
    }
    let mut after = register.clone();
    after.machines.insert(machine.to_owned(), now);
    let service = &register.service;
    let is_mine = service.machine.as_deref() == Some(machine) && service.process.as_deref() == Some(process);
    let lasts = service.until.filter(|_| service.stands(now) == Stood::Runs);
    let is_gone = gone.is_some() && service.process.as_deref() == gone;
    if let (Some(holder), Some(until), false) = (&service.machine, lasts, is_gone) {
        if is_mine {
            after.service.until = Some(now.later(take_over_after));
            return Ok((Duty::Mine { fence: service.fence }, after));
        }
        return Ok((Duty::Waits { machine: holder.clone(), until }, after));
    }
    // Whoever fell silent with the lease is not waited for once more.
    let is_there = |name: &str| {
        let seen = register.machines.get(name);
        let is_fresh = |seen: &Moment| *seen <= now && seen.later(take_over_after) > now;
        service.machine.as_deref() != Some(name) && seen.is_some_and(is_fresh)
    };
    let mut before = machines.iter().map(Name::as_str).take_while(|name| *name != machine);
    // Where the holder is known to be gone the others still wait for it.
    if let Some(better) = before.find(|name| is_there(name) && !is_gone) {
        return Ok((Duty::Leaves { machine: better.to_owned() }, after));
    }
    after.service = Service {
        fence: service.fence.saturating_add(1),
        machine: Some(machine.to_owned()),
        process: Some(process.to_owned()),
        since: Some(now),
        until: Some(now.later(take_over_after)),
        next_at: None,
        ..service.clone()
    };
    Ok((Duty::Mine { fence: after.service.fence }, after))
}

/// Moves the lease of this number on, and says when its machine synchronises next, if that is known; `None` if another
/// one took over. While nobody did, a lease that ended comes to life again.
pub fn beat(
    register: &Register,
    now: Moment,
    fence: i64,
    take_over_after: u32,
    next_at: Option<Moment>,
) -> Option<Register> {
    let service = &register.service;
    let machine = service.machine.clone().filter(|_| service.fence == fence)?;
    let mut after = register.clone();
    after.service.until = Some(now.later(take_over_after));
    after.service.next_at = next_at.or(service.next_at);
    after.machines.insert(machine, now);
    Some(after)
}

/// Gives the lease up, if it is still that of this number; the machine is not there any more.
#[must_use]
pub fn give_up(register: &Register, machine: &str, fence: Option<i64>) -> Register {
    let mut after = register.clone();
    after.machines.remove(machine);
    if fence == Some(after.service.fence) {
        let Service { fence, revision, accepted, by_hand, kept, .. } = after.service;
        after.service = Service { fence, revision, accepted, by_hand, kept, ..Service::default() };
    }
    after
}

/// Adds a line to the log, and forgets the oldest beyond what is kept.
#[must_use]
pub fn logged(register: &Register, line: Logged) -> Register {
    let mut after = register.clone();
    let number = after.log.keys().next_back().map_or(1, |last| last.saturating_add(1));
    after.log.insert(number, line);
    while after.log.len() > MOST_LINES {
        after.log.pop_first();
    }
    after
}

impl Logged {
    /// A line of a run that brought everything in line with a commit, and remembers that.
    #[must_use]
    pub fn written(self, register: &Register) -> Register {
        let revision = self.revision.clone();
        let mut after = logged(register, self);
        after.service.revision = revision.or(after.service.revision);
        after.service.by_hand = None;
        after.service.accepted = None;
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u32) -> Moment {
        Moment::parse("2026-11-22T08:00:00.000Z").unwrap().later(second)
    }

    fn asked(register: &mut Register, machine: &str, second: u32) -> Duty {
        let machines = ["a", "b", "c"].map(Name::foreign);
        let asking = Asking { machine, process: machine, machines: &machines, take_over_after: 60, gone: None };
        let (duty, after) = duty(register, at(second), asking).unwrap();
        *register = after;
        duty
    }

    #[test]
    fn one_machine_has_the_lease_and_the_next_one_takes_over() {
        let mut register = Register::default();
        assert_eq!(asked(&mut register, "b", 0), Duty::Mine { fence: 1 });
        let waits = Duty::Waits { machine: "b".to_owned(), until: at(60) };
        assert_eq!((asked(&mut register, "a", 10), asked(&mut register, "c", 10)), (waits.clone(), waits));
        assert_eq!(asked(&mut register, "b", 20), Duty::Mine { fence: 1 });
        // b falls silent; c leaves it to a, which is there and comes first.
        assert_eq!(asked(&mut register, "a", 70), Duty::Waits { machine: "b".to_owned(), until: at(80) });
        assert_eq!(asked(&mut register, "c", 81), Duty::Leaves { machine: "a".to_owned() });
        assert_eq!(asked(&mut register, "a", 82), Duty::Mine { fence: 2 });
        assert_eq!(register.service.stands(at(100)), Stood::Runs);
        assert_eq!(register.service.stands(at(142)), Stood::Silent);
        // b wakes up, and writes nothing.
        assert!(beat(&register, at(100), 1, 60, None).is_none());
        assert!(!register.service.holds(1, at(100)) && register.service.holds(2, at(100)));
        assert!(!register.service.holds(2, at(142)));
        // Whoever was silent and comes back before another one took over goes on.
        let back = beat(&register, at(200), 2, 60, Some(at(300))).unwrap();
        assert!(back.service.holds(2, at(250)) && back.service.next_at == Some(at(300)));
        let gone = give_up(&back, "a", Some(2));
        assert_eq!(gone.service.stands(at(250)), Stood::Stopped);
        assert!(!gone.machines.contains_key("a") && gone.service.fence == 2);
        assert_eq!(give_up(&back, "b", Some(1)).service, back.service);
        assert!(beat(&gone, at(250), 2, 60, None).is_none());
    }

    #[test]
    fn a_better_machine_that_fell_silent_is_not_waited_for_twice() {
        let mut register = Register::default();
        assert_eq!(asked(&mut register, "a", 0), Duty::Mine { fence: 1 });
        register.machines.insert("a".to_owned(), at(59));
        assert_eq!(asked(&mut register, "b", 60), Duty::Mine { fence: 2 });
    }

    #[test]
    fn a_process_that_is_known_to_be_gone_is_not_waited_for() {
        let mut register = Register::default();
        assert_eq!(asked(&mut register, "b", 0), Duty::Mine { fence: 1 });
        let machines = ["a", "b", "c"].map(Name::foreign);
        let asking = |gone| Asking { machine: "b", process: "new", machines: &machines, take_over_after: 60, gone };
        let waits = Duty::Waits { machine: "b".to_owned(), until: at(60) };
        assert_eq!(duty(&register, at(10), asking(None)).unwrap().0, waits);
        assert_eq!(duty(&register, at(10), asking(Some("another"))).unwrap().0, waits);
        // A better machine that waits knows nothing of it.
        register.machines.insert("a".to_owned(), at(9));
        let (mine, after) = duty(&register, at(10), asking(Some("b"))).unwrap();
        assert_eq!((mine, after.service.process.as_deref()), (Duty::Mine { fence: 2 }, Some("new")));
    }

    #[test]
    fn what_is_from_the_future_counts_as_ended() {
        let mut register = Register::default();
        assert_eq!(asked(&mut register, "b", 7_200), Duty::Mine { fence: 1 });
        register.machines.insert("a".to_owned(), at(7_200));
        // The clock was set back.
        assert_eq!(register.service.stands(at(0)), Stood::Silent);
        assert_eq!(asked(&mut register, "c", 0), Duty::Mine { fence: 2 });
    }

    #[test]
    fn a_machine_that_the_policy_does_not_name_is_refused() {
        let machines = [Name::foreign("crm-server")];
        let asking = Asking { machine: "laptop", process: "1", machines: &machines, take_over_after: 60, gone: None };
        let refused = duty(&Register::default(), at(0), asking).unwrap_err();
        assert!(refused.message.to(crate::language::Language::English).contains("`laptop`"));
        assert!(duty(&Register::default(), at(0), Asking { machines: &[], ..asking }).is_ok());
    }

    #[test]
    fn the_log_keeps_the_newest_lines() {
        let line = |changes| Logged {
            at: at(changes),
            machine: "a".to_owned(),
            outcome: Outcome::Ok,
            changes,
            conflicts: 0,
            revision: None,
            waits: None,
        };
        let register = (0..2_010).fold(Register::default(), |register, number| logged(&register, line(number)));
        assert_eq!(register.log.len(), MOST_LINES);
        assert_eq!(register.log.last_key_value().map(|(number, line)| (*number, line.changes)), Some((2_010, 2_009)));
        let written = Logged { revision: Some("abc".to_owned()), ..line(1) }.written(&Register::default());
        assert_eq!(written.service.revision.as_deref(), Some("abc"));
    }
}
