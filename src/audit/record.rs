//! The entries of a target as runs again, and those of them that somebody asks for.
//!
//! Reads leniently: what somebody rewrote is told as it stands, since who looks at a record wants to see just that.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::date::Date;
use crate::name::{Name, RightName};

use super::{Entry, Part, Run, body};

/// What somebody wants to see; everything, if nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The number of a run.
    pub run: Option<i64>,
    /// Runs of this day and later ones.
    pub since: Option<Date>,
    /// Runs of this day and earlier ones.
    pub until: Option<Date>,
    /// Entries about this user: who gained or lost something, or about whom something was written.
    pub user: Option<Name>,
    /// Entries about this right.
    pub right: Option<RightName>,
    /// Entries of these parts; of all, if there are none.
    pub parts: Vec<Part>,
}

/// One run as it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub number: i64,
    /// Who carried it out, when, where and of which revision.
    pub run: Run,
    /// The revision that was in force before; `None` if the run before was of none.
    pub before: Option<String>,
    /// How it ended.
    pub ended: Ended,
    /// The hash of its last entry.
    pub head: Option<String>,
    /// The entries that were asked for, without the one about the run itself.
    pub entries: Vec<Told>,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ended {
    /// It was carried out.
    Applied {
        /// Identifies the plan.
        fingerprint: Option<String>,
        /// How many changes were written.
        changes: usize,
        /// How many conflicts were settled.
        conflicts: usize,
        /// How many rights people gained.
        gains: u64,
        /// How many rights people lost.
        losses: u64,
    },
    /// It was refused or failed, and why.
    Refused(String),
    /// The record does not say it: somebody rewrote the entry, or took it out.
    #[default]
    Unknown,
}

/// One entry, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its place in the chain.
    pub seq: i64,
    /// The word of its part.
    pub part: String,
    /// What it tells; a text, if it is no JSON.
    pub body: Value,
}

/// What a record is about, whatever is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The numbers of its runs.
    pub runs: BTreeSet<i64>,
    /// Every user that it names, by all names that they had; gathered only if somebody is asked for.
    pub users: BTreeSet<String>,
    /// Every right that it names; gathered only if one is asked for.
    pub rights: BTreeSet<String>,
}

/// Takes entries one by one and keeps what is asked for.
#[derive(Debug, Default)]
pub struct Reader {
    filter: Filter,
    runs: Vec<Recorded>,
    known: Known,
    /// The run whose entries are being read.
    current: Option<Recorded>,
    /// The revision of the last run that was carried out.
    in_force: Option<String>,
}

impl Reader {
    /// One that keeps what a filter lets through.
    pub fn of(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Takes the next entry.
    pub fn feed(&mut self, entry: &Entry) {
        if self.current.as_ref().is_none_or(|current| current.number != entry.run) {
            self.close();
            self.known.runs.insert(entry.run);
            let before = self.in_force.clone();
            self.current = Some(Recorded { number: entry.run, before, ..Recorded::default() });
        }
        let Some(current) = &mut self.current else { return };
        current.head.clone_from(&entry.hash);
        let body = serde_json::from_str(&entry.body).unwrap_or_else(|_| Value::String(entry.body.clone()));
        match (entry.part(), &mut current.ended) {
            (Some(Part::Run), _) => {
                (current.run, current.ended) = (body::read_who(&body), body::read_end(&body));
                return;
            }
            (Some(Part::Override), _) => current.run.overrides.push(body::read_put_aside(&body)),
            (Some(Part::Change), Ended::Applied { changes, .. }) => *changes += 1,
            (Some(Part::Conflict), Ended::Applied { conflicts, .. }) => *conflicts += 1,
            _ => {}
        }
        let told = Told { seq: entry.seq, part: entry.part.clone(), body };
        if self.filter.user.is_some() {
            self.known.users.extend(told.users().map(str::to_owned));
        }
        if self.filter.right.is_some() {
            self.known.rights.extend(told.rights().map(str::to_owned));
        }
        if self.filter.wants(&told) {
            current.entries.push(told);
        }
    }

    /// What all entries so far are about.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The runs that have something of what was asked for, the oldest first.
    pub fn finish(mut self) -> Vec<Recorded> {
        self.close();
        self.runs
    }

    fn close(&mut self) {
        let Some(recorded) = self.current.take() else { return };
        if matches!(recorded.ended, Ended::Applied { .. }) {
            self.in_force.clone_from(&recorded.run.revision);
        }
        if self.filter.wants_run(&recorded) {
            self.runs.push(recorded);
        }
    }
}

impl Filter {
    /// Whether only some entries are asked for.
    fn narrows(&self) -> bool {
        self.user.is_some() || self.right.is_some() || !self.parts.is_empty()
    }

