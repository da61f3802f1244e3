//! What a CRM says beside what a policy can say, and the day whose rights it has: both are put right by telling it anew.

use crate::date::Date;
use crate::model::Policy;
use crate::state::{Action, Key, Said, Value};

use super::{Beside, Change, Origin, Reading};

/// The field under which it is told.
pub const CRM: &str = "crm";

/// What is put right, as people review it.
pub(super) fn told(reading: &Reading) -> Vec<Change> {
    // Before the first apply nobody was told anything, so nobody changed it.
    let origin = if reading.base.is_some() { Origin::Drift } else { Origin::Policy };
    let told = |Beside { key, says }: &Beside| Change {
        action: Action::Update,
        key: key.clone(),
        field: Some(CRM),
        before: Some(text(says)),
        after: None,
        origin,
    };
    reading.beside.iter().map(told).collect()
}

/// That a CRM which knows no dates has the rights of another day, between which and this one something begins or ends.
pub(super) fn lapsed(reading: &Reading, after: &Policy, on: Date) -> Option<Change> {
    // What a CRM is told is what holds on the day on which it is told, whatever day is looked at.
    let on = reading.today.unwrap_or(on);
    let day = reading.projected.filter(|day| *day != on)?;
    let between = |turn: &Date| day.min(on) < *turn && *turn <= day.max(on);
    after.turning_days().iter().any(between).then(|| Change {
        action: Action::Update,
        key: Key::Company,
        field: Some(CRM),
        before: Some(text(&format!("rights of {day}"))),
        after: Some(text(&format!("rights of {on}"))),
        origin: Origin::Policy,
    })
}

fn text(text: &str) -> Said {
    Said::Field(Value::Text(text.to_owned()))
}
