//! What is behind a change, in words: the edit with its place, or that somebody is new.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Cause, Caused, Change, Decided, Diff, Edit, Edited, Keys, Line as Written};
use crate::language::{IntoWord, Joint, Text, Word, list};
use crate::model::Effect;
use crate::model::key::{GroupKey, TargetKey};
use crate::name::{Name, RightName};
use crate::report::block::{Line, Tone};
use crate::report::view::place;
use crate::review::Sensitive;
use crate::say;
use crate::state::Key;

use super::{Shown, Unfold, is_gain};

/// How many edits of a cause are listed, unless all are wanted.
const EDITS: usize = 50;

/// A cause with all that it does.
pub(super) struct Explained<'d> {
    pub(super) diff: &'d Diff,
    /// The causes that are told as one: the same edit for several people, or several edits of which each person is
    /// concerned by some.
    pub(super) causes: Vec<&'d Cause>,
    /// Answers that changed, and whose.
    pub changes: Vec<(&'d Change, BTreeSet<&'d Name>)>,
}

/// What a change is about, whoever it is for.
type Told<'d> = (&'d RightName, Option<&'d Keys<TargetKey>>, &'d Option<Decided>, &'d Option<Decided>);

/// All changes by what is behind them. Members of one group for whom joining it does the same are told together.
pub(super) fn explained<'d>(diff: &'d Diff, gains: &'d [Caused], losses: &'d [Caused]) -> Vec<Explained<'d>> {
    // Who is new and who is gone have the same cause, and nothing in common.
    let mut by_cause: BTreeMap<(&Cause, bool), Vec<&Change>> = BTreeMap::new();
    for Caused { cause, change } in gains.iter().chain(losses) {
        let gone = cause.edits().is_empty() && !is_gain(change);
        by_cause.entry((cause, gone)).or_default().push(change);
    }
    let mut found: Vec<Explained<'d>> = Vec::new();
    let mut alike: BTreeMap<(&GroupKey, bool, Vec<Told<'d>>), usize> = BTreeMap::new();
    for ((cause, _), changes) in by_cause {
        if let Some((group, joins)) = joins(diff, cause) {
            let told = |change: &&'d Change| (&change.right, change.targets.as_ref(), &change.before, &change.after);
            let key = (group, joins, changes.iter().map(told).collect());
            if let Some(index) = alike.get(&key) {
                let known: &mut Explained<'d> = &mut found[*index];
                known.causes.push(cause);
                for ((_, users), change) in known.changes.iter_mut().zip(changes) {
                    users.extend(&change.users);
                }
                continue;
            }
            alike.insert(key, found.len());
        }
        let changes = changes.into_iter().map(|change| (change, change.users.iter().collect())).collect();
        found.push(Explained { diff, causes: vec![cause], changes });
    }
    found
}

/// The group that an edit lets somebody into or out of, if that is all that it does.
fn joins<'d>(diff: &'d Diff, cause: &Cause) -> Option<(&'d GroupKey, bool)> {
    let Cause::Each(edits) = cause else { return None };
    let [edit] = edits.as_slice() else { return None };
    let edit = &diff.edits[*edit];
    let (line, joins) = match (edit.removed.as_slice(), edit.added.as_slice()) {
        ([], [line]) => (line, true),
        ([line], []) => (line, false),
        _ => return None,
    };
    match &line.key {
        Key::Member { group, .. } if edit.what == Edited::Member => Some((group, joins)),
        _ => None,
    }
}

impl<'d> Explained<'d> {
    /// Gains of sensitive rights stand first, then other gains, then losses.
    pub fn rank(&self, sensitive: &Sensitive) -> u8 {
        let mut gains = self.changes.iter().map(|(change, _)| change).filter(|change| is_gain(change));
        let first = gains.next();
        match first {
            None => 2,
            Some(first) if sensitive.contains(&first.right) => 0,
            Some(_) if gains.any(|change| sensitive.contains(&change.right)) => 0,
            Some(_) => 1,
        }
    }

