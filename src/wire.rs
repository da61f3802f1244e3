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
mod matrix;
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
mod singles;
mod sums;
mod upcoming;
mod versus;
mod weakening;
mod who;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::model::{Policy, Single};
use crate::syntax::characters::is_forbidden;
use crate::text::{Place, Sources};

pub use answers::{
    CanOut, HeldOut, MembershipOut, QuestionOut, RightOut, RightsOut, RuleOut, WhatOut, WhyOut, can, rights, what, why,
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
pub use matrix::{MatrixOut, RowOut, Rows as MatrixRows, matrix};
pub use members::{MemberOut, members};
pub use merge_check::{BroughtOut, MergeCheckOut, Rows, merge_check};
pub use new_user::{AddedOut, NewUserOut, new_user};
pub use online::{
    DeedOut, InvitationOut, InvitationsOut, OnlineOut, PersonOut, PlacesOut, UnsentOut, deed, invitations, online,
};
pub use plan::{
    ApplyOut, ChangeOut, ConflictOut, EffectOut, Effects, GrantOut, GrantsOut, PlanOut, apply, plan, plan_online,
};
pub use policy::{policy_schema, settings_schema};
pub use pull::{LeftOut, PullOut, TakenOut, pull};
pub use reason::ReasonOut;
pub use repair::{EditOut, FixOut, HunkOut, MissingOut, RepairOut, ShiftOut, fix, missing, repairs};
pub use saved::{PROGRAM, SavedFrom, SavedOut, SavedPlan, Unreadable, read_saved, saved};
pub use service::{CheckedOut, CompanyStatusOut, DoctorOut, ExaminedOut, StatusOut, SyncRunOut, doctor, status};
pub use sums::{Names, SumOut};
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
        ("matrix", schemars::schema_for!(MatrixOut<'static>)),
        ("merge-check", schemars::schema_for!(MergeCheckOut<'static>)),
        ("new-user", schemars::schema_for!(NewUserOut)),
        ("invite", schemars::schema_for!(InvitationsOut)),
        ("online", schemars::schema_for!(OnlineOut)),
        ("online-deed", schemars::schema_for!(DeedOut)),
        ("plan", schemars::schema_for!(PlanOut<'static>)),
        ("pull", schemars::schema_for!(PullOut)),
        ("reviewers", schemars::schema_for!(ReviewersOut)),
        ("rights", schemars::schema_for!(RightsOut)),
        ("saved-plan", schemars::schema_for!(SavedOut<'static>)),
        ("status", schemars::schema_for!(StatusOut)),
        ("upcoming", schemars::schema_for!(UpcomingOut<'static>)),
        ("versus", schemars::schema_for!(VersusOut)),
        ("what", schemars::schema_for!(WhatOut)),
        ("who", schemars::schema_for!(WhoOut)),
        ("why", schemars::schema_for!(WhyOut)),
    ]
}

/// Writes an output as [`to_text`] says it, row by row, so that it never stands in memory as a whole.
///
/// # Errors
/// If it cannot be written.
pub fn write<T: Serialize>(output: &T, to: &mut dyn Write) -> io::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(&mut *to, Harmless(PrettyFormatter::new()));
    output.serialize(&mut json)?;
    to.write_all(b"\n")
}

/// Pretty JSON that no terminal obeys.
struct Harmless(PrettyFormatter<'static>);

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_forbidden(*c)) {
            to.write_all(&rest.as_bytes()[..at])?;
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(to, "\\u{unit:04x}"))?;
            rest = &rest[at + c.len_utf8()..];
        }
        to.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_array(to)
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array(to)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array_value(to)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object(to)
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object(to)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object_value(to)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object_value(to)
    }
}

/// An output as text, one line feed at its end. Characters that a terminal would obey are escaped, which JSON allows
/// in the only place where they can stand, inside of strings.
pub fn to_text<T: Serialize>(output: &T) -> String {
    let mut text = Vec::new();
    match write(output, &mut text) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => format!("\"{error}\"\n"),
    }
}

fn file_and_line(sources: &Sources, place: Option<Place>) -> (Option<String>, Option<usize>) {
    let Some(place) = place else { return (None, None) };
    let file = sources.file(place.file);
    (Some(file.path().to_owned()), Some(file.position(place.span.start).line))
}

fn single(policy: &Policy, target: Option<Single>) -> Option<String> {
    target.map(|target| policy.target_key(target.into()).to_string())
}
