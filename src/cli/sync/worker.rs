//! One company: whether this machine has the lease, keeping it, and what each synchronisation came to, in the log of the
//! database and for whoever reads along.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::audit::Run;
use crate::cli::Context;
use crate::cli::cache::Caching;
use crate::cli::database::{Database, database_silent_for};
use crate::cli::running::{Acting, gather, recorded};
use crate::cli::service::{absent, taken};
use crate::cli::session::{Failure, Opened, Variables, open_at};
use crate::language::Language;
use crate::name::Name;
use crate::online::{self, Asking, Duty, Moment, Outcome, Register, Terms};
use crate::repository::RepositoryError;
use crate::say;
use crate::target::{Altered, LEASE_SECONDS, Target, TargetError};
use crate::tree::git::Checkout;

use super::cycle::{Cycle, Done, Source};
use super::telling::Telling;
use super::{Shared, accept, line, process, variables};

/// For how long at most a machine does not look at the database.
const LONGEST: Duration = Duration::from_secs(60);

/// What a turn came to.
#[derive(Debug)]
pub enum Turned {
    /// All is well: it was synchronised, or is not due yet.
    Done,
    /// Another machine does it.
    Elsewhere,
    /// It failed or was refused, with this exit code.
    Failed(u8),
}

/// What the policy says of the service.
#[derive(Debug, Clone)]
struct Duties {
    interval: u32,
    take_over_after: u32,
    machines: Vec<Name>,
}

/// The service for one company.
pub struct Worker<'a> {
    shared: &'a Shared,
    company: Option<Name>,
    telling: Telling,
    database: Option<Database>,
    fence: Option<i64>,
    duties: Duties,
    due: Option<Instant>,
    beaten: Instant,
    /// What was recorded last as a refusal.
    refused: Option<String>,
    /// What shall stand in the log as soon as it can be written.
    owed: Option<Outcome>,
    /// Whether the database was there.
    was_there: bool,
}

impl<'a> Worker<'a> {
    /// The service for a company; with several, lines name it.
    pub fn new(shared: &'a Shared, company: Option<Name>, is_named: bool) -> Self {
        let terms = Terms::default();
        let duties = Duties { interval: terms.interval, take_over_after: terms.take_over_after, machines: Vec::new() };
        Self {
            telling: Telling::new(shared.looks[1], company.as_ref().filter(|_| is_named)),
            shared,
            company,
            database: None,
            fence: None,
            duties,
            due: None,
            beaten: Instant::now(),
            refused: None,
            owed: None,
            was_there: false,
        }
    }

    /// Does what is to be done now.
    pub fn turn(&mut self) -> Turned {
        let done = match (self.fence, self.due, self.database.take()) {
            (Some(fence), Some(due), Some(mut database)) if Instant::now() < due => {
                let kept = self.beat(&mut *database.target, fence);
                self.database = Some(database);
                kept.map(|()| Turned::Done)
            }
            _ => self.whole_turn(),
        };
        done.unwrap_or_else(|failure| {
            // It is opened anew, with whatever the variables say then.
            self.database = None;
            let code = failure.code;
            self.complain(failure);
            Turned::Failed(code)
        })
    }

    /// How long nothing is to be done.
    pub fn pause(&self) -> Duration {
        let pulse = self.pulse().min(LONGEST);
        match (self.fence, self.due) {
            (Some(_), Some(due)) => pulse.min(due.saturating_duration_since(Instant::now())),
            _ => pulse.min(Duration::from_secs(self.duties.interval.into())),
        }
    }

    /// How often the lease is moved on.
    fn pulse(&self) -> Duration {
        Duration::from_secs(self.duties.take_over_after.into()) / 3
    }

    /// Gives the lease up.
    pub fn leave(&mut self) {
        let (fence, machine) = (self.fence.take(), self.shared.machine.clone());
        let Some(mut database) = self.database.take().or_else(|| Some(self.open().ok()?.2)) else { return };
        // What cannot be given up ends by itself.
        let _ = alter(&mut *database.target, |register, _| {
            let after = online::give_up(register, &machine, fence);
            (after != *register).then_some(after)
        });
    }

    fn whole_turn(&mut self) -> Result<Turned, Failure> {
        let (context, here, mut database, variables) = self.open()?;
        let checkout = Checkout::of(&here.root).map_err(RepositoryError::from)?;
        self.learn_from(&here);
        let duty = match self.duty(&here, &mut database) {
            // What is known here of the policy may be old.
            Err(failure) if failure.code == 3 => {
                let cycle = self.cycle(&context, &here, &variables, 0);
                cycle.fetch(&checkout, &mut || {})?;
                self.learn(&context, &here, &checkout);
                self.duty(&here, &mut database)?
            }
            duty => duty?,
        };
        let fence = match duty {
            Duty::Mine { fence } => fence,
            Duty::Waits { machine, .. } | Duty::Leaves { machine } => {
                self.fence = None;
                if let Some(commit) = self.shared.accept.as_ref().filter(|_| self.shared.once) {
                    let source = self.cycle(&context, &here, &variables, 0).fetch(&checkout, &mut || {})?;
                    accept::leave(commit, &source.tip(&checkout)?, &mut database, (&here, &context))?;
                    self.telling.say(say!("{machine} applies {commit} with its next turn", machine, commit));
                    return Ok(Turned::Done);
                }
                self.telling.say(say!("waits: {machine} synchronises", machine));
                return Ok(Turned::Elsewhere);
            }
        };
        if self.fence.replace(fence) != Some(fence) {
            self.telling.say(say!("{machine} synchronises, with number {fence}", machine = self.shared.machine, fence));
        }
        let done = self.synchronise((&context, &here, &variables), &checkout, &mut database, fence);
        let turned = self.log(&mut database, fence, done)?;
        self.database = Some(database);
        Ok(turned)
    }

