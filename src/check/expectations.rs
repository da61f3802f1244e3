//! `expectation-failed` and `vacuous-expectation`: what must hold is proved for every active user.
//!
//! Not a question for each user: what a right gives is worked out once for all who are alike, and counted. Without a
//! day of its own an expectation is proved for today and for every later day on which something begins or ends that
//! it could notice.

mod asked;
mod days;
mod words;

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diag::{Code, Diagnostic};
use crate::model::expectation::{Bound, Crowd, Expectation, Expected};
use crate::model::{Effect, Id, Meant, Policy, Subject, UserId};
use crate::resolve::{Bits, InForce, Population, Request};
use crate::say;

use super::Proved;
use asked::Sheet;
use days::Days;

/// What became of the expectations of a policy.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Those that fail, and those about nobody.
    pub findings: Vec<Diagnostic>,
    /// What became of each.
    pub proved: Vec<Proved>,
}

/// Somebody because of whom an expectation fails, and the requests that show it.
struct Offender {
    user: UserId,
    requests: Vec<Request>,
}

/// What an expectation came to on one day.
#[derive(Default)]
struct Verdict {
    fails: bool,
    /// Whether there was anybody to ask.
    about_somebody: bool,
    /// Whoever is to blame; for numbers whoever was counted.
    offenders: Vec<Offender>,
}

/// Proves every expectation of a policy, from the day of its population on.
pub fn run(population: &Population<'_>) -> Outcome {
    let InForce { policy, on, .. } = population.in_force();
    prove_with(Some(population), policy, &policy.expectations, *on)
}

/// Proves expectations whose names were looked up in a policy, whether they are its own or not.
pub fn prove(policy: &Policy, expectations: &[Expectation], today: Date) -> Outcome {
    prove_with(None, policy, expectations, today)
}

/// The same with the population of today, if it is known already.
fn prove_with(
    of_today: Option<&Population<'_>>,
    policy: &Policy,
    expectations: &[Expectation],
    today: Date,
) -> Outcome {
    let days = Days::new(policy, today);
    let mut open: Vec<(&Expectation, Vec<Date>, bool)> = expectations
        .iter()
        .map(|expectation| {
            let all = expectation.on.map_or_else(|| days.of(expectation), |day| vec![day]);
            (expectation, all, false)
        })
        .collect();
    let mut by_day: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (index, (_, days, _)) in open.iter().enumerate() {
        days.iter().for_each(|day| by_day.entry(*day).or_default().push(index));
    }
    let mut failed: BTreeMap<usize, Diagnostic> = BTreeMap::new();
    for (day, indices) in by_day {
        let indices: Vec<usize> = indices.into_iter().filter(|index| !failed.contains_key(index)).collect();
        if indices.is_empty() {
            continue;
        }
        let mut judge_on = |population: &Population<'_>| {
            let mut sheet = Sheet::default();
            for index in &indices {
                let (expectation, _, about_somebody) = &mut open[*index];
                let verdict = judge(population, &mut sheet, &expectation.expected);
                *about_somebody |= verdict.about_somebody;
                if verdict.fails {
                    failed.insert(*index, words::failure(population.in_force(), expectation, &verdict, today));
                }
            }
        };
        match of_today.filter(|_| day == today) {
            Some(population) => judge_on(population),
            None => judge_on(&Population::new(&InForce::new(policy, day))),
        }
    }
    let vacuous = open.iter().enumerate().filter(|(index, (_, _, somebody))| !somebody && !failed.contains_key(index));
    let mut findings: Vec<Diagnostic> = vacuous.map(|(_, (expectation, ..))| vacuous_finding(expectation)).collect();
    let proved = open.iter().enumerate().map(|(index, (expectation, ..))| Proved {
        text: expectation.text.clone(),
        place: expectation.place,
        failed: failed.contains_key(&index),
        company: None,
    });
    let proved = proved.collect();
    findings.extend(failed.into_values());
    Outcome { findings, proved }
}

fn vacuous_finding(expectation: &Expectation) -> Diagnostic {
    let message = say!("`{text}` is about nobody", text = expectation.text);
    Diagnostic::new(Code::VacuousExpectation, expectation.place, message)
        .help(say!("it holds because there is nobody to ask; name somebody, or remove it"))
}

