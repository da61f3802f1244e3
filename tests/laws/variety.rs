//! Holds the generator to its promises: what it draws is sound, and everything that section 6 distinguishes comes
//! up often enough to be tested by chance.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::catalogue::{fits, is_about, kind_of, plain_rights, rights_of, scoped_rights, single_targets, wide_targets};
use super::naive::{
    Subject, Tier, contradictions, decide, decide_many, deciding_stances, groups_of, membership_cycle, stance, tier_of,
};
use super::organisation::{Effect, Group, Kind, Member, Organisation, Rule, SingleTarget, days, organisation};

const ORGANISATIONS: usize = 2_000;

/// The costliest test looks at one in so many.
const EVERY: usize = 4;

const STEPS: [&str; 6] = ["inactive", "own-data", "user", "group-allow", "group-deny", "default"];

/// The same organisations in every run.
fn drawn() -> Vec<Organisation> {
    let mut runner = TestRunner::deterministic();
    let strategy = organisation();
    let mut draw = |_| strategy.new_tree(&mut runner).map(|tree| tree.current());
    (0..ORGANISATIONS).filter_map(|number: usize| draw(number).ok()).collect()
}

fn rule_lists(org: &Organisation) -> Vec<&[Rule]> {
    let users = org.users.iter().map(|user| user.rules.as_slice());
    let groups = org.groups.iter().map(|group| group.rules.as_slice());
    users.chain(groups).chain(org.roles.iter().map(|role| role.rules.as_slice())).collect()
}

/// The days on which an organisation is asked: three of all, others for every organisation.
fn asked_days(number: usize) -> Vec<Date> {
    days().into_iter().skip(number % 5).step_by(5).collect()
}

fn questions(org: &Organisation) -> Vec<(Kind, usize, String, Option<SingleTarget>)> {
    let mut questions = Vec::new();
    for user in 0..org.users.len() {
        questions.extend(plain_rights(org).into_iter().map(|right| (Kind::Plain, user, right, None)));
        for (right, kind) in scoped_rights(org) {
            let targets = single_targets(org, kind).into_iter();
            questions.extend(targets.map(|target| (kind, user, right.clone(), Some(target))));
        }
    }
    questions
}

#[test]
fn no_organisation_contradicts_itself_or_has_a_cycle() {
    let organisations = drawn();
    assert_eq!(organisations.len(), ORGANISATIONS);
    for org in &organisations {
        assert_eq!(contradictions(org), [], "{org:#?}");
        assert_eq!(membership_cycle(org), None, "{org:#?}");
    }
}

#[test]
fn every_reference_is_good_and_every_name_unique_among_its_kind() {
    for org in drawn() {
        let unique = |names: Vec<&str>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        assert!(unique(org.users.iter().map(|user| user.name.as_str()).collect()), "{org:#?}");
        assert!(unique(org.groups.iter().map(|group| group.name.as_str()).collect()), "{org:#?}");
        assert!(unique(org.roles.iter().map(|role| role.name.as_str()).collect()), "{org:#?}");
        assert!(unique(org.modules.iter().map(String::as_str).collect()), "{org:#?}");
        assert!(unique(org.module_sets.iter().map(|set| set.name.as_str()).collect()), "{org:#?}");
        for rule in rule_lists(&org).concat() {
            let rights = rights_of(&org, &rule);
            assert!(!rights.is_empty(), "{rule:?}");
            let written = rule.right.actions.as_ref().map_or(rights.len(), Vec::len);
            assert_eq!(rights.len(), written, "{rule:?}");
            for right in rights {
                let kind = kind_of(&org, &right);
                let fits = rule.target.map(|target| kind.is_some_and(|kind| fits(target, kind)));
                assert!(fits.unwrap_or(kind == Some(Kind::Plain)), "{rule:?}");
            }
            let Some(target) = rule.target else { continue };
            assert!(!target.key(&org).is_empty());
        }
    }
}