    /// Opens what is in the checkout, and the database of the company, with the variables as they are now.
    fn open(&self) -> Result<(Context, Opened, Database, Variables), Failure> {
        let variables = match &self.shared.env_file {
            Some(path) => variables::read(path)?,
            None => Variables::new(),
        };
        let [out, err] = self.shared.looks;
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let context = Context {
            here: self.shared.directory.clone(),
            directory: self.shared.directory.clone(),
            company: self.company.as_ref().map(ToString::to_string),
            on: today,
            on_was_said: false,
            today,
            language: Cell::new(Some(err.language)),
            watched: false,
            lasting: true,
            out,
            err,
            cache: Caching::default(),
        };
        let (mut here, _) = taken(&context, context.company.as_deref(), &variables)?;
        here.gathers = true;
        let silence = Duration::from_secs(self.duties.take_over_after.into());
        let silence = silence.min(Duration::from_secs(LEASE_SECONDS.into()));
        let database = database_silent_for(&here, here.company(), here.database(), silence)?;
        Ok((context, here, database, variables))
    }

    /// What the policy says of the service, as far as it is known here. What does not compile says nothing new.
    fn learn(&mut self, context: &Context, here: &Opened, checkout: &Checkout) {
        let tip = Source::of(here.binding(), checkout).tip(checkout).ok();
        if let Some(opened) = tip.and_then(|tip| open_at(context, Some(&tip), context.company.as_deref()).ok()) {
            self.learn_from(&opened);
        }
    }

    fn learn_from(&mut self, opened: &Opened) {
        if !opened.company().compiles() {
            return;
        }
        let policy = opened.policy();
        let terms = Terms::of(policy);
        let machines = policy.online.as_ref().map(|online| online.machines.clone()).unwrap_or_default();
        self.duties = Duties { interval: terms.interval, take_over_after: terms.take_over_after, machines };
    }

    fn cycle<'c>(&'c self, context: &'c Context, here: &'c Opened, variables: &'c Variables, fence: i64) -> Cycle<'c> {
        Cycle { shared: self.shared, context, here, variables, fence }
    }

    /// Asks for the lease. Nothing is made where there is no database yet.
    fn duty(&mut self, here: &Opened, database: &mut Database) -> Result<Duty, Failure> {
        let Some((register, _)) = database.target.register()? else {
            return Err(absent(here, database, self.was_there));
        };
        self.was_there = true;
        let is_here = register.service.machine.as_deref() == Some(&self.shared.machine);
        let gone = register.service.process.filter(|process| is_here && process::is_gone(process));
        let asking = Asking {
            machine: &self.shared.machine,
            process: &self.shared.process,
            machines: &self.duties.machines,
            take_over_after: self.duties.take_over_after,
            gone: gone.as_deref(),
        };
        let owed = self.owed.clone();
        let mut said = None;
        alter(&mut *database.target, |register, now| match online::duty(register, now, asking) {
            Ok((duty, mut after)) => {
                if let (Duty::Mine { .. }, Some(owed)) = (&duty, &owed) {
                    after = online::logged(&after, line::of(asking.machine, now, owed.clone(), None));
                }
                said = Some(Ok(duty));
                Some(after)
            }
            Err(refused) => {
                said = Some(Err(refused));
                None
            }
        })?;
        self.beaten = Instant::now();
        let duty = said.ok_or_else(|| Failure::world(say!("the database did not take the change")))??;
        if matches!(duty, Duty::Mine { .. }) {
            self.owed = None;
        }
        Ok(duty)
    }

    /// One synchronisation, by the database's day.
    fn synchronise(
        &mut self,
        (context, here, variables): (&Context, &Opened, &Variables),
        checkout: &Checkout,
        database: &mut Database,
        fence: i64,
    ) -> (Option<String>, Result<Done, Failure>) {
        let mut revision = None;
        let done = self.synchronised((context, here, variables), checkout, database, fence, &mut revision);
        (revision, done)
    }

