//! What is missing for a yes, and the smallest edits that would turn an answer.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::{Language, Text};
use crate::model::{Policy, RuleId, Single, UserId};
use crate::repair::{Edit, Near, Repair, Written, anchor, item};
use crate::resolve::Shift;
use crate::text::Sources;

use super::{VERSION, file_and_line, single};

/// A group that would give what is refused, or a rule that gives it on another day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MissingOut {
    /// The group that the user is not in; `null` if it is a rule's period that is missing.
    pub group: Option<String>,
    /// On whom the rule is written that would give it.
    pub subject: String,
    /// The file that has the rule.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The first day of the membership or rule that is not in force on the day that was asked about.
    pub from: Option<String>,
    /// Its last day.
    pub until: Option<String>,
}

/// One line that would be otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditOut {
    /// `add`, `remove` or `change`.
    pub action: &'static str,
    /// `member`, `rule` or `account`.
    pub what: &'static str,
    /// Whose declaration it stands in: `user:NAME`, `group:NAME` or `role:NAME`.
    pub subject: String,
    /// `allow` or `deny`, for rules.
    pub effect: Option<&'static str>,
    /// What is written, taken out, or stands there afterwards.
    pub text: String,
    /// The file.
    pub file: Option<String>,
    /// The line that is changed, or of the name in whose declaration a line is added; from 1.
    pub line: Option<usize>,
}

/// Answers that would change alike: of each of these users, over each of these targets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShiftOut {
    /// About which right.
    pub right: String,
    /// Whose answers.
    pub users: Vec<String>,
    /// Over whom or what; `null` for plain rights.
    pub targets: Option<Vec<String>>,
    /// Whether what one does with one's own data is not meant, although one is among the targets.
    pub without_own: bool,
}

/// Edits that together would turn the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RepairOut {
    /// The number that `--fix` takes.
    pub number: usize,
    /// Of which kinds it is the best: `membership`, `group-rule`, `target`, `date`, `own-rule`, `account`.
    pub kinds: Vec<&'static str>,
    /// The edits; all of them are needed.
    pub edits: Vec<EditOut>,
    /// How many other answers would change, on the day that was asked about and in this company.
    pub radius: usize,
    /// What somebody would gain beside what was asked about.
    pub gains: Vec<ShiftOut>,
    /// What somebody would lose beside what was asked about.
    pub losses: Vec<ShiftOut>,
}

/// Lines of a file that are otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HunkOut {
    /// The file.
    pub file: String,
    /// The first of the lines, as the file is now; from 1.
    pub line: usize,
    /// What stood there.
    pub removed: Vec<String>,
    /// What stands there now.
    pub added: Vec<String>,
}

/// `rightful why QUESTION --fix NUMBER --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct FixOut {
    /// The version of this format.
    pub version: u32,
    /// The number of the repair.
    pub number: usize,
    /// The answer now.
    pub allowed: bool,
    /// What was written.
    pub changes: Vec<HunkOut>,
    /// Errors that `check` finds now and did not find before.
    pub errors: Vec<String>,
}

/// What is missing for a yes.
pub fn missing(policy: &Policy, sources: &Sources, near: &[Near]) -> Vec<MissingOut> {
    let out = |group: Option<String>, rule: RuleId, validity: Option<crate::date::Validity>| {
        let rule = policy.rule(rule);
        let (file, line) = file_and_line(sources, rule.place);
        let subject = policy.subject_key(rule.subject).to_string();
        let day = |day: Option<crate::date::Date>| day.map(|day| day.to_string());
        let (from, until) = validity.map_or((None, None), |validity| (day(validity.begins()), day(validity.ends())));
        MissingOut { group, subject, file, line, from, until }
    };
    let one = |near: &Near| match near {
        Near::Group { group, rule, dated } => {
            let dated = dated.map(|id| policy.membership(id).validity);
            out(Some(policy.group_subject(*group).to_string()), *rule, dated)
        }
        Near::Rule(rule) => out(None, *rule, Some(policy.rule(*rule).validity)),
    };
    near.iter().map(one).collect()
}