    fn wants_run(&self, recorded: &Recorded) -> bool {
        let day = recorded.run.applied_at.get(..10).unwrap_or_default();
        let itself = self.parts.contains(&Part::Run) && self.user.is_none() && self.right.is_none();
        self.run.is_none_or(|number| number == recorded.number)
            && self.since.is_none_or(|since| *day >= *since.to_string())
            && self.until.is_none_or(|until| *day <= *until.to_string())
            && (!self.narrows() || itself || !recorded.entries.is_empty())
    }

    fn wants(&self, told: &Told) -> bool {
        (self.parts.is_empty() || self.parts.iter().any(|part| part.as_str() == told.part))
            && self.user.as_ref().is_none_or(|user| told.users().any(|named| named == user.as_str()))
            && self.right.as_ref().is_none_or(|right| told.rights().any(|named| named == right.as_str()))
    }
}

impl Told {
    /// What it tells under a key, if that is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body[key].as_str()
    }

    /// The texts under a key.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        self.body[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The words of the key, which reads as the grammar writes members and rules.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.text("key").unwrap_or_default().split(' ')
    }

    /// The users that it is about, with their names of before. A rename tells the old one as a value.
    fn users(&self) -> impl Iterator<Item = &str> {
        let is_account = matches!(self.text("kind"), Some("user" | "access"));
        let account = self.text("key").filter(|_| is_account);
        let was_called = self.text("before").filter(|_| is_account && self.text("field") == Some("id"));
        let named = self.words().filter_map(|word| word.strip_prefix("user:"));
        self.texts("users").into_iter().chain(account).chain(was_called).chain(named)
    }

    /// The rights that it is about.
    fn rights(&self) -> impl Iterator<Item = &str> {
        let is_about_rights = matches!(self.text("kind"), Some("right" | "rule"));
        let named = self.words().filter(move |word| is_about_rights && RightName::new(word).is_some());
        self.text("right").into_iter().chain(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Head, Remembered, entries, failure};
    use crate::plan::{Desired, Drift, Reading, plan};
    use crate::testing::{compiled, day};

    /// Three runs: two that were carried out, and one that failed in between.
    fn record() -> Vec<Entry> {
        let mut record: Vec<Entry> = Vec::new();
        let mut reading = Reading::default();
        let head = |record: &[Entry]| record.last().map(Entry::head).unwrap_or_default();
        let policies = [
            "users: { lars: { allow: [data.export] }, anna: }\ngroups: { sales: { members: [lars] } }\n",
            "users: { lara: { renamed_from: lars }, anna: { allow: [calendar.see of lara] } }\ngroups: { sales: { members: [anna] } }\n",
        ];
        for (number, policy) in [1, 3].into_iter().zip(policies) {
            let policy = compiled(policy).policy;
            let desired = Desired::of(None, &policy);
            let plan = plan(&reading, &desired, day("2026-11-22"), Drift::Revert, |_| None);
            let run = Run {
                applied_at: format!("2026-11-2{number}T08:00:00Z"),
                revision: Some(format!("rev{number}")),
                on: (number == 1).then(|| day("2026-11-21")),
                ..Run::default()
            };
            let after = plan.remembered();
            let remembered = Remembered { before: reading.base.as_ref(), after: &after };
            record.extend(entries(&plan, &run, number, &head(&record), remembered));
            if number == 1 {
                let run = Run { applied_at: "2026-11-22T08:00:00Z".to_owned(), ..Run::default() };
                record.push(failure(&run, "no room", 2, &head(&record)));
            }
            reading =
                Reading { base: Some(crate::plan::as_base(&plan.after)), actual: plan.after, ..Reading::default() };
        }
        record
    }

    fn read(filter: Filter) -> Vec<Recorded> {
        let mut reader = Reader::of(filter);
        record().iter().for_each(|entry| reader.feed(entry));
        reader.finish()
    }

    fn numbers(filter: Filter) -> Vec<(i64, usize)> {
        read(filter).iter().map(|run| (run.number, run.entries.len())).collect()
    }

    #[test]
    fn runs_are_told_with_the_revision_before() {
        let runs = read(Filter::default());
        let told: Vec<_> =
            runs.iter().map(|one| (one.number, one.run.revision.as_deref(), one.before.as_deref())).collect();
        assert_eq!(told, [(1, Some("rev1"), None), (2, None, Some("rev1")), (3, Some("rev3"), Some("rev1"))]);
        assert_eq!(runs[1].ended, Ended::Refused("no room".to_owned()));
        assert!(matches!(runs[2].ended, Ended::Applied { changes: 5, gains: 1, losses: 1, .. }), "{:?}", runs[2]);
        assert_eq!(runs[0].run.on, Some(day("2026-11-21")));
        assert_eq!(runs[2].head, record().last().and_then(|entry| entry.hash.clone()));
    }

    #[test]
    fn filters_keep_what_was_asked_for() {
        let user = |name: &str| Filter { user: Name::new(name).ok(), ..Filter::default() };
        let right = |name: &str| Filter { right: RightName::new(name), ..Filter::default() };
        assert_eq!(numbers(Filter { run: Some(2), ..Filter::default() }), [(2, 0)]);
        let days = Filter { since: Some(day("2026-11-22")), until: Some(day("2026-11-22")), ..Filter::default() };
        assert_eq!(numbers(days), [(2, 0)]);
        let told = |filter: Filter| -> Vec<String> {
            let runs = read(filter);
            let entries = runs.iter().flat_map(|run| run.entries.iter().map(move |told| (run.number, told)));
            entries
                .map(|(run, told)| format!("{run} {} {}", told.part, told.text("key").or(told.text("right")).unwrap()))
                .collect()
        };
        insta::assert_snapshot!(told(user("lars")).join("\n"), @"
        1 change lars
        1 change group:sales user:lars
        1 change user:lars allow data.export
        1 gain data.export
        3 change lara
        ");
        insta::assert_snapshot!(told(user("anna")).join("\n"), @"
        1 change anna
        3 change group:sales user:anna
        3 change user:anna allow calendar.see of user:lara
        3 gain calendar.see
        ");
        insta::assert_snapshot!(told(right("data.export")).join("\n"), @"
        1 change data.export
        1 change user:lars allow data.export
        1 gain data.export
        3 change user:lara allow data.export
        3 loss data.export
        ");
        let losses = Filter { parts: vec![Part::Loss], ..Filter::default() };
        assert_eq!(told(losses), ["3 loss data.export"]);
        assert_eq!(numbers(Filter { parts: vec![Part::Run], ..Filter::default() }), [(1, 0), (2, 0), (3, 0)]);
    }

    #[test]
    fn what_somebody_rewrote_is_told_as_it_stands() {
        let mut reader = Reader::default();
        let entry = |part: &str, body: &str| Entry {
            seq: 1,
            run: 7,
            part: part.to_owned(),
            body: body.to_owned(),
            hash: Head::default().hash,
        };
        reader.feed(&entry("run", "[]"));
        reader.feed(&entry("gian", "not JSON"));
        let runs = reader.finish();
        assert_eq!((runs[0].number, runs[0].run.applied_at.as_str()), (7, ""));
        assert_eq!(runs[0].entries[0].body, Value::String("not JSON".to_owned()));
        assert_eq!(runs[0].ended, Ended::Unknown);
    }

    #[test]
    fn a_run_whose_entry_does_not_say_how_it_ended_is_not_taken_for_a_success() {
        for body in ["{}", r#"{"applied_at":"2026-11-24T08:00:00Z","revision":"rev4"}"#, r#"{"outcome":"error"}"#] {
            let mut reader = Reader::default();
            let mut entries = record();
            entries[0].body = body.to_owned();
            entries.iter().for_each(|entry| reader.feed(entry));
            let runs = reader.finish();
            assert_eq!(runs[0].ended, Ended::Unknown, "{body}");
            // What nobody knows to have been applied was not in force.
            assert_eq!((runs.len(), runs[1].before.as_deref()), (3, None), "{body}");
        }
    }
}
