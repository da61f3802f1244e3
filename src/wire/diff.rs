//! The difference of two policies: every answer that changed, one by one, and what is behind it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::diff::{Cause, Caused, Change, Decided, Declared, Diff, Edit, Edited, Later, Line, Moved};
use crate::language::Language;
use crate::name::Name;
use crate::review::{Compared, Judged, Required, Weakening};
use crate::state::Said;
use crate::text::Sources;

use super::gates::{GateOut, RequiredOut, approvals, gates};
use super::singles::{SingleOf, collect, singles};
use super::sums::SumOut;
use super::weakening::{WeakeningOut, weakenings};
use super::{VERSION, file_and_line};

/// `rightful diff --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiffOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// The base: the full id of a commit, else what it is called.
    pub base: String,
    /// The head.
    pub head: String,
    /// What people call the two.
    pub names: NamesOut,
    /// The day on which the two were compared; with `since` that of the head.
    pub on: String,
    /// The day of the base, where one policy was compared on two days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether nobody gains or loses anything, on that day or on any later one that was looked at.
    pub no_change: bool,
    /// What people gain, by company, user, right and target.
    #[schemars(with = "Vec<TurnOut>")]
    pub gains: Turns<'a>,
    /// What people lose.
    #[schemars(with = "Vec<TurnOut>")]
    pub losses: Turns<'a>,
    /// Answers that stayed, and are now given by another step or rule.
    #[schemars(with = "Vec<TurnOut>")]
    pub reasons: Turns<'a>,
    /// What people gain who are new, and lose who are gone, where these are more than a million answers: then they are not
    /// among `gains` and `losses`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub sums: Vec<SumOut<'a>>,
    /// What is declared otherwise.
    pub declared: Vec<DeclaredOut>,
    /// The edits that are behind gains and losses, by company; `cause.edits` holds positions in this list.
    pub edits: Vec<EditOut>,
    /// Who came into which group.
    pub joined: Vec<MovedOut>,
    /// Who left which group.
    pub left: Vec<MovedOut>,
    /// What later days bring beyond it.
    pub later: Vec<LaterOut<'a>>,
    /// The gates of the base and of the command line.
    pub gates: Vec<GateOut>,
    /// The approvals that it needs.
    pub reviewers: Vec<RequiredOut>,
    /// Everything by which the change weakens its own review.
    pub weakenings: Vec<WeakeningOut>,
}

/// What people call the two sides.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamesOut {
    /// The base.
    pub base: String,
    /// The head.
    pub head: String,
}

/// An answer that changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TurnOut {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The user.
    pub user: String,
    /// The right.
    pub right: String,
    /// Over whom or what; `null` for plain rights.
    pub target: Option<String>,
    /// The step that decides in the head.
    pub step: &'static str,
    /// The file of the rule that gives it: the head's for a gain, the base's for a loss.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// What the base said; `null` if it does not have the user, the target or the right.
    pub before: Option<DecidedOut>,
    /// What the head says.
    pub after: Option<DecidedOut>,
    /// What is behind it; `null` where only the reason changed.
    pub cause: Option<CauseOut>,
}

/// What was decided on a side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecidedOut {
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
    /// The rule that decided; `null` where none did.
    pub rule: Option<LineOut>,
}

/// A line of a policy.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineOut {
    /// What kind of thing it says.
    pub kind: &'static str,
    /// What it says.
    pub key: String,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// What is behind a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseOut {
    /// `each` (one edit alone; of several each alone would do), `together` (several, none alone), `people` (they are
    /// new or gone), `targets` (what it is over is new or gone), `right` (the right is over something else).
    pub kind: &'static str,
    /// Positions in `edits`.
    pub edits: Vec<usize>,
}

/// An edit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditOut {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// `user`, `active`, `group`, `module-set`, `rules` or `member`.
    pub what: &'static str,
    /// `changes` answers, is `inert`, or `waits`: nothing of it is in force on the day.
    pub effect: &'static str,
    /// What only the base says.
    pub removed: Vec<LineOut>,
    /// What only the head says.
    pub added: Vec<LineOut>,
}

/// Something that is declared otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeclaredOut {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// `create`, `update` or `delete`.
    pub action: &'static str,
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// Which field of it, for an update.
    pub field: Option<&'static str>,
    /// What the base says.
    pub before: serde_json::Value,
    /// What the head says.
    pub after: serde_json::Value,
    /// The file: the base's if it was taken out, else the head's.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Who came into a group or left it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MovedOut {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The group or role.
    pub group: String,
    /// Who.
    pub users: Vec<String>,
}

