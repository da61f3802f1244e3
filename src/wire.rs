//! The JSON of every command: what machines read. Versioned; keys are added, never changed.
//!
//! Serde and schemars stand here, so that the core need not know them. Values are mapped, not derived.

mod answers;
mod audit;
mod check;
mod diff;
mod explain;
mod gates;
mod guards;
mod init;
mod limits;
mod log;
mod members;
mod merge_check;
mod new_user;
mod online;
mod plan;
mod policy;
mod pull;
mod reason;
mod repair;
mod saved;
mod service;
mod upcoming;
mod versus;
mod weakening;
mod who;

use serde::Serialize;

use crate::model::{Policy, Single};
use crate::syntax::characters::is_forbidden;
use crate::text::{Place, Sources};

pub use answers::{
    CanOut, HeldOut, MatrixOut, MembershipOut, QuestionOut, RightOut, RightsOut, RowOut, RuleOut, WhatOut, WhyOut, can,
    matrix, rights, what, why,
};
pub use audit::{
    AuditOut, BrokenOut, ClaimsOut, HistoryOut, KeptOut, RunOut, ToldOut, VerifyOut, audit, history, verified,
};
pub use check::{CheckOut, ExpectationsOut, FindingOut, PlaceOut, check};
pub use diff::{
    CauseOut as EditCauseOut, DecidedOut, DeclaredOut, DiffOut, EditOut as EditedOut, Ends, LaterOut, LineOut,
    MovedOut, NamesOut, Reviewed, TurnOut, Turns, diff,
};
pub use explain::{ExplainOut, PageOut, explain};
pub use gates::{GateOut, HitOut, RequiredOut, ReviewersOut, gates, reviewers};
pub use guards::{GuardOut, guards};
pub use init::{InitOut, init};
pub use limits::{LimitOut, LimitsOut, TeamOut, limits};
pub use log::{CommitOut, EventOut, LogOut, RuleThenOut, log};
pub use members::{MemberOut, members};
pub use merge_check::{BroughtOut, MergeCheckOut, merge_check};
pub use new_user::{AddedOut, NewUserOut, new_user};
pub use online::{
    DeedOut, InvitationOut, InvitationsOut, OnlineOut, PersonOut, PlacesOut, UnsentOut, deed, invitations, online,
};
pub use plan::{ApplyOut, ChangeOut, ConflictOut, EffectOut, GrantOut, GrantsOut, PlanOut, apply, plan, plan_online};
pub use policy::{policy_schema, settings_schema};
pub use pull::{LeftOut, PullOut, TakenOut, pull};
pub use reason::ReasonOut;
pub use repair::{EditOut, FixOut, HunkOut, MissingOut, RepairOut, ShiftOut, fix, missing, repairs};
pub use saved::{PROGRAM, SavedFrom, SavedOut, SavedPlan, Unreadable, read_saved, saved};
pub use service::{CheckedOut, CompanyStatusOut, DoctorOut, ExaminedOut, StatusOut, SyncRunOut, doctor, status};
pub use upcoming::{CauseOut, DayOut, UpcomingOut, upcoming};
pub use versus::{DifferenceOut, SideOut, VersusOut, versus};
pub use weakening::{WeakeningOut, weakenings};
pub use who::{DemandOut, HolderOut, HolderReasonOut, WhoOut, who};

/// The version of the output format.
const VERSION: u32 = 1;

/// The schemas of all outputs, by the name of the command.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("apply", schemars::schema_for!(ApplyOut)),
        ("audit", schemars::schema_for!(AuditOut)),
        ("audit-verify", schemars::schema_for!(VerifyOut)),
        ("can", schemars::schema_for!(CanOut)),
        ("check", schemars::schema_for!(CheckOut)),
        ("doctor", schemars::schema_for!(DoctorOut)),
        ("diff", schemars::schema_for!(DiffOut<'static>)),
        ("explain", schemars::schema_for!(ExplainOut)),
        ("fix", schemars::schema_for!(FixOut)),
        ("history", schemars::schema_for!(HistoryOut)),
        ("init", schemars::schema_for!(InitOut)),
        ("log", schemars::schema_for!(LogOut)),
        ("matrix", schemars::schema_for!(MatrixOut)),
        ("merge-check", schemars::schema_for!(MergeCheckOut)),
        ("new-user", schemars::schema_for!(NewUserOut)),
        ("invite", schemars::schema_for!(InvitationsOut)),
        ("online", schemars::schema_for!(OnlineOut)),
        ("online-deed", schemars::schema_for!(DeedOut)),
        ("plan", schemars::schema_for!(PlanOut)),
        ("pull", schemars::schema_for!(PullOut)),
        ("reviewers", schemars::schema_for!(ReviewersOut)),
        ("rights", schemars::schema_for!(RightsOut)),
        ("saved-plan", schemars::schema_for!(SavedOut)),
        ("status", schemars::schema_for!(StatusOut)),
        ("upcoming", schemars::schema_for!(UpcomingOut)),
        ("versus", schemars::schema_for!(VersusOut)),
        ("what", schemars::schema_for!(WhatOut)),
        ("who", schemars::schema_for!(WhoOut)),
        ("why", schemars::schema_for!(WhyOut)),
    ]
}

/// An output as text, one line feed at its end. Characters that a terminal would obey are escaped, which JSON allows
/// in the only place where they can stand, inside of strings.
pub fn to_text<T: Serialize>(output: &T) -> String {
    let json = serde_json::to_string_pretty(output).unwrap_or_else(|error| format!("\"{error}\""));
    let mut text = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if is_forbidden(c) {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text.push('\n');
    text
}

fn file_and_line(sources: &Sources, place: Option<Place>) -> (Option<String>, Option<usize>) {
    let Some(place) = place else { return (None, None) };
    let file = sources.file(place.file);
    (Some(file.path().to_owned()), Some(file.position(place.span.start).line))
}

fn single(policy: &Policy, target: Option<Single>) -> Option<String> {
    target.map(|target| policy.target_key(target.into()).to_string())
}