fn judge<'p>(population: &'p Population<'p>, sheet: &mut Sheet<'p>, expected: &Expected) -> Verdict {
    match expected {
        Expected::Can(crowd, meant) => those(population, sheet, &members(population, crowd), meant, Effect::Deny),
        Expected::Cannot(crowd, meant) => those(population, sheet, &members(population, crowd), meant, Effect::Allow),
        Expected::Only(crowd, meant) => {
            let inside = members(population, crowd);
            let mut outside = everyone(population);
            outside.difference_with(&inside);
            let mut verdict = those(population, sheet, &outside, meant, Effect::Allow);
            verdict.about_somebody &= !inside.is_clear();
            verdict
        }
        Expected::Nobody(whats) => nobody(population, sheet, whats),
        Expected::Count(bound, number, meant) => count(population, sheet, *bound, *number as usize, meant),
    }
}

/// Everybody of a crowd to whom some of it is refused, or some of it allowed.
fn those<'p>(
    population: &'p Population<'p>,
    sheet: &mut Sheet<'p>,
    crowd: &Bits,
    meant: &Meant,
    wrong: Effect,
) -> Verdict {
    let number = sheet.number(population, meant);
    let asked = sheet.asked(number);
    let mut verdict = Verdict::default();
    for user in crowd.ones().map(UserId::from_index) {
        let tally = asked.tally(user);
        verdict.about_somebody |= tally.asked > 0;
        let offends = match wrong {
            Effect::Allow => tally.allowed > 0,
            Effect::Deny => tally.allowed < tally.asked,
        };
        if offends {
            let shown = asked.first(user, wrong == Effect::Allow);
            verdict.offenders.push(Offender { user, requests: shown.into_iter().collect() });
        }
    }
    verdict.fails = !verdict.offenders.is_empty();
    verdict
}

fn nobody<'p>(population: &'p Population<'p>, sheet: &mut Sheet<'p>, whats: &[Meant]) -> Verdict {
    let all: Vec<usize> = whats.iter().map(|meant| sheet.number(population, meant)).collect();
    let mut verdict = Verdict::default();
    for user in everyone(population).ones().map(UserId::from_index) {
        let tallies: Vec<_> = all.iter().map(|number| sheet.asked(*number).tally(user)).collect();
        verdict.about_somebody |= tallies.iter().all(|tally| tally.asked > 0);
        if tallies.iter().all(|tally| tally.allowed > 0) {
            let requests = all.iter().filter_map(|number| sheet.asked(*number).first(user, true)).collect();
            verdict.offenders.push(Offender { user, requests });
        }
    }
    verdict.fails = !verdict.offenders.is_empty();
    verdict
}

fn count<'p>(
    population: &'p Population<'p>,
    sheet: &mut Sheet<'p>,
    bound: Bound,
    number: usize,
    meant: &Meant,
) -> Verdict {
    let place = sheet.number(population, meant);
    let asked = sheet.asked(place);
    let mut verdict = Verdict::default();
    for user in everyone(population).ones().map(UserId::from_index) {
        let tally = asked.tally(user);
        verdict.about_somebody |= tally.asked > 0;
        let counts = match bound {
            Bound::AtLeast => tally.asked > 0 && tally.allowed == tally.asked,
            Bound::AtMost | Bound::Exactly => tally.allowed > 0,
        };
        if counts {
            verdict.offenders.push(Offender { user, requests: Vec::new() });
        }
    }
    let counted = verdict.offenders.len();
    verdict.fails = match bound {
        Bound::AtLeast => counted < number,
        Bound::AtMost => counted > number,
        Bound::Exactly => counted != number,
    };
    // What shows it is looked for only if somebody will read it.
    for offender in verdict.offenders.iter_mut().filter(|_| verdict.fails) {
        offender.requests.extend(asked.first(offender.user, true));
    }
    verdict
}

/// All active users.
fn everyone(population: &Population<'_>) -> Bits {
    let users = &population.in_force().policy.users;
    let mut bits = Bits::with_capacity(users.len());
    users.iter().filter(|(_, _, user)| user.active).for_each(|(id, ..)| bits.insert(id.index()));
    bits
}

/// The active users whom a crowd means.
fn members(population: &Population<'_>, crowd: &Crowd) -> Bits {
    let all = everyone(population);
    let mut bits = if crowd.everyone { all.clone() } else { some(population, &crowd.subjects) };
    bits.difference_with(&some(population, &crowd.except));
    bits.intersect_with(&all);
    bits
}

