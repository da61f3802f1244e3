//! Gates and reviewers judge by what a naive reading of both sides says of every person on every day; later days are
//! told completely, each new thing once; and where policies are read from makes no difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use jiff::civil::Date;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;
use proptest::{prop_assert, prop_assert_eq};
use rightful::diff::{Caused, Later, diff, diff_within, later};
use rightful::model::Policy;
use rightful::model::key::TargetKey;
use rightful::name::{Name, RightName};
use rightful::repository::{Repository, compile};
use rightful::resolve::InForce;
use rightful::review::{Compared, Hit, Proved, judge, required};
use rightful::syntax::gate::Gate;
use rightful::tree::memory::Memory;

use super::catalogue;
use super::differences::{Key, answers, is_comparable};
use super::naive::{Subject, groups_of, is_member};
use super::organisation::{Organisation, Target, days, organisation};
use super::subject::{compiled, runner, some_days};

/// Two sides, as drawn and as compiled.
struct Sides {
    orgs: [Organisation; 2],
    policies: [Policy; 2],
}

/// What is different on a day: the answers that are yes on one side only, and the groups that people are in there only.
#[derive(Default)]
struct Turned {
    answers: BTreeSet<Key>,
    groups: BTreeSet<(String, String)>,
}

impl Sides {
    fn of(base: Organisation, head: Organisation) -> Self {
        let policy = |org| std::sync::Arc::into_inner(compiled(org).policy).expect("the only one");
        let policies = [policy(&base), policy(&head)];
        Self { orgs: [base, head], policies }
    }

    /// What people have on the second of two sides and not on the first.
    fn turned(&self, from: usize, to: usize, on: Date) -> Turned {
        let held = |side: usize| {
            let all = answers(&self.policies[side], on).into_iter();
            all.filter(|(_, (allowed, _))| *allowed).map(|(key, _)| key).collect::<BTreeSet<Key>>()
        };
        let groups = |side: usize| {
            let org = &self.orgs[side];
            let active = org.users.iter().enumerate().filter(|(_, user)| user.active);
            let of_user = |(index, user): (usize, &super::organisation::User)| {
                let groups = groups_of(org, index, on).into_iter();
                groups.map(|group: Subject| (group.key(org), user.name.clone())).collect::<Vec<_>>()
            };
            active.flat_map(of_user).collect::<BTreeSet<_>>()
        };
        let sides = [&self.policies[0], &self.policies[1]];
        let (before, after) = (held(from), held(to));
        let answers = after.difference(&before).filter(|key| is_comparable(key, sides)).cloned().collect();
        Turned { answers, groups: groups(to).difference(&groups(from)).cloned().collect() }
    }

    /// The first day and every later one.
    fn days(&self, on: Date) -> impl Iterator<Item = Date> + use<> {
        days().into_iter().filter(move |day| *day >= on)
    }

    /// Whether a target of a gate stands for a single target on a day, on either side.
    fn stands_for(&self, target: &str, single: &str, on: Date) -> bool {
        self.orgs.iter().any(|org| {
            let user = || org.users.iter().position(|user| format!("user:{}", user.name) == single);
            let is_person = single.starts_with("user:");
            match target.split_once(':') {
                None if target == "everyone" => is_person,
                None => !is_person,
                Some(("group", name)) => {
                    let group = org.groups.iter().position(|group| group.name == name);
                    group.zip(user()).is_some_and(|(group, user)| is_member(org, group, user, on))
                }
                Some(("module-set", name)) => {
                    let set = org.module_sets.iter().find(|set| set.name == name);
                    let mut modules = set.into_iter().flat_map(|set| &set.modules);
                    modules.any(|module| format!("module:{}", org.modules[*module]) == single)
                }
                Some(_) => target == single,
            }
        })
    }
}

/// The same organisation with some rules or memberships less: most changes are small, and most days bring nothing new
/// with them.
fn thinned(org: &Organisation, numbers: &[u16]) -> Organisation {
    let mut org = org.clone();
    for number in numbers.iter().map(|number| usize::from(*number)) {
        if number % 4 == 0 {
            let mut lists: Vec<_> = org.groups.iter_mut().map(|group| &mut group.members).collect();
            lists.retain(|list| !list.is_empty());
            take(lists, number / 4);
        } else {
            let of_groups = org.groups.iter_mut().map(|group| &mut group.rules);
            let mut lists: Vec<_> = org.users.iter_mut().map(|user| &mut user.rules).chain(of_groups).collect();
            lists.retain(|list| !list.is_empty());
            take(lists, number / 4);
        }
    }
    org
}