/// What a later day brings beyond all days before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LaterOut<'a> {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The day.
    pub on: String,
    /// What people gain from then on.
    #[schemars(with = "Vec<TurnOut>")]
    pub gains: Turns<'a>,
    /// What people lose.
    #[schemars(with = "Vec<TurnOut>")]
    pub losses: Turns<'a>,
}

/// The two sides of a comparison: what they are called, and their files.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// What people call the base and the head.
    pub names: [&'a str; 2],
    /// The ids of commits.
    pub commits: [Option<&'a str>; 2],
    /// The days on which each is asked.
    pub days: [crate::date::Date; 2],
    /// The files of each.
    pub sources: [&'a Sources; 2],
}

/// Single answers, put into words one at a time: there can be millions.
#[derive(Debug)]
pub struct Turns<'a> {
    sources: [&'a Sources; 2],
    parts: Vec<TurnsOf<'a>>,
}

/// Those of a company.
#[derive(Debug)]
struct TurnsOf<'a> {
    company: Option<&'a Name>,
    changes: Vec<(&'a Change, Option<&'a Cause>)>,
    /// Where the edits of the company begin.
    first_edit: usize,
}

impl Serialize for Turns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_part = |part| TurnsOf::singles(part).map(move |single| self.turn(part, &single));
        collect(serializer, self.parts.iter().flat_map(of_part))
    }
}

impl<'a> TurnsOf<'a> {
    fn singles(&self) -> impl Iterator<Item = SingleOf<'a, Option<&'a Cause>>> {
        singles(self.changes.iter().copied())
    }
}

impl<'a> Turns<'a> {
    fn new(sources: [&'a Sources; 2]) -> Self {
        Self { sources, parts: Vec::new() }
    }

    fn add(
        &mut self,
        company: Option<&'a Name>,
        changes: impl Iterator<Item = (&'a Change, Option<&'a Cause>)>,
        first_edit: usize,
    ) {
        self.parts.push(TurnsOf { company, changes: changes.collect(), first_edit });
    }

    fn turn(&self, part: &TurnsOf<'_>, row: &SingleOf<'_, Option<&Cause>>) -> TurnOut {
        let SingleOf { change, with: cause, .. } = row;
        let gives_after = change.after.as_ref().is_some_and(|after| after.allowed);
        let only_reason = cause.is_none();
        let side = usize::from(gives_after || only_reason);
        let rule = match (only_reason, &change.after) {
            (true, Some(after)) => after.rule.as_ref(),
            _ => change.rule(),
        };
        let (file, line) = file_and_line(self.sources[side], rule.and_then(|rule| rule.place));
        TurnOut {
            company: part.company.map(ToString::to_string),
            user: row.user.to_string(),
            right: change.right.to_string(),
            target: row.target.map(ToString::to_string),
            step: change.step().as_str(),
            file,
            line,
            before: change.before.as_ref().map(|decided| self.decided(0, decided)),
            after: change.after.as_ref().map(|decided| self.decided(1, decided)),
            cause: cause.map(|cause| CauseOut {
                kind: match cause {
                    Cause::People => "people",
                    Cause::Targets => "targets",
                    Cause::Right => "right",
                    Cause::Each(_) => "each",
                    Cause::Together(_) => "together",
                },
                edits: cause.edits().iter().map(|edit| part.first_edit + edit).collect(),
            }),
        }
    }

    fn decided(&self, side: usize, decided: &Decided) -> DecidedOut {
        DecidedOut {
            allowed: decided.allowed,
            step: decided.step.as_str(),
            rule: decided.rule.as_ref().map(|rule| line(self.sources[side], rule)),
        }
    }
}

fn line(sources: &Sources, written: &Line) -> LineOut {
    let (file, line) = file_and_line(sources, written.place);
    LineOut { kind: written.key.kind().as_str(), key: written.key.to_string(), file, line }
}

/// What was found out besides gains and losses.
#[derive(Debug, Clone, Copy)]
pub struct Reviewed<'a> {
    /// What the settings say otherwise.
    pub declared: &'a [Declared],
    /// The gates with their verdicts.
    pub gates: &'a [Judged<'a>],
    /// The approvals that are needed.
    pub required: &'a [Required<'a>],
    /// The files in which gates and reviewers stand.
    pub rules: &'a Sources,
    /// By what the change weakens its own review.
    pub weakenings: &'a [Weakening],
    /// The language of messages.
    pub language: Language,
}