#[test]
fn every_step_and_every_tier_occurs_often() {
    let mut steps: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    let mut tiers: BTreeMap<(Kind, Tier), usize> = BTreeMap::new();
    for (number, org) in drawn().iter().enumerate() {
        for day in asked_days(number) {
            for (kind, user, right, target) in questions(org) {
                let step = decide(org, user, &right, target.as_ref(), day).step;
                *steps.entry((kind, step)).or_default() += 1;
                for (_, stance) in deciding_stances(org, user, &right, target.as_ref(), day) {
                    *tiers.entry((kind, stance.tier)).or_default() += 1;
                }
            }
        }
    }
    println!("{}", histogram(&steps));
    println!("{}", histogram(&tiers));
    for step in STEPS {
        let best = shares(&steps).into_iter().filter(|((_, name), _)| *name == step).map(|(_, share)| share);
        assert!(best.fold(0.0, f64::max) >= 0.02, "{step} is rare");
    }
    for ((kind, tier), share) in shares(&tiers) {
        assert!(share >= 0.1, "{tier:?} is rare among {kind:?}");
    }
    assert_eq!(tiers.len(), 1 + 3 + 3 + 2, "{tiers:?}");
}

#[test]
fn rules_that_disagree_meet_often() {
    let mut met: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    for (number, org) in drawn().iter().enumerate().step_by(EVERY) {
        let mut here: BTreeSet<(Kind, &str)> = BTreeSet::new();
        for day in asked_days(number) {
            for (kind, user, right, target) in questions(org) {
                here.extend(disagreements(org, user, &right, target, day).into_iter().map(|what| (kind, what)));
            }
        }
        here.into_iter().for_each(|what| *met.entry(what).or_default() += 1);
    }
    for ((kind, what), count) in &met {
        println!(
            "{:>4.1} % of organisations, {kind:?}: {what}",
            *count as f64 * 100.0 / (ORGANISATIONS / EVERY) as f64
        );
    }
    assert_eq!(met.len(), 2 + 4 + 4 + 3, "{met:?}");
    assert!(met.values().all(|count| *count > 1), "{met:?}");
}

/// What outvotes what, as far as an active user's answer is concerned.
fn disagreements(
    org: &Organisation,
    user: usize,
    right: &str,
    target: Option<SingleTarget>,
    day: Date,
) -> Vec<&'static str> {
    if !org.users[user].active {
        return Vec::new();
    }
    let groups = groups_of(org, user, day);
    let effect = |subject: Subject| stance(org, subject, right, target.as_ref(), day).map(|stance| stance.effect);
    let own = effect(Subject::User(user));
    let theirs: Vec<Effect> = groups.iter().filter_map(|group| effect(*group)).collect();
    let outvoted = |subject: Subject, same_tier: bool| {
        let Some(stance) = stance(org, subject, right, target.as_ref(), day) else {
            return false;
        };
        let (Some(target), Some(first)) = (target, stance.rules.first()) else {
            return false;
        };
        let tier = |rule: &Rule| rule.target.and_then(|written| tier_of(org, written, target, day));
        subject.rules(org).iter().any(|rule| {
            let heard = rule.validity.covers(day) && is_about(org, rule, right) && tier(rule).is_some();
            heard && rule.effect != stance.effect && (tier(rule) == tier(first)) == same_tier
        })
    };
    let subjects = || groups.iter().copied().chain([Subject::User(user)]);
    [
        ("the user against a group", own.is_some_and(|own| theirs.iter().any(|effect| *effect != own))),
        ("one group against another", theirs.contains(&Effect::Allow) && theirs.contains(&Effect::Deny)),
        ("one tier against another", subjects().any(|subject| outvoted(subject, false))),
        ("allow against deny in the second tier", subjects().any(|subject| outvoted(subject, true))),
    ]
    .into_iter()
    .filter_map(|(what, holds)| holds.then_some(what))
    .collect()
}