    fn synchronised(
        &mut self,
        (context, here, variables): (&Context, &Opened, &Variables),
        checkout: &Checkout,
        database: &mut Database,
        fence: i64,
        revision: &mut Option<String>,
    ) -> Result<Done, Failure> {
        let shared = self.shared;
        let mut cycle = Cycle { shared, context, here, variables, fence };
        let source = cycle.fetch(checkout, &mut || self.pulse_if_due(&mut *database.target, fence))?;
        let (register, now) = super::super::registered::registered(&mut *database.target)?;
        let today = Context { on: now.day(), today: now.day(), language: context.language.clone(), ..context.copied() };
        cycle.context = &today;
        let tip = source.tip(checkout)?;
        *revision = Some(tip.clone());
        let opened = match cycle.opened(checkout, &tip, &register.service) {
            Err(failure) if failure.code == 3 => {
                self.record_once(&today, here, database, fence, &failure);
                return Err(failure);
            }
            opened => opened?,
        };
        self.learn_from(&opened);
        let done = cycle.apply(&opened, database, source.remote.as_deref(), &mut |target| {
            self.pulse_if_due(target, fence);
        });
        match done {
            Err(failure) if failure.code == 3 => {
                self.record_once(&today, &opened, database, fence, &failure);
                Err(failure)
            }
            done => {
                self.refused = None;
                done
            }
        }
    }

    /// A refusal goes into the audit, once for each reason, and not with every synchronisation.
    fn record_once(&mut self, context: &Context, opened: &Opened, database: &mut Database, fence: i64, why: &Failure) {
        let text = why.message.to(Language::English);
        if self.refused.replace(text.clone()) == Some(text) {
            return;
        }
        let machine = Some(self.shared.machine.clone());
        let run = Run { machine, fence: Some(fence), ..gather(opened, &Acting::of(None), context) };
        let failure = Failure { message: why.message.clone(), ..Failure::default() };
        // It is told in any case.
        let _ = recorded(database, &run, opened, Err::<(), _>(failure));
        let warnings = opened.warnings();
        if !warnings.is_empty() {
            self.telling.warn(warnings);
        }
    }

    /// Writes down how it went, and when it goes on.
    fn log(
        &mut self,
        database: &mut Database,
        fence: i64,
        (revision, done): (Option<String>, Result<Done, Failure>),
    ) -> Result<Turned, Failure> {
        self.due = Some(Instant::now() + Duration::from_secs(self.duties.interval.into()));
        let machine = self.shared.machine.clone();
        let line = |now: Moment| match &done {
            Ok(done) => line::of_done(&machine, now, done),
            Err(failure) => line::of(&machine, now, line::told(failure), revision.clone()),
        };
        // Whoever is told to stop in the middle has neither succeeded nor failed.
        if done.is_err() && self.shared.stops() {
            return Ok(Turned::Done);
        }
        let Duties { interval, take_over_after, .. } = self.duties;
        let kept = alter(&mut *database.target, |register, now| {
            let after = online::beat(register, now, fence, take_over_after, Some(now.later(interval)))?;
            Some(match &done {
                Ok(done) => line::written(&after, line(now), done),
                Err(_) => online::logged(&after, line(now)),
            })
        });
        match kept {
            Ok(true) => self.beaten = Instant::now(),
            Ok(false) => self.lost(),
            Err(failure) => return Err(done.err().unwrap_or(failure.into())),
        }
        match done {
            Ok(done) => {
                self.telling.went_well(&done);
                Ok(Turned::Done)
            }
            Err(failure) => {
                let code = failure.code;
                self.telling.trouble(failure);
                Ok(Turned::Failed(code))
            }
        }
    }

    fn lost(&mut self) {
        self.fence = None;
        self.telling.say(say!("another machine took over"));
    }

    /// Moves the lease on, if it is time.
    fn pulse_if_due(&mut self, target: &mut dyn Target, fence: i64) {
        if self.beaten.elapsed() >= self.pulse() {
            // If it fails, what is written next will say so.
            let _ = self.beat(target, fence);
        }
    }

    fn beat(&mut self, target: &mut dyn Target, fence: i64) -> Result<(), Failure> {
        let lasts = self.duties.take_over_after;
        let kept = alter(target, |register, now| online::beat(register, now, fence, lasts, None));
        // One that failed is not tried again at once.
        self.beaten = Instant::now();
        if !kept? {
            self.lost();
        }
        Ok(())
    }

    /// What went wrong without a line in the log: that is owed.
    fn complain(&mut self, failure: Failure) {
        // What is only in the way for a moment, or is about this machine alone, is no run that failed.
        if failure.code != 3 {
            self.owed.get_or_insert_with(|| line::told(&failure));
        }
        self.due = None;
        self.telling.trouble(failure);
    }
}

/// Changes the register for the service; whether it was changed. Nothing of it is recorded: it says who is there.
fn alter(
    target: &mut dyn Target,
    mut change: impl FnMut(&Register, Moment) -> Option<Register>,
) -> Result<bool, TargetError> {
    if target.register()?.is_none() {
        // Nobody makes a database by asking.
        return Ok(false);
    }
    let done = target.alter(&Run::default(), &mut |register, now| change(register, now).map(Altered::from))?;
    Ok(done.is_some())
}
