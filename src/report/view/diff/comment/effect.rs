//! Who gains and who loses in one line, and right by right.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Change, Sum};
use crate::language::{Joint, Text, Word, list};
use crate::name::{Name, RightName};
use crate::report::block::{Line, Page, Tone};
use crate::report::view::count;
use crate::review::Sensitive;
use crate::say;
use crate::syntax::gate::Turn;

use super::super::folded::{some_people, some_rights};
use super::super::is_gain;
use super::{Comment, shortened};

/// What some changes do: gains first, then losses.
#[derive(Debug, Default)]
pub struct Effect<'a> {
    sides: [(BTreeSet<&'a Name>, BTreeSet<&'a RightName>); 2],
}

impl<'a> Effect<'a> {
    /// Adds changes up.
    pub fn of<U: Iterator<Item = &'a Name>>(changes: impl Iterator<Item = (&'a Change, U)>) -> Self {
        let mut effect = Self::default();
        for (change, users) in changes {
            let (people, rights) = &mut effect.sides[usize::from(!is_gain(change))];
            people.extend(users);
            rights.insert(&change.right);
        }
        effect
    }

    /// Adds up what is told in sum.
    pub fn of_sums(sums: &[&'a Sum]) -> Self {
        let mut effect = Self::default();
        for sum in sums {
            let (people, rights) = &mut effect.sides[usize::from(sum.turn == Turn::Loss)];
            people.extend(&sum.users);
            rights.insert(&sum.right);
        }
        effect
    }

    /// `anna gains data.export; 12 people lose 5 rights`.
    pub fn said(&self) -> Text {
        let [(gainers, gained), (losers, lost)] = &self.sides;
        let gain = |who: Text, what: Text| match gainers.len() {
            1 => say!("{who} gains {what}", who, what),
            _ => say!("{who} gain {what}", who, what),
        };
        let lose = |who: Text, what: Text| match losers.len() {
            1 => say!("{who} loses {what}", who, what),
            _ => say!("{who} lose {what}", who, what),
        };
        let gain = gain(some_people(gainers), some_rights(gained));
        let lose = lose(some_people(losers), some_rights(lost));
        match (gainers.is_empty(), losers.is_empty()) {
            (false, false) => say!("{gain}; {lose}", gain, lose),
            (false, true) => gain,
            (true, _) => lose,
        }
    }
}

/// Everybody who gains or loses something, company by company: one name may be two people.
#[derive(Default)]
struct Counts<'a> {
    people: [BTreeSet<(usize, &'a Name)>; 2],
    sensitive: BTreeSet<&'a RightName>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, company: usize, change: &'a Change, sensitive: &Sensitive) {
        self.people[usize::from(!is_gain(change))].extend(change.users.iter().map(|user| (company, user)));
        if is_gain(change) && sensitive.contains(&change.right) {
            self.sensitive.insert(&change.right);
        }
    }

    fn add_sum(&mut self, company: usize, sum: &'a Sum, sensitive: &Sensitive) {
        let side = usize::from(sum.turn == Turn::Loss);
        self.people[side].extend(sum.users.iter().map(|user| (company, user)));
        if sum.turn == Turn::Gain && sensitive.contains(&sum.right) {
            self.sensitive.insert(&sum.right);
        }
    }

    /// `12 people gain rights, among them the sensitive data.export; 1 person loses rights`.
    fn said(&self) -> Text {
        let gain = match self.people[0].len() {
            1 => say!("1 person gains rights"),
            many => say!("{people} gain rights", people = count::people(many)),
        };
        let gain = if self.sensitive.is_empty() {
            gain
        } else {
            say!("{gain}, among them the sensitive {rights}", gain, rights = few(&self.sensitive))
        };
        let lose = match self.people[1].len() {
            1 => say!("1 person loses rights"),
            many => say!("{people} lose rights", people = count::people(many)),
        };
        match self.people.each_ref().map(BTreeSet::is_empty) {
            [false, false] => say!("{gain}; {lose}", gain, lose),
            [false, true] => gain,
            [true, _] => lose,
        }
    }
}