fn take<T>(mut lists: Vec<&mut Vec<T>>, number: usize) {
    let count = lists.len();
    if let Some(list) = lists.get_mut(number % count.max(1)) {
        list.remove(number / count % list.len());
    }
}

/// Two organisations of which the second has less, the first has less, or which have nothing to do with each other.
fn sides() -> impl Strategy<Value = (Organisation, Organisation)> {
    let thin = || (organisation(), vec(any::<u16>(), 1..6)).prop_map(|(org, less)| (thinned(&org, &less), org));
    proptest::prop_oneof![
        2 => thin(),
        1 => thin().prop_map(|(less, more)| (more, less)),
        1 => (organisation(), organisation()),
    ]
}

/// An object of a gate, as it is written and as it is meant.
#[derive(Debug, Clone)]
enum Object {
    Anything,
    Sensitive,
    Right(String, Option<String>),
    Access(String),
    Membership(String),
}

impl Object {
    /// One of all that can be written about two organisations.
    fn draw(orgs: &[Organisation; 2], numbers: [u16; 3]) -> Self {
        let pick = |all: Vec<String>, number: u16| all[usize::from(number) % all.len()].clone();
        let mut rights: Vec<String> = Vec::new();
        let mut targets = vec!["everyone".to_owned(), "everything".to_owned()];
        let mut groups = Vec::new();
        for org in orgs {
            rights.extend(catalogue::plain_rights(org));
            // Scoped rights are fewer, and there is more to say about them.
            (0..3).for_each(|_| rights.extend(catalogue::scoped_rights(org).into_iter().map(|(right, _)| right)));
            let of_group = (0..org.groups.len()).map(|group| Target::Group(group).key(org));
            groups.extend(of_group.clone());
            groups.extend(org.roles.iter().map(|role| format!("role:{}", role.name)));
            targets.extend((0..org.users.len()).map(|user| Target::User(user).key(org)));
            (0..3).for_each(|_| targets.extend(of_group.clone()));
            targets.extend((0..org.modules.len()).map(|module| Target::Module(module).key(org)));
            targets.extend((0..org.module_sets.len()).map(|set| Target::ModuleSet(set).key(org)));
            targets.extend((0..org.attachments.len()).map(|class| Target::Attachment(class).key(org)));
        }
        let right = pick(rights, numbers[1]);
        let right = if numbers[1].is_multiple_of(5) {
            format!("{}.*", right.split('.').next().unwrap_or_default())
        } else {
            right
        };
        match numbers[0] % 8 {
            0 => Self::Anything,
            1 => Self::Sensitive,
            2 | 3 => Self::Right(right, None),
            4 => Self::Right(right, Some(pick(targets, numbers[2]))),
            5 | 6 => Self::Access(pick(targets, numbers[2])),
            _ if groups.is_empty() => Self::Anything,
            _ => Self::Membership(pick(groups, numbers[2])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Anything => "anything".to_owned(),
            Self::Sensitive => "sensitive".to_owned(),
            Self::Right(right, None) => right.clone(),
            Self::Right(right, Some(target)) => format!("{right} of {target}"),
            Self::Access(target) => format!("access to {target}"),
            Self::Membership(group) => group.clone(),
        }
    }

    /// Whom something happens to that this is about, on a day.
    fn people(&self, sides: &Sides, turned: &Turned, on: Date) -> BTreeSet<String> {
        let is_right = |pattern: &str, right: &str| match pattern.strip_suffix('*') {
            Some(area) => right.starts_with(area),
            None => pattern == right,
        };
        let is_target =
            |target: &str, key: &Key| key.2.as_ref().is_some_and(|single| sides.stands_for(target, single, on));
        let answers = |is_meant: &dyn Fn(&Key) -> bool| {
            turned.answers.iter().filter(|key| is_meant(key)).map(|key| key.0.clone()).collect()
        };
        match self {
            Self::Anything => answers(&|_| true),
            Self::Sensitive => answers(&|key| SENSITIVE.contains(&key.1.as_str())),
            Self::Right(right, None) => answers(&|key| is_right(right, &key.1)),
            Self::Right(right, Some(target)) => answers(&|key| is_right(right, &key.1) && is_target(target, key)),
            Self::Access(target) => answers(&|key| is_target(target, key)),
            Self::Membership(group) => {
                turned.groups.iter().filter(|(of, _)| of == group).map(|(_, user)| user.clone()).collect()
            }
        }
    }
}

const SENSITIVE: [&str; 3] = ["data.export", "calendar.see", "modules.use"];

/// On which day people are hit first.
fn first_days(hits: &[Hit<'_>], on: Date) -> BTreeMap<String, Date> {
    let mut first = BTreeMap::new();
    for hit in hits {
        for user in &hit.users {
            let day = hit.from.unwrap_or(on);
            let known = first.entry(user.to_string()).or_insert(day);
            *known = day.min(*known);
        }
    }
    first
}

/// The settings in which reviewers and gates of some objects stand.
fn settled(org: &Organisation, objects: &[Object]) -> Repository {
    let reviewers: BTreeSet<String> = objects.iter().map(|object| format!("  '{}': [anna]\n", object.text())).collect();
    let reviewers: String = reviewers.into_iter().collect();
    let mut files = org.to_files();
    files.push(("rightful.yaml".to_owned(), format!("sensitive: [data.export]\nreviewers:\n{reviewers}")));
    compile(&Memory::new(files)).expect("the files are there")
}

#[test]
fn gates_and_reviewers_are_about_whom_a_naive_reading_says() {
    let law = |((base, head), numbers): ((Organisation, Organisation), Vec<[u16; 3]>)| {
        let on = some_days(&base)[0];
        let sides = Sides::of(base, head);
        let [base, head] = &sides.policies;
        let sensitive: BTreeSet<RightName> =
            SENSITIVE.iter().map(|right| RightName::new(right).expect("a right")).collect();
        let compared = [Compared::on(None, [base, head], on).and_later(on)];
        let today = [Compared::on(None, [base, head], on)];
        let in_sum = [Compared::within(None, [base, head], [on; 2], 0).and_later(on)];
        let turned: Vec<(Date, [Turned; 2])> =
            sides.days(on).map(|day| (day, [sides.turned(0, 1, day), sides.turned(1, 0, day)])).collect();
        let objects: Vec<Object> = numbers.into_iter().map(|numbers| Object::draw(&sides.orgs, numbers)).collect();
        let proved = Proved { expectations: true, unweakened: true };
        for object in &objects {
            for (turn, words) in [(0, "gain"), (1, "lose")] {
                let mut expected: BTreeMap<String, Date> = BTreeMap::new();
                for (day, turned) in &turned {
                    for user in object.people(&sides, &turned[turn], *day) {
                        expected.entry(user).or_insert(*day);
                    }
                }
                let text = format!("at most 2 users {words} {}", object.text());
                let gate = Gate::from_words(&text).map_err(|error| error.message.english()).expect("a gate");
                let judged = judge(&[(&gate, None)], &compared, &sensitive, proved).remove(0);
                prop_assert_eq!(first_days(&judged.hits, on), expected.clone(), "{}", text);
                prop_assert_eq!((judged.passed, judged.people()), (expected.len() <= 2, expected.len()), "{}", text);
                let judged = judge(&[(&gate, None)], &in_sum, &sensitive, proved).remove(0);
                prop_assert_eq!(first_days(&judged.hits, on), expected.clone(), "{} in sum", text);
                let judged = judge(&[(&gate, None)], &today, &sensitive, proved).remove(0);
                expected.retain(|_, day| *day == on);
                prop_assert_eq!(first_days(&judged.hits, on), expected, "{} on the day", text);
            }
        }
        let settled = settled(&sides.orgs[0], &objects);
        let needed = required(&settled.settings, &compared, &sensitive);
        let found: BTreeSet<String> = needed.iter().map(|needed| needed.object.to_string()).collect();
        let is_hit =
            |object: &&Object| turned.iter().any(|(day, turned)| !object.people(&sides, &turned[0], *day).is_empty());
        prop_assert_eq!(found, objects.iter().filter(is_hit).map(Object::text).collect());
        Ok(())
    };
    runner(300).run(&(sides(), vec(any::<[u16; 3]>(), 1..12)), law).unwrap();
}

fn keys<'c>(changes: impl IntoIterator<Item = &'c Caused>) -> Vec<Key> {
    let of = |caused: &Caused| {
        let key = |(user, target): (&Name, Option<&TargetKey>)| {
            (user.to_string(), caused.change.right.to_string(), target.map(ToString::to_string))
        };
        caused.change.singles().map(key).collect::<Vec<_>>()
    };
    changes.into_iter().flat_map(of).collect()
}

#[test]
fn later_days_tell_every_answer_that_changes_and_each_once() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let sides = Sides::of(base, head);
        let [base, head] = &sides.policies;
        let first = diff(&InForce::new(base, on), &InForce::new(head, on));
        let told: BTreeMap<Date, Later> =
            later(base, head, (on, &first)).into_iter().map(|later| (later.day, later)).collect();
        prop_assert!(told.keys().all(|day| *day > on && days().contains(day)));
        for (turn, [from, to]) in [[0, 1], [1, 0]].into_iter().enumerate() {
            let mut known: BTreeSet<Key> = BTreeSet::new();
            for day in sides.days(on) {
                let found = match told.get(&day) {
                    _ if day == on => keys(if turn == 0 { &first.gains } else { &first.losses }),
                    Some(later) => keys(if turn == 0 { &later.gains } else { &later.losses }),
                    None => Vec::new(),
                };
                let whole = sides.turned(from, to, day).answers;
                let new: BTreeSet<Key> = whole.difference(&known).cloned().collect();
                prop_assert_eq!(found.len(), new.len(), "each once on {}", day);
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<Key>>(), new, "on {}", day);
                if let Some(later) = told.get(&day) {
                    let all = keys(if turn == 0 { &later.whole.gains } else { &later.whole.losses });
                    prop_assert_eq!(all.into_iter().collect::<BTreeSet<Key>>(), whole.clone(), "all of {}", day);
                }
                known.extend(whole);
            }
        }
        Ok(())
    };
    runner(400).run(&sides(), law).unwrap();
}

