//! A difference as alerts at lines of files: one for each cause of a gain or a loss, one for each edit that does nothing.

use std::collections::BTreeSet;

use crate::date::Date;
use crate::diff::{Cause, Edit, Edited};
use crate::language::Text;
use crate::name::Name;
use crate::review::Compared;
use crate::say;
use crate::syntax::gate::Turn;
use crate::text::Place;

use super::cause::{Explained, explained, words};
use super::comment::effect::Effect;
use super::comment::in_short;
use super::sums::{InSum, in_sum};
use super::{Shown, busy};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// Somebody gains a right that the settings call sensitive.
    SensitiveGained,
    /// Somebody gains a right.
    Gained,
    /// People only lose rights.
    Lost,
    /// An edit changes no answer.
    Inert,
}

/// One alert.
#[derive(Debug, Clone)]
pub struct Alerted {
    /// What it is about.
    pub alert: Alert,
    /// What happens to whom, and by what.
    pub text: Text,
    /// What is behind it: the same as long as the edit is.
    pub cause: Text,
    /// Where the edits stand: in the files of the base (0) or of the head (1). May be empty.
    pub places: Vec<(usize, Place)>,
}

/// The alerts of a company, in the order of a page.
pub fn alerts(company: &Compared<'_>, shown: Shown<'_>) -> Vec<Alerted> {
    let diff = &company.diff;
    let mut causes = explained(diff, &diff.gains, &diff.losses);
    causes.sort_by_key(|cause| cause.rank(shown.sensitive));
    let mut found: Vec<Alerted> = causes.iter().map(|cause| of_cause(cause, None, shown)).collect();
    found.extend(in_sum(diff).iter().map(|sum| of_sum(sum, shown)));
    for later in &company.later {
        let causes = explained(&later.whole, &later.gains, &later.losses);
        found.extend(causes.iter().map(|cause| of_cause(cause, Some(later.day), shown)));
    }
    let busy = busy(company);
    let idle = diff.inert.iter().filter(|edit| !busy.contains(edit)).map(|edit| &diff.edits[*edit]);
    found.extend(idle.map(|edit| {
        let cause = words(edit, shown.days);
        let text = say!("this edit changes no answer of anybody: {cause}", cause);
        Alerted { alert: Alert::Inert, text, cause, places: place(edit).into_iter().collect() }
    }));
    found
}

fn of_cause(cause: &Explained<'_>, day: Option<Date>, shown: Shown<'_>) -> Alerted {
    let effect = Effect::of(cause.changes.iter().map(|(change, users)| (*change, users.iter().copied())));
    let (effect, short) = (effect.said(), in_short(cause, shown));
    let effect = match day {
        None => effect,
        Some(day) => say!("from {day} on {effect}", day, effect),
    };
    let alert = match cause.rank(shown.sensitive) {
        0 => Alert::SensitiveGained,
        1 => Alert::Gained,
        _ => Alert::Lost,
    };
    let text = say!("{effect} – {cause}", effect, cause = short);
    Alerted { alert, text, cause: short, places: places(cause) }
}

/// What is told in sum, where the first of these people is declared.
fn of_sum(sum: &InSum<'_>, shown: Shown<'_>) -> Alerted {
    let alert = match sum.turn {
        Turn::Gain if sum.is_sensitive(shown.sensitive) => Alert::SensitiveGained,
        Turn::Gain => Alert::Gained,
        Turn::Loss => Alert::Lost,
    };
    let cause = sum.cause();
    let text = say!("{effect} – {cause}", effect = sum.effect(), cause);
    Alerted { alert, text, cause, places: sum.place().into_iter().collect() }
}

/// Where the edits stand; of people who are new or gone, where they are declared.
fn places(cause: &Explained<'_>) -> Vec<(usize, Place)> {
    let edits: Vec<_> = cause.edits().filter_map(place).collect();
    if !edits.is_empty() || !matches!(cause.causes[0], Cause::People | Cause::Targets) {
        return edits;
    }
    let targets = cause.over();
    let names: BTreeSet<&Name> = match cause.causes[0] {
        Cause::People => cause.changes.iter().flat_map(|(_, users)| users.iter().copied()).collect(),
        _ => targets.iter().flatten().filter_map(|target| target.name()).collect(),
    };
    let declared = |edit: &&Edit| matches!(&edit.what, Edited::User(name) if names.contains(name));
    cause.diff.edits.iter().filter(declared).filter_map(place).collect()
}

fn place(edit: &Edit) -> Option<(usize, Place)> {
    Some((usize::from(!edit.added.is_empty()), edit.place()?))
}
