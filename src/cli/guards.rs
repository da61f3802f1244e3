//! What `plan` and `apply` share about guards: judging a plan, and putting guards aside by name.

use crate::language::{Joint, names};
use crate::name::nearest;
use crate::plan::guard::{Case, Tripped, judge};
use crate::plan::{Plan, Reading};
use crate::report::{text, view};
use crate::say;
use crate::state::State;
use crate::syntax::settings::{GUARD_FIELDS, Guard};

use super::Context;
use super::session::{Failure, Opened};

/// The guards that a plan trips.
pub fn tripped(opened: &Opened, context: &Context, reading: &Reading, plan: &Plan) -> Vec<Tripped> {
    let os_user = os_user();
    judge(&Case {
        base: reading.base.as_ref(),
        plan,
        desired: &State::of(opened.policy()),
        on: context.on,
        settings: &opened.repository.settings,
        os_user: os_user.as_deref(),
    })
}

/// Who runs the program: whom the system has for the effective user. A variable, which anybody can set, counts only
/// where the system has no name, as in some containers.
pub fn os_user() -> Option<String> {
    whoami::username().ok().or_else(|| std::env::var("USER").ok())
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
    let language = opened.err.language;
    for guard in overrides.iter().filter(|guard| !tripped.iter().any(|tripped| tripped.guard == **guard)) {
        let text = say!("warning: the guard `{guard}` does not trip, so nothing of it is overridden", guard);
        super::write_err(&format!("{}\n", text.to(language)));
    }
    let stands = |guard: &Guard| tripped.iter().any(|tripped| tripped.guard == *guard) && !overrides.contains(guard);
    let standing: Vec<Guard> = Guard::ALL.into_iter().filter(stands).collect();
    if standing.is_empty() {
        return Ok(tripped);
    }
    let refusing: Vec<Tripped> = tripped.iter().filter(|tripped| standing.contains(&tripped.guard)).cloned().collect();
    let before = text::print(&view::guards(&refusing, opened.sources()), opened.err);
    // Whoever follows the advice has to name those too that were put aside already.
    let all = Guard::ALL.into_iter().filter(|guard| tripped.iter().any(|tripped| tripped.guard == *guard));
    let flags: Vec<String> = all.map(|guard| format!("--override {guard}")).collect();
    let message = say!("nothing was applied, since guards refuse it: {guards}", guards = names(standing, Joint::And));
    let help =
        say!("correct the policy; if all of this is meant, `rightful apply {flags}` does it", flags = flags.join(" "));
    Err(Failure { before: format!("{before}\n").into(), code: 3, ..Failure::world(message) }.help(help))
}