#[test]
fn later_days_tell_what_they_bring_to_people_who_are_told_in_sum() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let sides = Sides::of(base, head);
        let [base, head] = &sides.policies;
        let first = diff_within(&InForce::new(base, on), &InForce::new(head, on), 0);
        let spelled = diff(&InForce::new(base, on), &InForce::new(head, on));
        let told: BTreeMap<Date, Later> =
            later(base, head, (on, &first)).into_iter().map(|later| (later.day, later)).collect();
        for (turn, [from, to]) in [[0, 1], [1, 0]].into_iter().enumerate() {
            let mut known: BTreeSet<Key> = BTreeSet::new();
            for day in sides.days(on) {
                let whole = sides.turned(from, to, day).answers;
                let found: BTreeSet<Key> = match told.get(&day) {
                    _ if day == on => {
                        keys(if turn == 0 { &spelled.gains } else { &spelled.losses }).into_iter().collect()
                    }
                    Some(later) => keys(if turn == 0 { &later.gains } else { &later.losses }).into_iter().collect(),
                    None => BTreeSet::new(),
                };
                let new: BTreeSet<Key> = whole.difference(&known).cloned().collect();
                // What ended and comes back may be told once more.
                prop_assert!(found.is_subset(&whole), "nothing else on {}: {:?}", day, found.difference(&whole));
                prop_assert!(new.is_subset(&found), "all that is new on {}: {:?}", day, new.difference(&found));
                known.extend(whole);
            }
        }
        Ok(())
    };
    runner(400).run(&sides(), law).unwrap();
}