fn some(population: &Population<'_>, subjects: &[Subject]) -> Bits {
    let mut bits = Bits::with_capacity(population.in_force().policy.users.len());
    for subject in subjects {
        match subject {
            Subject::User(user) => bits.insert(user.index()),
            Subject::Group(group) => population.members(*group).iter().for_each(|user| bits.insert(user.index())),
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, findings_on};

    const FIRM: &str = r#"
users:
  anna: { allow: [data.export, data.import] }
  bob: { deny: [data.export] }
  karin:
  rolf: { active: false, allow: [data.export] }
groups:
  all: { members: [everyone], allow: [program.start] }
  management: { members: [anna], allow: [calendar.see of everyone] }
  sales: { members: [bob, karin, rolf], allow: [data.export, calendar.see of group:sales] }
  interns: { members: [rolf], allow: [sms.send] }
"#;

    fn expected(lines: &str) -> String {
        let fixture = format!("{FIRM}expect:\n{lines}");
        let found = findings(&fixture);
        let beside = ["inactive-member", "unused-group"];
        let kept = found.lines().filter(|line| !beside.iter().any(|code| line.starts_with(code)));
        kept.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_holds_is_silent() {
        assert_eq!(
            expected(
                "
  - everyone can program.start
  - sales except bob can data.export
  - user:anna, karin can data.export
  - bob, interns cannot data.export
  - only management, karin can data.export
  - nobody can data.import and sms.send
  - nobody can articles.create
  - at least 2 users can data.export
  - at most 2 users can data.export
  - exactly 2 users can data.export
  - management can calendar.see of group:sales
  - sales can calendar.see of group:sales
  - karin cannot calendar.see of group:management
  - { that: sales cannot data.import, because: x, on: 2027-01-01 }
"
            ),
            ""
        );
    }

    #[test]
    fn what_fails_names_everybody_and_the_rule() {
        insta::assert_snapshot!(expected("
  - sales can data.export+import
  - everyone except anna cannot data.export
  - only group:sales can data.export
  - nobody can data.import and data.export
  - at least 3 users can data.export
  - at most 1 users can data.export
  - exactly 3 users can data.export+import
  - nobody can calendar.see of everyone
  - { that: everyone can sms.send, because: \"CRM-1\" }
"), @r#"
        expectation-failed a.yaml:14:5 "sales can data.export+import" + a.yaml:4:17 "data.export" (takes it from bob) `sales can data.export+import` does not hold: bob and karin cannot, 2 users | no rule gives it to karin; give it to them, or change the expectation
        expectation-failed a.yaml:15:5 "everyone except anna cannot data.export" + a.yaml:10:49 "data.export" (gives it to karin) `everyone except anna cannot data.export` does not hold: karin can | take it from them, or change the expectation
        expectation-failed a.yaml:16:5 "only group:sales can data.export" + a.yaml:3:19 "data.export" (gives it to anna) `only group:sales can data.export` does not hold: anna can | take it from them, or change the expectation
        expectation-failed a.yaml:17:5 "nobody can data.import and data.export" + a.yaml:3:19 "data.export" (gives it to anna) + a.yaml:3:32 "data.import" (gives it to anna) `nobody can data.import and data.export` does not hold: anna can | take one of the rights from them, or change the expectation
        expectation-failed a.yaml:18:5 "at least 3 users can data.export" `at least 3 users can data.export` does not hold: 2 users can: anna and karin | change who can, or the number
        expectation-failed a.yaml:19:5 "at most 1 users can data.export" + a.yaml:3:19 "data.export" (gives it to anna) + a.yaml:10:49 "data.export" (gives it to karin) `at most 1 users can data.export` does not hold: 2 users can: anna and karin | change who can, or the number
        expectation-failed a.yaml:20:5 "exactly 3 users can data.export+import" + a.yaml:3:19 "data.export" (gives it to anna) + a.yaml:10:49 "data.export" (gives it to karin) `exactly 3 users can data.export+import` does not hold: 2 users can: anna and karin | change who can, or the number
        expectation-failed a.yaml:21:5 "nobody can calendar.see of everyone" + a.yaml:9:42 "calendar.see of everyone" (gives it to anna) + a.yaml:10:62 "calendar.see of group:sales" (gives it to bob and karin) `nobody can calendar.see of everyone` does not hold: anna (over bob), bob (over karin) and karin (over bob) can, 3 users | take one of the rights from them, or change the expectation
        expectation-failed a.yaml:22:13 "everyone can sms.send" `everyone can sms.send` does not hold: anna, bob and karin cannot, 3 users | no rule gives it to anna, bob and karin; give it to them, or change the expectation; it is expected because "CRM-1"
        "#);
    }

    #[test]
    fn about_nobody_is_a_warning() {
        insta::assert_snapshot!(expected("
  - interns can data.export
  - sales except sales cannot program.start
  - only everyone can program.start
  - anna can calendar.see of anna
  - only interns can campaigns.create
  - exactly 0 users can sms.send
"), @r#"
        vacuous-expectation a.yaml:14:5 "interns can data.export" `interns can data.export` is about nobody | it holds because there is nobody to ask; name somebody, or remove it
        vacuous-expectation a.yaml:15:5 "sales except sales cannot program.start" `sales except sales cannot program.start` is about nobody | it holds because there is nobody to ask; name somebody, or remove it
        vacuous-expectation a.yaml:16:5 "only everyone can program.start" `only everyone can program.start` is about nobody | it holds because there is nobody to ask; name somebody, or remove it
        vacuous-expectation a.yaml:17:5 "anna can calendar.see of anna" `anna can calendar.see of anna` is about nobody | it holds because there is nobody to ask; name somebody, or remove it
        vacuous-expectation a.yaml:18:5 "only interns can campaigns.create" `only interns can campaigns.create` is about nobody | it holds because there is nobody to ask; name somebody, or remove it
        "#);
    }

    #[test]
    fn a_failure_says_the_first_day() {
        let firm = r#"
users: { lars: , anna: { allow: [data.export from 2027-03-01 until 2027-03-31] } }
groups:
  all: { members: [everyone], allow: [program.start] }
  sales: { members: [lars until 2026-12-31], allow: [sms.send], deny: [calendar.see of lars] }
expect:
  - nobody can data.export
  - lars can sms.send
  - { that: lars cannot sms.send, on: 2026-12-31 }
  - { that: lars cannot sms.send, on: 2027-01-01 }
"#;
        insta::assert_snapshot!(findings_on(firm, "2026-11-22"), @r#"
        expectation-failed a.yaml:7:5 "nobody can data.export" + a.yaml:2:34 "data.export from 2027-03-01 until 2027-03-31" (gives it to anna) `nobody can data.export` does not hold from 2027-03-01 on: anna can | take one of the rights from them, or change the expectation
        expectation-failed a.yaml:8:5 "lars can sms.send" `lars can sms.send` does not hold from 2027-01-01 on: lars cannot | no rule gives it to lars; give it to them, or change the expectation
        expectation-failed a.yaml:9:13 "lars cannot sms.send" + a.yaml:5:54 "sms.send" (gives it to lars) + a.yaml:5:22 "lars until 2026-12-31" (in `sales` until 2026-12-31) `lars cannot sms.send` does not hold on 2026-12-31: lars can | take it from them, or change the expectation
        "#);
        assert!(!findings_on(firm, "2027-04-01").contains("nobody can data.export"));
    }

    #[test]
    fn names_in_expectations_are_looked_up() {
        insta::assert_snapshot!(expected("
  - lasr can data.export
  - group:slaes can data.exprot
  - everyone can calendar.see
  - sales can calendar.see of kairn
  - everyone may data.export
  - at least one users can data.export
  - { because: x }
"), @r#"
        unknown-user a.yaml:14:5 "lasr" there is no user or group `lasr` | declare it in the section `users` or `groups`, or correct the name
        unknown-group a.yaml:15:5 "group:slaes" there is no group `slaes` | did you mean `group:sales`?
        unknown-right a.yaml:15:21 "data.exprot" there is no right `data.exprot` | did you mean `data.export`?
        missing-target a.yaml:16:18 "calendar.see" `calendar.see` needs a target: over whose data? | write `calendar.see of NAME` or `calendar.see of everyone`
        unknown-target a.yaml:17:31 "kairn" there is no user or group called `kairn` | did you mean `karin`?
        rule-syntax a.yaml:18:14 "may" `may` cannot stand here | expected `can`, `cannot` or `except`
        rule-syntax a.yaml:19:14 "one" `one` cannot stand here | expected a number
        wrong-type a.yaml:20:5 "{ because: x }" the field `that` is missing | say what must hold: `that: nobody can data.export`
        "#);
    }
}