/// The difference of two repositories.
pub fn diff<'a>(ends: Ends<'a>, companies: &'a [Compared<'a>], reviewed: Reviewed<'_>) -> DiffOut<'a> {
    let turns = || Turns::new(ends.sources);
    let id = |side: usize| ends.commits[side].unwrap_or(ends.names[side]).to_owned();
    let mut out = DiffOut {
        version: VERSION,
        base: id(0),
        head: id(1),
        names: NamesOut { base: ends.names[0].to_owned(), head: ends.names[1].to_owned() },
        on: ends.days[1].to_string(),
        since: (ends.days[0] != ends.days[1]).then(|| ends.days[0].to_string()),
        no_change: companies.iter().all(Compared::changes_nothing),
        gains: turns(),
        losses: turns(),
        reasons: turns(),
        sums: Vec::new(),
        declared: reviewed.declared.iter().map(|item| self::declared(ends.sources, None, item)).collect(),
        edits: Vec::new(),
        joined: Vec::new(),
        left: Vec::new(),
        later: Vec::new(),
        gates: gates(reviewed.rules, reviewed.gates),
        reviewers: approvals(reviewed.rules, reviewed.required, &BTreeSet::new()),
        weakenings: weakenings(reviewed.weakenings, ends.sources[0], ends.sources[1], reviewed.language),
    };
    for Compared { company, diff, later, .. } in companies {
        let company = *company;
        let first = out.edits.len();
        out.gains.add(company, caused(&diff.gains), first);
        out.losses.add(company, caused(&diff.losses), first);
        out.reasons.add(company, diff.reasons.iter().map(|change| (change, None)), first);
        out.sums.extend(diff.sums.iter().map(|sum| SumOut::new(company, sum)));
        out.declared.extend(diff.declared.iter().map(|item| self::declared(ends.sources, company, item)));
        out.edits.extend(edits(ends.sources, company, diff));
        out.joined.extend(diff.joined.iter().map(|moved| self::moved(company, moved)));
        out.left.extend(diff.left.iter().map(|moved| self::moved(company, moved)));
        for Later { day, whole, gains, losses } in later.iter().filter(|later| !later.changes_nothing()) {
            let first = out.edits.len();
            out.edits.extend(edits(ends.sources, company, whole));
            let mut later = LaterOut {
                company: company.map(ToString::to_string),
                on: day.to_string(),
                gains: turns(),
                losses: turns(),
            };
            later.gains.add(company, caused(gains), first);
            later.losses.add(company, caused(losses), first);
            out.later.push(later);
        }
    }
    out
}

fn caused(changes: &[Caused]) -> impl Iterator<Item = (&Change, Option<&Cause>)> {
    changes.iter().map(|caused| (&caused.change, Some(&caused.cause)))
}

fn edits<'d>(
    sources: [&'d Sources; 2],
    company: Option<&'d Name>,
    diff: &'d Diff,
) -> impl Iterator<Item = EditOut> + 'd {
    diff.edits.iter().enumerate().map(move |(number, edit)| {
        let Edit { what, removed, added } = edit;
        let lines = |side: usize, all: &[Line]| all.iter().map(|written| line(sources[side], written)).collect();
        EditOut {
            company: company.map(ToString::to_string),
            what: match what {
                Edited::User(_) => "user",
                Edited::Active(..) => "active",
                Edited::Group(_) => "group",
                Edited::ModuleSet(_) => "module-set",
                Edited::Rules => "rules",
                Edited::Member => "member",
            },
            effect: if diff.waiting.contains(&number) {
                "waits"
            } else if diff.inert.contains(&number) {
                "inert"
            } else {
                "changes"
            },
            removed: lines(0, removed),
            added: lines(1, added),
        }
    })
}

fn declared(sources: [&Sources; 2], company: Option<&Name>, item: &Declared) -> DeclaredOut {
    let said = |said: &Option<Said>| Said::json_of(said.as_ref());
    let side = usize::from(item.after.is_some());
    let (file, line) = file_and_line(sources[side], item.place);
    DeclaredOut {
        company: company.map(ToString::to_string),
        action: item.action.as_str(),
        kind: item.kind,
        key: item.key.clone(),
        field: item.field,
        before: said(&item.before),
        after: said(&item.after),
        file,
        line,
    }
}

fn moved(company: Option<&Name>, moved: &Moved) -> MovedOut {
    MovedOut {
        company: company.map(ToString::to_string),
        group: moved.group.to_string(),
        users: moved.users.iter().map(ToString::to_string).collect(),
    }
}