/// The most sensitive rights that the first line names, and the longest of them.
const NAMED: [usize; 2] = [5, 100];

fn few(rights: &BTreeSet<&RightName>) -> Word {
    if rights.len() <= NAMED[0] {
        list(rights.iter().map(|right| shortened(&right.to_string(), NAMED[1])), Joint::And)
    } else {
        Word::Said(count::rights(rights.len()))
    }
}

/// The essential, with the sensitive rights that somebody gains.
pub(super) fn headline(comment: &Comment<'_>) -> Line {
    let (mut now, mut then, mut first) = (Counts::default(), Counts::default(), None);
    let sensitive = comment.shown.sensitive;
    for (number, company) in comment.companies.iter().enumerate() {
        for caused in company.diff.gains.iter().chain(&company.diff.losses) {
            now.add(number, &caused.change, sensitive);
        }
        company.diff.sums.iter().for_each(|sum| now.add_sum(number, sum, sensitive));
        for later in &company.later {
            first = Some(first.map_or(later.day, |day| later.day.min(day)));
            for caused in later.gains.iter().chain(&later.losses) {
                then.add(number, &caused.change, sensitive);
            }
        }
    }
    let nothing = now.people.iter().all(BTreeSet::is_empty);
    match first {
        None if nothing => say!("No effective change").into(),
        Some(day) if nothing => {
            say!("No effective change today; from {day} on {effect}", day, effect = then.said()).into()
        }
        _ => now.said().into(),
    }
}

/// The most rights that are counted one by one.
const RIGHTS: usize = 100;

/// How many people gain and lose each right, the sensitive first.
pub(super) fn rights(page: &mut Page, comment: &Comment<'_>) {
    let companies = || comment.companies.iter().enumerate();
    let now = companies().map(|(number, company)| (number, company.diff.gains.iter().chain(&company.diff.losses)));
    let now = now.flat_map(|(number, all)| all.map(move |caused| (number, &caused.change)));
    let in_sum = companies().flat_map(|(number, company)| company.diff.sums.iter().map(move |sum| (number, sum)));
    table(page, now.collect(), in_sum.collect(), comment.shown.sensitive);
    let then: Vec<(usize, &Change)> = companies()
        .flat_map(|(number, company)| company.later.iter().map(move |later| (number, later)))
        .flat_map(|(number, later)| later.gains.iter().chain(&later.losses).map(move |caused| (number, &caused.change)))
        .collect();
    if !then.is_empty() {
        page.heading(say!("on later days"));
        table(page, then, Vec::new(), comment.shown.sensitive);
    }
}

fn table(page: &mut Page, changes: Vec<(usize, &Change)>, sums: Vec<(usize, &Sum)>, sensitive: &Sensitive) {
    let mut counted: BTreeMap<(bool, &RightName), Counts<'_>> = BTreeMap::new();
    for (company, change) in changes {
        let key = (!sensitive.contains(&change.right), &change.right);
        counted.entry(key).or_default().add(company, change, sensitive);
    }
    for (company, sum) in sums {
        let key = (!sensitive.contains(&sum.right), &sum.right);
        counted.entry(key).or_default().add_sum(company, sum, sensitive);
    }
    let more = counted.len().saturating_sub(RIGHTS);
    let row = |((plain, right), counts): ((bool, &RightName), Counts<'_>)| {
        let name = Line::from(shortened(&right.to_string(), NAMED[1]));
        let name = if plain { name } else { name.then(Tone::Warning, say!(" (sensitive)")) };
        let [gain, lose] = counts.people.map(|people| match people.len() {
            0 => Line::new(),
            some => Line::from(Word::Number(some)),
        });
        vec![name, gain, lose]
    };
    let rows = counted.into_iter().take(RIGHTS).map(row).collect();
    page.columns(
        vec![say!("right").into(), say!("people who gain it").into(), say!("people who lose it").into()],
        rows,
    );
    if more > 0 {
        page.text(say!("and {count} more rights", count = Word::Number(more)));
    }
}
