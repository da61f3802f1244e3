//! What the calendar will change: `upcoming`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::date::Date;
use crate::diff::{Turn, Turning};
use crate::model::{Member, Policy};
use crate::text::Sources;

use super::{EffectOut, Effects, VERSION, file_and_line};

/// A membership or rule that begins or ends.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseOut {
    /// `member` or `rule`.
    pub kind: &'static str,
    /// The member, as `user:NAME`, `group:NAME` or `everyone`; or the rule, as `allow RIGHT of TARGET`.
    pub what: String,
    /// Of a membership the group or role.
    pub group: Option<String>,
    /// Of a rule on whom it is written.
    pub subject: Option<String>,
    /// The first day, if it begins.
    pub begins: Option<String>,
    /// The last day, if it ends: the day before this one.
    pub ends: Option<String>,
    /// The file that has it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The reason that is written with it.
    pub because: Option<String>,
}

/// A day on which something begins, or before which something ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DayOut<'a> {
    /// The day.
    pub day: String,
    /// What somebody may do from that day on.
    #[schemars(with = "Vec<EffectOut>")]
    pub gains: Effects<'a>,
    /// What somebody may not do any more from that day on.
    #[schemars(with = "Vec<EffectOut>")]
    pub losses: Effects<'a>,
    /// Everything that begins that day or ended the day before.
    pub because: Vec<CauseOut>,
}

/// `rightful upcoming --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct UpcomingOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// The first day that is looked at.
    pub from: String,
    /// The last day that is looked at.
    pub until: String,
    /// Every day on which something begins or has just ended.
    pub days: Vec<DayOut<'a>>,
}

/// What will change, day by day.
pub fn upcoming<'a>(
    policy: &Policy,
    sources: &'a Sources,
    [from, until]: [Date; 2],
    turns: &'a [Turn],
) -> UpcomingOut<'a> {
    let day = |turn: &'a Turn| DayOut {
        day: turn.day.to_string(),
        gains: Effects::new(sources, &turn.effective.gains),
        losses: Effects::new(sources, &turn.effective.losses),
        because: turn.causes.iter().map(|of| cause(policy, sources, *of, turn.day)).collect(),
    };
    let days = turns.iter().map(day).collect();
    UpcomingOut { version: VERSION, from: from.to_string(), until: until.to_string(), days }
}

fn cause(policy: &Policy, sources: &Sources, cause: Turning, day: Date) -> CauseOut {
    let validity = cause.validity(policy);
    let begins = cause.begins_on(policy, day);
    let shown = |date: Option<Date>| date.map(|date| date.to_string());
    let (begins, ends) = if begins { (shown(validity.begins()), None) } else { (None, shown(validity.ends())) };
    let (kind, what, group, subject, place, because) = match cause {
        Turning::Member(id) => {
            let membership = policy.membership(id);
            let member = match membership.member {
                Member::Everyone => "everyone".to_owned(),
                Member::User(user) => format!("user:{}", policy.users.key(user)),
                Member::Group(group) => policy.group_subject(group).to_string(),
            };
            let group = policy.group_subject(membership.group).to_string();
            ("member", member, Some(group), None, membership.place, &membership.because)
        }
        Turning::Rule(id) => {
            let rule = policy.rule(id);
            let target = rule.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
            let what = format!("{} {}{target}", rule.effect.as_str(), policy.rights.key(rule.right));
            ("rule", what, None, Some(policy.subject_key(rule.subject).to_string()), rule.place, &rule.because)
        }
    };
    let (file, line) = file_and_line(sources, place);
    CauseOut { kind, what, group, subject, begins, ends, file, line, because: because.as_deref().map(str::to_owned) }
}
