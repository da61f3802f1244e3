//! A difference as a comment on a pull request: the essential in one line, then one part for each cause that readers may
//! open.
//!
//! A comment has a greatest length. So the same page is made in several degrees, each shorter than the one before. What a
//! degree leaves out it says, and where the whole is to be read.

mod cause;
pub(super) mod effect;
mod rest;

use crate::date::Date;
use crate::diff::Later;
use crate::language::{Joint, Word, list};
use crate::name::Name;
use crate::report::block::{Block, Line, Page, Tone};
use crate::report::view::right;
use crate::review::Compared;
use crate::say;

use super::accounts::accounts;
use super::cause::{Explained, explained};
use super::folded::Folding;
use super::joined::{self, Row};
use super::rows::why;
use super::sums::{InSum, in_sum};
use super::{Shown, is_gain, sides};
pub(super) use cause::in_short;
use cause::{at, origin, summary};
use effect::{Effect, headline, rights};
use rest::{declarations, inert, reasons};

/// How much of a comment is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degree {
    /// Nothing.
    Whole,
    /// Lists of names, to their number.
    Counted,
    /// Other reasons, declarations, and edits that do nothing as well.
    Short,
    /// Each cause is one line.
    Lines,
    /// Only how many people gain and lose each right.
    Rights,
}

impl Degree {
    /// From the longest comment to the shortest.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Counted, Self::Short, Self::Lines, Self::Rights];
}

/// What a comment is made of.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'a> {
    /// Every company that was compared.
    pub companies: &'a [Compared<'a>],
    /// What is needed besides.
    pub shown: Shown<'a>,
    /// The names of the two sides.
    pub names: [&'a str; 2],
    /// Their commits.
    pub commits: [Option<&'a str>; 2],
    /// The two days, if one policy is compared on both.
    pub days: Option<[Date; 2]>,
    /// What stands first, from the longest to the shortest.
    pub judgements: &'a [Page; 3],
    /// The command that shows everything.
    pub command: &'a str,
    /// Where the whole is to be read: an address, or words.
    pub full: Option<&'a str>,
}

/// The most causes that are all open at first.
const OPEN: usize = 3;

/// The most characters of a name from the command line, and of an address.
const LONGEST: [usize; 2] = [200, 2_000];

/// The page in a degree.
pub fn comment(comment: &Comment<'_>, degree: Degree) -> Page {
    let mut folding = Folding { degree, names: 0 };
    let mut page = Page::default();
    page.0.push(Block::Headline(headline(comment)));
    let names = comment.names.map(|name| shortened(name, LONGEST[0]));
    page.text(sides([&names[0], &names[1]], comment.commits, comment.days));
    let length = match degree {
        Degree::Whole => 0,
        Degree::Counted | Degree::Short => 1,
        Degree::Lines | Degree::Rights => 2,
    };
    page.0.extend(comment.judgements[length].0.iter().cloned());
    if degree == Degree::Rights {
        rights(&mut page, comment);
    } else {
        companies(&mut page, comment, &mut folding);
    }
    ending(&mut page, comment, &folding);
    page
}

/// The beginning of a text, with a sign if there is more.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn companies(page: &mut Page, comment: &Comment<'_>, folding: &mut Folding) {
    let causes = |company| causes_of(company, comment, folding.degree);
    let all: Vec<Vec<Explained<'_>>> = comment.companies.iter().map(causes).collect();
    let open = all.iter().map(Vec::len).sum::<usize>() <= OPEN;
    let mut unchanged: Vec<&Name> = Vec::new();
    for (company, causes) in comment.companies.iter().zip(&all) {
        let part = of_company(company, causes, comment, folding, open);
        match company.company.filter(|_| comment.companies.len() > 1) {
            Some(name) if part.0.is_empty() => unchanged.push(name),
            Some(name) => page.heading(say!("company {name}", name)),
            None => {}
        }
        page.0.extend(part.0);
    }
    if !unchanged.is_empty() && unchanged.len() < comment.companies.len() {
        let companies = match folding.degree {
            Degree::Whole => list(unchanged, Joint::And),
            _ => Word::Said(crate::report::view::count::companies(unchanged.len())),
        };
        page.text(say!("nothing is different in {companies}", companies));
    }
}

/// What is behind the changes of today, the most important first.
fn causes_of<'a>(company: &'a Compared<'_>, comment: &Comment<'_>, degree: Degree) -> Vec<Explained<'a>> {
    let causes = explained(&company.diff, &company.diff.gains, &company.diff.losses);
    let mut causes = if degree == Degree::Whole { causes } else { joined::causes(causes) };
    causes.sort_by_key(|cause| cause.rank(comment.shown.sensitive));
    causes
}

