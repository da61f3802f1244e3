//! What of a policy a CRM cannot say, by right and person, and until when it says what it was told.

use crate::language::{IntoWord, Joint, Text, Word, names};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::target::{Concerned, Limit, Limits};

use super::Unfold;

/// How many people are named, unless all are asked for.
const NAMED: usize = 5;

/// What an apply leaves open; nothing, if it leaves nothing open.
pub fn limits(limits: &Limits, unfold: Unfold) -> Page {
    let mut page = Page::default();
    if limits.leaves_open() {
        page.blank();
        page.heading(say!("what {crm} cannot say", crm = &limits.crm));
        for limit in &limits.nowhere {
            let people = whom(limits, limit, unfold);
            let of_whom = match limit.concerns {
                Concerned::Holders => say!(" for {people}", people),
                Concerned::Others => say!(", not kept from {people}", people),
            };
            page.item(2, told(Tone::No, say!("no place"), limit, of_whom));
        }
        for limit in &limits.nearly {
            let people = whom(limits, limit, unfold);
            let of_whom = match limit.concerns {
                Concerned::Holders => say!(" for {people}", people),
                Concerned::Others => say!(" for those without it: {people}", people),
            };
            page.item(2, told(Tone::Warning, say!("nearly"), limit, of_whom));
        }
        let mut people = |names: &[Name], text: fn(Word) -> Text| {
            if !names.is_empty() {
                page.item(2, Line::new().then(Tone::No, text(some(names, unfold))));
            }
        };
        people(&limits.missing, |names| say!("no account, so make them there: {names}", names));
        people(&limits.unruled, |names| say!("superusers there, who may everything: {names}", names));
    }
    if !limits.undeclared.is_empty() {
        page.blank();
        let (crm, names) = (&limits.crm, some(&limits.undeclared, unfold));
        let text = say!(
            "apply will refuse this: superusers of {crm} that are none in the policy: {names}; write `superuser: true`, or take it from them there",
            crm,
            names
        );
        page.text(Line::new().then(Tone::No, text));
    }
    if !limits.strangers.is_empty() {
        page.blank();
        let (crm, names) = (&limits.crm, some(&limits.strangers, unfold));
        page.text(say!("superusers of {crm} that no policy names, left as they are: {names}", crm, names));
    }
    for (team, people) in limits.teams.iter().filter(|(_, people)| !people.is_empty()) {
        page.blank();
        let names = some(people, unfold);
        page.text(say!("members of the team `{team}`, whose records count as their own: {names}", team, names));
    }
    if let Some(day) = limits.until {
        page.blank();
        page.text(Line::new().then(
            Tone::Warning,
            say!("{crm} knows no dates: apply again on {day}, or let `rightful sync` do it", crm = &limits.crm, day),
        ));
    }
    page
}

fn told(tone: Tone, word: Text, limit: &Limit, of_whom: Text) -> Line {
    let line = Line::new().then(tone, word).then(Tone::Plain, " ").then(Tone::Strong, &limit.what);
    let line = line.then(Tone::Plain, of_whom);
    if limit.why.is_empty() { line } else { line.then(Tone::Quiet, say!(" ({why})", why = limit.why)) }
}

fn whom(limits: &Limits, limit: &Limit, unfold: Unfold) -> Word {
    let is_everybody = limit.people.len() >= limits.people && limits.people > 1;
    if is_everybody && unfold != Unfold::Wanted { say!("everybody").into_word() } else { some(&limit.people, unfold) }
}

/// The names of people; of many only some, unless all are wanted.
fn some(people: &[Name], unfold: Unfold) -> Word {
    if people.len() <= NAMED + 1 || unfold == Unfold::Wanted {
        return names(people, Joint::And);
    }
    let list = names(&people[..NAMED], Joint::Comma);
    say!("{list} and {more} more", list, more = Word::Number(people.len() - NAMED)).into_word()
}

/// That somebody asked for a CRM that can say everything.
pub fn refused_by_limits(limits: &Limits) -> Text {
    say!("{crm} cannot say all of the policy, and `--strict` wants that; nothing was changed", crm = &limits.crm)
}
