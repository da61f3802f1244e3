//! What `plan` and `apply` share about guards: judging a plan, and putting guards aside by name.

use crate::date::Date;
use crate::language::{Joint, names};
use crate::name::nearest;
use crate::plan::guard::{Case, Tripped, judge};
use crate::plan::{Drift, Plan, Reading};
use crate::report::{text, view};
use crate::say;
use crate::syntax::settings::{GUARD_FIELDS, Guard};

use super::Context;
use super::running::os_user;
use super::session::{Failure, Opened};
use super::wanted::Wanted;

/// The guards that a plan trips, as seen on a day.
pub fn tripped(opened: &Opened, wanted: &Wanted<'_>, reading: &Reading, plan: &Plan, on: Date) -> Vec<Tripped> {
    let os_user = os_user();
    judge(&Case {
        base: reading.base.as_ref(),
        plan,
        desired: wanted.state(),
        on,
        settings: opened.binding(),
        os_user: os_user.as_deref(),
    })
}

/// The guards that an apply trips. Whoever names a day on which a plan does less is judged by the real one all the same,
/// since that is when it happens.
pub fn tripped_by_apply(
    opened: &Opened,
    context: &Context,
    wanted: &Wanted<'_>,
    reading: &Reading,
    plan: &Plan,
    drift: Drift,
) -> Vec<Tripped> {
    let mut found = tripped(opened, wanted, reading, plan, context.on);
    if context.on != context.today {
        let real = wanted.plan(reading, context.today, drift);
        let today = tripped(opened, wanted, reading, &real, context.today);
        let is_new = |one: &Tripped| !found.iter().any(|it| it.guard == one.guard && it.subject == one.subject);
        let new: Vec<Tripped> = today.into_iter().filter(is_new).collect();
        found.extend(new);
        found.sort_by_key(|tripped| tripped.guard);
    }
    found
}

/// Reads the name of a guard.
pub fn read_guard(text: &str) -> Result<Guard, String> {
    Guard::of(text).ok_or_else(|| {
        let all = GUARD_FIELDS.join(", ");
        match nearest(text, GUARD_FIELDS.iter().copied()) {
            Some(near) => format!("did you mean {near}? The guards are {all}"),
            None => format!("the guards are {all}"),
        }
    })
}

/// Refuses a plan that trips a guard which nobody put aside; gives what was put aside.
pub fn pass(tripped: Vec<Tripped>, overrides: &[Guard], opened: &Opened) -> Result<Vec<Tripped>, Failure> {
    for guard in overrides.iter().filter(|guard| !tripped.iter().any(|tripped| tripped.guard == **guard)) {
        opened.warn(say!("warning: the guard `{guard}` does not trip, so nothing of it is overridden", guard));
    }
    let stands = |guard: &Guard| tripped.iter().any(|tripped| tripped.guard == *guard) && !overrides.contains(guard);
    let standing: Vec<Guard> = Guard::ALL.into_iter().filter(stands).collect();
    if standing.is_empty() {
        return Ok(tripped);
    }
    let refusing: Vec<Tripped> = tripped.iter().filter(|tripped| standing.contains(&tripped.guard)).cloned().collect();
    let before = text::print(&view::guards(&refusing, opened.binding_sources()), opened.err);
    // Whoever follows the advice has to name those too that were put aside already.
    let all = Guard::ALL.into_iter().filter(|guard| tripped.iter().any(|tripped| tripped.guard == *guard));
    let flags: Vec<String> = all.map(|guard| format!("--override {guard}")).collect();
    let message = say!("nothing was applied, since guards refuse it: {guards}", guards = names(standing, Joint::And));
    let help =
        say!("correct the policy; if all of this is meant, `rightful apply {flags}` does it", flags = flags.join(" "));
    Err(Failure { before: format!("{before}\n").into(), code: 3, ..Failure::world(message) }.help(help))
}