#[test]
fn questions_about_several_have_every_step_as_answer() {
    let mut steps: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    let mut allowed = 0;
    for (number, org) in drawn().iter().enumerate() {
        let day = days()[number % days().len()];
        for (right, kind) in scoped_rights(org) {
            for user in 0..org.users.len() {
                for target in wide_targets(org, kind) {
                    let verdict = decide_many(org, user, &right, &target, day);
                    *steps.entry((kind, verdict.step)).or_default() += 1;
                    allowed += usize::from(verdict.allowed);
                }
            }
        }
    }
    println!("{}", histogram(&steps));
    let seen: BTreeSet<&str> = steps.keys().map(|(_, step)| *step).collect();
    assert_eq!(seen, BTreeSet::from(STEPS));
    assert!(allowed > ORGANISATIONS, "{allowed}");
}

#[test]
fn everything_that_can_be_written_is_written_at_times() {
    let organisations = drawn();
    let texts: Vec<Vec<(String, String)>> = organisations.iter().map(Organisation::to_files).collect();
    let share = |holds: &dyn Fn(&Organisation, &str) -> bool| {
        let held = organisations.iter().zip(&texts).filter(|(org, files)| {
            holds(org, &files.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n"))
        });
        held.count() * 100 / ORGANISATIONS
    };
    let nests = |org: &Organisation| {
        let inner =
            |group: &Group| group.members.iter().any(|membership| matches!(membership.member, Member::Group(_)));
        org.groups.iter().any(inner)
    };
    let listed_twice = |org: &Organisation| {
        org.groups.iter().any(|group| {
            let lines = &group.members;
            lines.iter().enumerate().any(|(at, line)| lines[..at].iter().any(|other| other.member == line.member))
        })
    };
    let repeats = |rules: &[Rule]| rules.windows(2).any(|pair| pair[0] == pair[1]);
    let touches = |rules: &[Rule]| {
        let ends = |rule: &Rule| rule.validity.until.and_then(|day| day.tomorrow().ok());
        rules.iter().any(|one| {
            rules.iter().any(|other| {
                one.effect != other.effect
                    && one.target == other.target
                    && ends(one).is_some_and(|day| other.validity.from == Some(day))
            })
        })
    };
    let shared = |org: &Organisation| org.users.iter().any(|u| org.groups.iter().any(|g| g.name == u.name));
    let report = [
        ("nested groups", share(&|org, _| nests(org))),
        ("a member listed twice", share(&|org, _| listed_twice(org))),
        ("a rule twice", share(&|org, _| rule_lists(org).into_iter().any(repeats))),
        ("opposite rules that touch", share(&|org, _| rule_lists(org).into_iter().any(touches))),
        ("a name of a user and a group", share(&|org, _| shared(org))),
        ("an inactive user", share(&|org, _| org.users.iter().any(|user| !user.active))),
        ("a role in use", share(&|org, _| org.users.iter().any(|user| user.role.is_some()))),
        ("reasons with escapes", share(&|_, text| text.contains("because") && text.contains("\\\""))),
        ("rules as mappings", share(&|_, text| text.contains("right: "))),
        ("members as mappings", share(&|_, text| text.contains("member: "))),
        ("prefixes of users", share(&|_, text| text.contains(" user:"))),
        ("Windows line ends", share(&|_, text| text.contains('\r'))),
    ];
    for (what, percent) in report {
        println!("{percent:>3} % {what}");
        assert!(percent >= 3, "{what} is rare");
    }
    assert!(share(&|org, _| org.users.iter().any(|user| user.role.is_some())) <= 45);
    for files in texts {
        assert!((1..=3).contains(&files.len()) && files.iter().all(|(_, text)| !text.is_empty()));
    }
}

/// How large a part of its kind each entry is.
fn shares<T: Ord + Copy>(counts: &BTreeMap<(Kind, T), usize>) -> BTreeMap<(Kind, T), f64> {
    let total = |kind: Kind| counts.iter().filter(|((other, _), _)| *other == kind).map(|(_, count)| count).sum();
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    counts.iter().map(|(&(kind, what), &count)| ((kind, what), share(count, total(kind)))).collect()
}

fn histogram<T: Ord + Copy + std::fmt::Debug>(counts: &BTreeMap<(Kind, T), usize>) -> String {
    let line = |((kind, what), share): ((Kind, T), f64)| format!("{kind:?} {what:?}: {:.1} %\n", share * 100.0);
    shares(counts).into_iter().map(line).collect()
}