    /// The edits that are behind it, each once.
    pub fn edits(&self) -> impl Iterator<Item = &'d Edit> {
        let edits: BTreeSet<usize> = self.causes.iter().flat_map(|cause| cause.edits()).copied().collect();
        edits.into_iter().map(|edit| &self.diff.edits[edit])
    }

    /// Whether a line is one of the edits.
    pub fn is_edit(&self, line: &Written) -> bool {
        // What was read from a database has no place, and is known by its key.
        let is_line =
            |written: &Written| written.place == line.place && (line.place.is_some() || written.key == line.key);
        self.edits().any(|edit| edit.removed.iter().chain(&edit.added).any(is_line))
    }

    /// What is behind it, in words.
    pub fn title(&self, shown: Shown<'_>) -> Vec<Line> {
        let strong = |text: Text| Line::new().then(Tone::Strong, text);
        match self.causes[0] {
            Cause::People => vec![strong(self.people(shown))],
            Cause::Targets => vec![strong(self.targets())],
            Cause::Right => vec![strong(say!("the right is over something else than before"))],
            Cause::Each(edits) if edits.len() == 1 => match self.causes.len() {
                1 => vec![line_of(&self.diff.edits[edits[0]], shown)],
                _ => vec![self.members(shown)],
            },
            Cause::Each(_) if self.causes.len() > 1 => match shown.unfold {
                Unfold::Offered => self
                    .listed(say!("for each person several of these, any of them alone (--unfold tells which)"), shown),
                _ => self.listed(say!("for each person several of these, any of them alone"), shown),
            },
            Cause::Together(_) if self.causes.len() > 1 => match shown.unfold {
                Unfold::Offered => {
                    self.listed(say!("for each person several of these together (--unfold tells which)"), shown)
                }
                _ => self.listed(say!("for each person several of these together"), shown),
            },
            Cause::Each(_) => self.listed(say!("each of these alone"), shown),
            Cause::Together(_) => self.listed(say!("these together"), shown),
        }
    }

    fn listed(&self, title: Text, shown: Shown<'_>) -> Vec<Line> {
        let edits: Vec<&Edit> = self.edits().collect();
        let most = if shown.unfold == Unfold::Wanted { edits.len() } else { EDITS };
        let mut lines = vec![Line::new().then(Tone::Strong, title)];
        lines.extend(edits.iter().take(most).map(|edit| Line::from("- ").and(line_of(edit, shown))));
        if edits.len() > most {
            lines.push(
                Line::from("- ")
                    .then(Tone::Plain, say!("and {count} more edits", count = Word::Number(edits.len() - most))),
            );
        }
        lines
    }

    /// `new: pia (policies/people.yaml:3)`.
    fn people(&self, shown: Shown<'_>) -> Text {
        let users: BTreeSet<&Name> = self.changes.iter().flat_map(|(_, users)| users.iter().copied()).collect();
        let mut places: BTreeMap<&Name, String> = BTreeMap::new();
        for edit in &self.diff.edits {
            if let Edited::User(name) = &edit.what {
                places.insert(name, place_of(edit, shown));
            }
        }
        let named = users.into_iter().map(|user| match places.get(user) {
            Some(place) if !place.is_empty() => format!("{user} ({place})"),
            _ => user.to_string(),
        });
        self.come_or_go(list(named, Joint::Comma))
    }

    /// `over what is new: user:pia`.
    fn targets(&self) -> Text {
        let targets = self.over();
        let what = list(targets.iter().flatten().map(ToString::to_string), Joint::Comma);
        if self.is_gained() { say!("over what is new: {what}", what) } else { say!("over what is gone: {what}", what) }
    }

    /// Everything that it is over; `None` if that is nothing.
    pub(super) fn over(&self) -> Option<Keys<TargetKey>> {
        Keys::union_of(self.changes.iter().filter_map(|(change, _)| change.targets.as_ref()))
    }

    fn is_gained(&self) -> bool {
        self.changes.iter().any(|(change, _)| is_gain(change))
    }

    /// `new: pia`, or `gone: pia`.
    pub(super) fn come_or_go(&self, who: Word) -> Text {
        if self.is_gained() { say!("new: {who}", who) } else { say!("gone: {who}", who) }
    }

    /// `policies/groups/sales.yaml:12, 14  added: anna and ben in group:sales`.
    fn members(&self, shown: Shown<'_>) -> Line {
        let mut places: Vec<String> = Vec::new();
        let (mut members, mut last, mut of, mut added) = (Vec::new(), String::new(), String::new(), true);
        for edit in self.edits() {
            let at = place_of(edit, shown);
            // What was read from a database has no place.
            if !at.is_empty() {
                let (file, line) = at.rsplit_once(':').unwrap_or((&at, ""));
                places.push(if file == last { line.to_owned() } else { at.clone() });
                last = file.to_owned();
            }
            added = !edit.added.is_empty();
            if let Some(Written { key: Key::Member { group, member, validity }, .. }) =
                edit.added.first().or(edit.removed.first())
            {
                members.push(format!("{member}{validity}"));
                of = group.to_string();
            }
        }
        let who = list(members, Joint::And);
        let what = say!("{member} in {group}", member = who, group = of);
        placed(list(places, Joint::Names), action(what, added, shown.days))
    }
}