/// Writes the files of an organisation in a folder, instead of those that are there.
fn write(folder: &Path, org: &Organisation) {
    let _ = std::fs::remove_dir_all(folder.join("policies"));
    for (path, text) in org.to_files() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
}

fn git(folder: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@t.example"]).args(words);
    git.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
    assert!(git.status().expect("git").success(), "{words:?}");
}

/// What the program says about two sides, but for what they are called.
fn said(folder: &Path, words: &[&str]) -> serde_json::Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rightful"));
    let ran = program
        .env("RIGHTFUL_CACHE", "off")
        .current_dir(folder)
        .args(words)
        .args(["--format", "json"])
        .output()
        .expect("run");
    let mut value: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("json");
    for name in ["base", "head", "names"] {
        value.as_object_mut().expect("an object").remove(name);
    }
    value
}

#[test]
fn two_directories_are_two_revisions() {
    let law = |(base, head): (Organisation, Organisation)| {
        let day = some_days(&base)[0].to_string();
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        write(&folder.join("a"), &base);
        write(&folder.join("b"), &head);
        write(folder, &base);
        git(folder, &["init", "-q", "-b", "main"]);
        git(folder, &["add", "policies"]);
        git(folder, &["commit", "-q", "-m", "base"]);
        write(folder, &head);
        git(folder, &["add", "-A", "policies"]);
        git(folder, &["commit", "-q", "--allow-empty", "-m", "head"]);
        for on in [["--on", day.as_str()].as_slice(), &[]] {
            let of = |sides: &[&str]| said(folder, &[&["diff"], sides, on].concat());
            let directories = of(&["a", "b"]);
            for sides in
                [["HEAD~1", "HEAD"].as_slice(), &["HEAD~1..HEAD"], &["HEAD~1"], &["./a", "HEAD"], &["HEAD~1", "./b"]]
            {
                prop_assert_eq!(&of(sides), &directories, "{:?}", sides);
            }
            prop_assert_eq!(&of(&["./b", "HEAD"])["no_change"], true);
        }
        Ok(())
    };
    runner(25).run(&sides(), law).unwrap();
}