/// The smallest edits that would turn an answer.
pub fn repairs(policy: &Policy, sources: &Sources, repairs: &[Repair]) -> Vec<RepairOut> {
    let out = |(index, repair): (usize, &Repair)| RepairOut {
        number: index + 1,
        kinds: repair.kinds.iter().map(|kind| kind.as_str()).collect(),
        edits: repair.edits.iter().map(|edit| self::edit(policy, sources, edit)).collect(),
        radius: repair.radius(),
        gains: shifts(policy, &repair.shifts, true),
        losses: shifts(policy, &repair.shifts, false),
    };
    repairs.iter().enumerate().map(out).collect()
}

fn edit(policy: &Policy, sources: &Sources, edit: &Edit) -> EditOut {
    let group = |id| policy.group_subject(id).to_string();
    let of_rule = |line: &[RuleId]| {
        let first = line.first().map(|id| policy.rule(*id));
        first.map(|rule| (policy.subject_key(rule.subject).to_string(), rule.effect.as_str())).unzip()
    };
    let (action, what, (subject, effect)) = match edit {
        Edit::AddMember(_, into) => ("add", "member", (Some(group(*into)), None)),
        Edit::RemoveMember(id) => ("remove", "member", (Some(group(policy.membership(*id).group)), None)),
        Edit::DateMember(id, _) => ("change", "member", (Some(group(policy.membership(*id).group)), None)),
        Edit::AddRule { subject, effect, .. } => {
            ("add", "rule", (Some(policy.subject_key(*subject).to_string()), Some(effect.as_str())))
        }
        Edit::RemoveRule(line) => ("remove", "rule", of_rule(line)),
        Edit::DateRule(line, _) => ("change", "rule", of_rule(line)),
        Edit::SetActive(user, _) => ("change", "account", (Some(format!("user:{}", policy.users.key(*user))), None)),
    };
    let (file, line) = file_and_line(sources, anchor(policy, edit));
    let subject = subject.unwrap_or_default();
    EditOut { action, what, subject, effect, text: item(policy, edit).unwrap_or_default(), file, line }
}

fn shifts(policy: &Policy, shifts: &[Shift], gained: bool) -> Vec<ShiftOut> {
    let out = |shift: &Shift| ShiftOut {
        right: policy.rights.key(shift.right).to_string(),
        users: shift.users.iter().map(|user| policy.users.key(*user).to_string()).collect(),
        targets: (!shift.targets.is_empty()).then(|| {
            // Of one person the own data are left out here, of several `without_own` says so.
            let alone = shift.without_own && shift.users.len() == 1;
            let named = shift.targets.iter().filter(|target| !(alone && is_one_of(**target, &shift.users)));
            named.filter_map(|target| single(policy, Some(*target))).collect()
        }),
        without_own: shift.without_own
            && shift.users.len() > 1
            && shift.targets.iter().any(|target| is_one_of(*target, &shift.users)),
    };
    shifts.iter().filter(|shift| shift.gained == gained).map(out).collect()
}

fn is_one_of(target: Single, users: &[UserId]) -> bool {
    matches!(target, Single::User(user) if users.binary_search(&user).is_ok())
}

/// What was written of a repair.
pub fn fix(number: usize, allowed: bool, written: &[Written], errors: &[Text], language: Language) -> FixOut {
    let hunks = written.iter().flat_map(|file| {
        file.hunks.iter().map(|hunk| HunkOut {
            file: file.path.clone(),
            line: hunk.line,
            removed: hunk.removed.clone(),
            added: hunk.added.clone(),
        })
    });
    let errors = errors.iter().map(|error| error.to(language)).collect();
    FixOut { version: VERSION, number, allowed, changes: hunks.collect(), errors }
}