/// `policies/groups/sales.yaml:41  added: group:sales allows data.export`.
fn line_of(edit: &Edit, shown: Shown<'_>) -> Line {
    placed(place_of(edit, shown).into_word(), words(edit, shown.days))
}

fn placed(place: Word, words: Text) -> Line {
    let line =
        if place.is_empty() { Line::new() } else { Line::new().then(Tone::Quiet, place).then(Tone::Quiet, "  ") };
    line.then(Tone::Strong, words)
}

/// Where an edit stands: in the head, unless it was taken out.
pub(super) fn place_of(edit: &Edit, shown: Shown<'_>) -> String {
    place(shown.sources[usize::from(!edit.added.is_empty())], edit.place())
}

/// What was edited. Between two days something begins or ends instead.
pub(super) fn words(edit: &Edit, days: bool) -> Text {
    let Edit { what, removed, added } = edit;
    match what {
        Edited::User(name) => action(say!("user {name}", name), !added.is_empty(), days),
        Edited::Active(name, true) => say!("the account {name} is in use again", name),
        Edited::Active(name, false) => say!("the account {name} is no longer in use", name),
        Edited::Group(group) => action(say!("{group} with its members and rules", group), !added.is_empty(), days),
        Edited::ModuleSet(name) => say!("other modules in {set}", set = format!("module-set:{name}")),
        Edited::Rules | Edited::Member => match (removed.as_slice(), added.as_slice()) {
            ([], lines) => action(said(lines), true, days),
            (lines, []) => action(said(lines), false, days),
            (before, after) if before.iter().map(|line| &line.key).eq(after.iter().map(|line| &line.key)) => {
                say!("changed: {what}", what = said(after))
            }
            (before, after) => say!("changed: {after}; before: {before}", after = said(after), before = said(before)),
        },
    }
}

pub(super) fn action(what: Text, added: bool, days: bool) -> Text {
    match (added, days) {
        (true, false) => say!("added: {what}", what),
        (false, false) => say!("taken out: {what}", what),
        (true, true) => say!("begins: {what}", what),
        (false, true) => say!("ended: {what}", what),
    }
}

/// What some lines say.
fn said(lines: &[Written]) -> Text {
    let mut rules: BTreeMap<(String, Effect), Vec<String>> = BTreeMap::new();
    let mut all: Vec<Text> = Vec::new();
    for line in lines {
        match &line.key {
            Key::Rule { subject, right, target, effect, validity } => {
                let target = target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
                rules.entry((subject.to_string(), *effect)).or_default().push(format!("{right}{target}{validity}"));
            }
            Key::Member { group, member, validity } => {
                all.push(say!("{member} in {group}", member = format!("{member}{validity}"), group));
            }
            Key::Access(user) => all.push(say!("the online access of {user}", user)),
            key => all.push(say!("{key}", key)),
        }
    }
    all.extend(rules.into_iter().map(|((subject, effect), what)| {
        let what = list(what, Joint::And);
        match effect {
            Effect::Allow => say!("{subject} allows {what}", subject, what),
            Effect::Deny => say!("{subject} denies {what}", subject, what),
        }
    }));
    say!("{all}", all = list(all, Joint::And).into_word())
}