fn of_company(
    company: &Compared<'_>,
    causes: &[Explained<'_>],
    comment: &Comment<'_>,
    folding: &mut Folding,
    open: bool,
) -> Page {
    let mut page = if folding.degree < Degree::Short { accounts(company, comment.shown) } else { Page::default() };
    in_sum(&company.diff).iter().for_each(|sum| told_in_sum(&mut page, company, sum, comment.shown, folding));
    for cause in causes {
        let line = summary(cause, comment.shown);
        if folding.degree >= Degree::Lines {
            page.item(2, line.and(at(cause, comment.shown)));
            continue;
        }
        let mut inside = Page::default();
        origin(&mut inside, cause, comment.shown, folding);
        answers(&mut inside, company, cause, comment.shown, folding);
        page.details(line, open || cause.rank(comment.shown.sensitive) == 0, inside);
    }
    for later in &company.later {
        later_day(&mut page, company, later, comment.shown, folding);
    }
    inert(&mut page, company, comment.shown, folding.degree);
    reasons(&mut page, company, comment.shown, folding);
    declarations(&mut page, company, comment.shown, folding.degree);
    page
}

/// What is told in sum: how many answers of how many people, right by right.
fn told_in_sum(page: &mut Page, company: &Compared<'_>, sum: &InSum<'_>, shown: Shown<'_>, folding: &Folding) {
    let line = Line::new().then(Tone::Strong, sum.effect());
    let sensitive = sum.is_sensitive(shown.sensitive);
    let line = if sensitive { line.then(Tone::Warning, say!(" (sensitive)")) } else { line };
    let line = line.then(Tone::Plain, say!(" – {cause}", cause = sum.cause()));
    if folding.degree >= Degree::Lines {
        page.item(2, line);
        return;
    }
    let mut inside = Page::default();
    inside.text(sum.hint());
    let head = vec![say!("right").into(), say!("answers").into(), say!("who").into()];
    inside.columns(head, sum.rows(&company.people(), shown).into_iter().map(Vec::from).collect());
    page.details(line, sensitive, inside);
}

/// The same line without anything strong.
fn plain(line: Line) -> Line {
    Line(line.0.into_iter().map(|piece| crate::report::block::Piece { tone: Tone::Plain, ..piece }).collect())
}

/// Who gains or loses what over whom: gains first, the sensitive first among them.
fn answers(page: &mut Page, company: &Compared<'_>, cause: &Explained<'_>, shown: Shown<'_>, folding: &mut Folding) {
    let people = company.people();
    let mut changes: Vec<_> = cause.changes.iter().collect();
    changes.sort_by_key(|(change, _)| (!is_gain(change), !shown.sensitive.contains(&change.right), &change.right));
    let gains = changes.iter().filter(|(change, _)| is_gain(change)).count();
    let mixed = gains > 0 && gains < changes.len();
    let scoped = changes.iter().any(|(change, _)| change.targets.is_some());
    let mut head: Vec<Line> = Vec::new();
    if mixed {
        head.push(Line::new());
    }
    head.push(say!("right").into());
    if scoped {
        head.push(say!("over").into());
    }
    head.push(say!("who").into());
    let found = changes.into_iter().map(|(change, users)| Row {
        gained: is_gain(change),
        right: &change.right,
        of: scoped.then(|| folding.targets(change, users, &people)),
        users: users.clone(),
        why: why(cause, change, shown),
    });
    let found = found.collect();
    let found = if folding.degree == Degree::Whole { found } else { joined::rows(found, shown.unfold) };
    let mut rows = Vec::new();
    for Row { gained, right, of, users, why } in found {
        let mut row = Vec::new();
        if mixed {
            row.push(match gained {
                true => Line::new().then(Tone::Yes, say!("gained")),
                false => Line::new().then(Tone::No, say!("lost")),
            });
        }
        let name = Line::from(named(company, right));
        let is_sensitive = shown.sensitive.contains(right);
        row.push(if is_sensitive { name.then(Tone::Warning, say!(" (sensitive)")) } else { name });
        row.extend(of.map(Line::from));
        row.push(Line::from(folding.users(&users, &people)).then(Tone::Quiet, why));
        rows.push(row);
    }
    page.columns(head, rows);
}

/// A right with its label in the language of the reader.
fn named(company: &Compared<'_>, name: &crate::name::RightName) -> Word {
    let known = |index: usize| Some((company.policies[index], company.policies[index].rights.find(name)?));
    match known(1).or_else(|| known(0)) {
        Some((policy, id)) => right(policy, id),
        None => Word::Verbatim(name.to_string()),
    }
}

/// What a later day brings.
fn later_day(page: &mut Page, company: &Compared<'_>, later: &Later, shown: Shown<'_>, folding: &mut Folding) {
    let mut causes = explained(&later.whole, &later.gains, &later.losses);
    causes.sort_by_key(|cause| cause.rank(shown.sensitive));
    let effect =
        Effect::of(later.gains.iter().chain(&later.losses).map(|caused| (&caused.change, caused.change.users.iter())));
    let line = Line::new().then(Tone::Strong, say!("from {day} on {effect}", day = later.day, effect = effect.said()));
    if folding.degree >= Degree::Lines {
        page.item(2, line);
        return;
    }
    let sensitive = causes.iter().any(|cause| cause.rank(shown.sensitive) == 0);
    let mut inside = Page::default();
    for cause in &causes {
        inside.text(summary(cause, shown));
        origin(&mut inside, cause, shown, folding);
        answers(&mut inside, company, cause, shown, folding);
    }
    page.details(if sensitive { line.then(Tone::Warning, say!(" (sensitive)")) } else { line }, sensitive, inside);
}

/// What was left out, and where the whole is.
fn ending(page: &mut Page, comment: &Comment<'_>, folding: &Folding) {
    let left = match folding.degree {
        Degree::Whole => None,
        Degree::Rights => {
            Some(say!("too much for a comment: only how many people gain and lose each right is said here"))
        }
        Degree::Lines => Some(say!("too much for a comment: each cause is but one line here")),
        Degree::Counted | Degree::Short if folding.names > 0 => {
            Some(say!("too much for a comment: {count} names are left out here", count = Word::Number(folding.names)))
        }
        Degree::Counted | Degree::Short => Some(say!("too much for a comment: some is only counted here")),
    };
    let line = left.as_ref().map_or_else(Line::new, |left| Line::from(left).then(Tone::Plain, say!("; ")));
    match comment.full {
        Some(full) => {
            let line = line.then(Tone::Plain, say!("everything: "));
            page.text(line.then(Tone::Address, shortened(full, LONGEST[1])));
        }
        None if left.is_some() => {
            let command = shortened(comment.command, LONGEST[0]);
            page.text(line.then(Tone::Plain, say!("`{command}` shows everything", command)));
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Unfold;
    use super::*;
    use crate::language::Language;
    use crate::model::Policy;
    use crate::name::RightName;
    use crate::report::markdown;
    use crate::testing::{day, repository};
    use proptest::prelude::*;

    /// The sizes of a change.
    #[derive(Debug, Clone, Copy)]
    struct Sizes {
        companies: usize,
        users: usize,
        groups: usize,
        rights: usize,
        /// How long names are.
        long: usize,
        seed: usize,
    }

    /// Base and head of a company: groups of a few members each get rights or lose them, and people come and go.
    fn sides_of(sizes: Sizes, company: usize) -> [String; 2] {
        let pad = "x".repeat(sizes.long);
        [0, 1].map(|head| {
            let mix = |number: usize| (number * 7919 + sizes.seed * 31 + company * 17 + head * 13) % 11;
            let mut text = "users:\n".to_owned();
            for user in (0..sizes.users).filter(|user| mix(*user) > 0) {
                let dated = if mix(user) == 5 { "{ allow: [mail.delete_public from 2027-01-01] }" } else { "" };
                text.push_str(&format!("  u{user}{pad}: {dated}\n"));
            }
            text.push_str("rights:\n");
            text.extend(
                (0..sizes.rights).map(|right| format!("  own.r{right}{pad}: {{ name: {{ de: \"@{right}|\" }} }}\n")),
            );
            text.push_str("groups:\n");
            for group in 0..sizes.groups {
                text.push_str(&format!("  g{group}{pad}:\n    name: \"<b> {head}\"\n    members:\n"));
                let member = |user: &usize| mix(*user) > 0 && (user * 3 + group) % (sizes.groups + 2) < 2;
                text.extend((0..sizes.users).filter(member).map(|user| format!("      - u{user}{pad}\n")));
                text.push_str("      - everyone until 2026-01-01\n    allow:\n      - data.import\n");
                text.extend((mix(group) % 2 == 0).then_some("      - data.export\n"));
                text.extend((mix(group) % 3 == 0).then(|| format!("      - calendar.see of group:g{group}{pad}\n")));
                let rights = (0..sizes.rights).filter(|right| mix(right + group) % 4 == 0);
                text.extend(rights.map(|right| format!("      - own.r{right}{pad}\n")));
            }
            text
        })
    }

    /// The comments of all degrees, the one that is taken, and the number of people who gain and lose anything today.
    fn comments(sizes: Sizes, full: Option<&str>) -> (Vec<String>, String, [usize; 2]) {
        let files: Vec<[String; 2]> = (0..sizes.companies).map(|company| sides_of(sizes, company)).collect();
        let repositories: Vec<_> = files.iter().map(|texts| texts.each_ref().map(|text| repository(text))).collect();
        let names: Vec<Name> = (0..sizes.companies).map(|number| Name::new(&format!("c{number}")).unwrap()).collect();
        let mut companies: Vec<Compared<'_>> = Vec::new();
        for (sides, name) in repositories.iter().zip(&names) {
            let policies: [&Policy; 2] = sides.each_ref().map(|side| &*side.companies[0].policy);
            let on = day("2026-11-22");
            companies.push(Compared::on(Some(name), policies, on).and_later(on));
        }
        let sensitive = [RightName::new("data.export").unwrap()].into();
        let sources = repositories[0].each_ref().map(|side| &side.sources);
        let shown = Shown { sources, sensitive: &sensitive, unfold: Unfold::Never, days: false };
        let (names, commits) = (["main", "a`b|c"], [Some("0123456789abcdef"), None]);
        let judgements = Default::default();
        let judgements = &judgements;
        let command = "rightful diff";
        let made = Comment { companies: &companies, shown, names, commits, days: None, judgements, command, full };
        let people = |gains: bool| {
            let of = |(number, company): (usize, &Compared<'_>)| {
                let changes = if gains { &company.diff.gains } else { &company.diff.losses };
                let singles = changes.iter().flat_map(|caused| caused.change.singles());
                singles.map(|(user, _)| (number, user.clone())).collect::<BTreeSet<_>>()
            };
            companies.iter().enumerate().flat_map(of).count()
        };
        let pages = || Degree::ALL.into_iter().map(|degree| comment(&made, degree));
        let all = pages().map(|page| markdown::comment([page], Language::English)).collect();
        (all, markdown::comment(pages(), Language::English), [people(true), people(false)])
    }

    fn said(number: usize, some: &str, one: &str) -> String {
        let people = crate::report::view::count::people(number).english();
        if number == 1 { format!("{people} {one} rights") } else { format!("{people} {some} rights") }
    }

    fn holds(sizes: Sizes, full: Option<&str>) {
        let (all, taken, [gain, lose]) = comments(sizes, full);
        assert!(taken.len() < markdown::LIMIT, "{sizes:?}: {}", taken.len());
        assert!(all.contains(&taken));
        for comment in &all {
            let headline = comment.lines().nth(1).unwrap();
            let (gains, loses) = (said(gain, "gain", "gains"), said(lose, "lose", "loses"));
            assert!(comment.starts_with("<!-- rightful diff -->\n### "), "{comment:.200}");
            assert_eq!(headline.contains(&gains), gain > 0, "{headline}, not {gains}");
            assert_eq!(headline.contains(&loses), lose > 0, "{headline}, not {loses}");
        }
        // Whatever is folded is said, with where the whole is.
        let whole = full.map_or("`rightful diff` shows everything".to_owned(), |full| format!("everything: <{full}>"));
        for comment in all.iter().skip(1) {
            assert!(comment.contains("too much for a comment: ") && comment.contains(&whole), "{comment:.2000}");
        }
        assert_eq!(all[0].contains("everything"), full.is_some());
        assert!(all[4].len() < markdown::LIMIT, "{sizes:?}");
    }

    #[test]
    fn a_comment_is_folded_until_it_fits_and_says_so() {
        let sizes = Sizes { companies: 1, users: 40, groups: 4, rights: 2, long: 0, seed: 1 };
        holds(sizes, None);
        let degree = |sizes: Sizes| {
            let (all, taken, _) = comments(sizes, None);
            all.iter().position(|comment| *comment == taken).unwrap()
        };
        assert_eq!(degree(sizes), 0);
        assert_eq!(degree(Sizes { users: 1_500, groups: 10, ..sizes }), 2);
        assert_eq!(degree(Sizes { companies: 2, users: 40, groups: 40, rights: 80, long: 100, seed: 1 }), 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_comment_is_longer_than_a_forge_takes(
            (companies, users, groups) in (1_usize..4, 1_usize..200, 1_usize..15),
            (rights, long, seed) in (0_usize..20, 0_usize..100, 0_usize..1000),
            full in proptest::option::of("https://[a-z/]{1,40}"),
        ) {
            holds(Sizes { companies, users, groups, rights, long, seed }, full.as_deref());
        }
    }
}
