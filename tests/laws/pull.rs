//! A pull takes all that was done in a database: afterwards the plan is empty, and no other declaration was touched.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq};
use rightful::date::Validity;
use rightful::model::Scope;
use rightful::model::key::{GroupKey, SubjectKey};
use rightful::name::Name;
use rightful::plan::{Change, Desired, Drift, Reading, as_base, plan};
use rightful::pull::{everything, layout, take, write};
use rightful::repository::compile;
use rightful::state::{Fact, Key, MemberKey, State};
use rightful::tree::memory::Memory;

use super::organisation::{Organisation, days, organisation};
use super::subject::{compiled, runner};

/// Choices out of one number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % count.max(1)
    }
}

fn owner(subject: &SubjectKey) -> Key {
    match subject {
        SubjectKey::User(name) => Key::User(name.clone()),
        SubjectKey::Group(name) => Key::Group(name.clone()),
        SubjectKey::Role(name) => Key::Role(name.clone()),
    }
}

/// What a row needs beside itself, as foreign keys have it; a state without it drops the row.
fn needs(key: &Key, fact: &Fact) -> Vec<Key> {
    let mut all = match key {
        Key::Member { group, member, .. } => {
            let member = match member {
                MemberKey::User(name) => Some(Key::User(name.clone())),
                MemberKey::Group(group) => Some(Key::of_group(group)),
                MemberKey::Everyone => None,
            };
            std::iter::once(Key::of_group(group)).chain(member).collect()
        }
        Key::Access(user) => vec![Key::User(user.clone())],
        Key::Rule { subject, right, target, .. } => {
            let mut all = vec![owner(subject), Key::Right(right.clone())];
            let name = target.as_ref().and_then(|target| Some((target.kind(), target.name()?.clone())));
            all.extend(name.and_then(|(kind, name)| match kind {
                "user" => Some(Key::User(name)),
                "group" => Some(Key::Group(name)),
                "role" => Some(Key::Role(name)),
                "module" => Some(Key::Module(name)),
                "module-set" => Some(Key::ModuleSet(name)),
                "attachment" => Some(Key::Attachment(name)),
                _ => None,
            }));
            all
        }
        _ => Vec::new(),
    };
    if let Fact::Access(role) = fact {
        all.push(Key::of_group(role));
    }
    all
}

/// Deletes a row as a database with foreign keys does.
fn delete(state: &mut State, key: &Key) {
    state.facts.remove(key);
    loop {
        let facts = &state.facts;
        let gone = facts.iter().find(|(key, fact)| needs(key, fact).iter().any(|other| !facts.contains_key(other)));
        let Some(gone) = gone.map(|(key, _)| key.clone()) else { break };
        state.facts.remove(&gone);
    }
    let there: BTreeSet<Key> = state.facts.keys().cloned().collect();
    for fact in state.facts.values_mut() {
        match fact {
            Fact::User(user) => {
                user.employee = user.employee.take().filter(|name| there.contains(&Key::Employee(name.clone())));
                user.modules = user.modules.take().filter(|name| there.contains(&Key::ModuleSet(name.clone())));
            }
            Fact::Group(group) => {
                group.modules = group.modules.take().filter(|name| there.contains(&Key::ModuleSet(name.clone())));
            }
            Fact::ModuleSet(modules) => modules.retain(|name| there.contains(&Key::Module(name.clone()))),
            _ => {}
        }
    }
}

/// Whether a row of another organisation can be put into a state, as foreign keys have it.
fn fits(state: &State, key: &Key, fact: &Fact) -> bool {
    let referred = needs(key, fact).iter().all(|other| state.facts.contains_key(other));
    let linked = match fact {
        Fact::ModuleSet(modules) => {
            !modules.is_empty() && modules.iter().all(|name| state.facts.contains_key(&Key::Module(name.clone())))
        }
        Fact::User(user) => user.employee.is_none() && user.modules.is_none(),
        Fact::Group(group) => group.modules.is_none(),
        Fact::Right(right) => !right.builtin,
        _ => true,
    };
    !state.facts.contains_key(key) && referred && linked
}

fn alter(state: &mut State, key: &Key, dice: &mut Dice) {
    let texts = ["Lars", "no", "it's: \"x\" #1", "a, [b] {c}", "", "007", "ends:", "Ünï \\ cöde"];
    let text = || texts[dice.0 as usize % texts.len()].into();
    let Some(mut fact) = state.facts.get(key).cloned() else { return };
    match &mut fact {
        Fact::User(user) if dice.0.is_multiple_of(3) => user.active = !user.active,
        Fact::User(user) => user.name = if user.name.is_some() { None } else { Some(text()) },
        Fact::Group(group) => group.name = if group.name.is_some() { None } else { Some(text()) },
        Fact::Module(name) => *name = Some(text()),
        Fact::Employee(employee) => employee.department = Some(text()),
        Fact::ModuleSet(modules) => modules.reverse(),
        Fact::Attachment(patterns) => patterns.insert(dice.0 as usize % (patterns.len() + 1), "*.new, x".into()),
        Fact::Right(right) if dice.0.is_multiple_of(3) => {
            let scopes = [None, Some(Scope::People), Some(Scope::Modules), Some(Scope::Attachments)];
            (right.scope, right.own_data_allowed) = (scopes[dice.below(scopes.len())], false);
        }
        Fact::Right(right) => drop(right.labels.insert("nb".into(), text())),
        Fact::Member(because) | Fact::Rule(because) => *because = if because.is_some() { None } else { Some(text()) },
        Fact::Access(role) => {
            let roles = state.facts.keys().filter_map(|key| match key {
                Key::Role(name) => Some(GroupKey::role(name.clone())),
                _ => None,
            });
            let roles: Vec<GroupKey> = roles.collect();
            *role = roles[dice.below(roles.len())].clone();
        }
        Fact::Company(company) => company.phone = Some(text()),
        Fact::Licence(licence) => licence.services.push(text()),
    }
    let mut moved = key.clone();
    if let Key::Member { validity, .. } = &mut moved
        && dice.0.is_multiple_of(2)
    {
        *validity = Validity::new(None, days().last().copied()).unwrap_or_default();
        state.facts.remove(key);
    }
    state.facts.insert(moved, fact);
}

fn is_built_in(fact: &Fact) -> bool {
    matches!(fact, Fact::Right(right) if right.builtin)
}

/// What somebody made of a state.
fn drifted(declared: &State, other: &State, seed: u64) -> State {
    let mut dice = Dice(seed);
    let mut state = declared.clone();
    for _ in 0..=dice.below(5) {
        let keys: Vec<Key> =
            state.facts.iter().filter(|(_, fact)| !is_built_in(fact)).map(|(key, _)| key.clone()).collect();
        let key = keys[dice.below(keys.len())].clone();
        match dice.below(3) {
            0 => delete(&mut state, &key),
            1 => alter(&mut state, &key, &mut dice),
            _ => {
                let possible: Vec<(&Key, &Fact)> =
                    other.facts.iter().filter(|(key, fact)| fits(&state, key, fact)).collect();
                if let Some((key, fact)) = possible.get(dice.below(possible.len())) {
                    state.facts.insert((*key).clone(), (*fact).clone());
                }
            }
        }
    }
    // A list without an item cannot be said.
    let empty: Vec<Key> = state
        .facts
        .iter()
        .filter(|(_, fact)| matches!(fact, Fact::ModuleSet(list) if list.is_empty()))
        .map(|(key, _)| key.clone())
        .collect();
    empty.iter().for_each(|key| delete(&mut state, key));
    state
}

/// The files with a comment at the end of every line, and one above every section.
fn commented(org: &Organisation) -> Vec<(String, String)> {
    let mut number = 0;
    let mut line = |line: &str| {
        number += 1;
        let (text, end) = line.strip_suffix("\r\n").map_or((line.trim_end_matches('\n'), "\n"), |text| (text, "\r\n"));
        let section = text.ends_with(':') && !text.starts_with([' ', '\u{feff}']);
        let above = if section { format!("# kept {number}{end}") } else { String::new() };
        format!("{above}{text} # at {number}{end}")
    };
    let file = |(path, text): (String, String)| {
        let text = text.split_inclusive('\n').map(&mut line).collect();
        (path, text)
    };
    org.to_files().into_iter().map(file).collect()
}

/// The declarations of a file, each with its lines.
fn declarations(text: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let depth = line.len() - line.trim_start_matches(' ').len();
        if depth == 2 {
            let name = line.trim().split(": ").next().unwrap_or_default().trim_end_matches(':');
            all.push((name.trim_end_matches(" #").to_owned(), line.to_owned()));
        } else if let Some((_, lines)) = all.last_mut().filter(|_| depth > 2) {
            lines.push_str(line);
        } else {
            all.push((String::new(), String::new()));
        }
    }
    all.retain(|(name, _)| !name.is_empty());
    all
}

/// Who is declared otherwise, by name: of whom something differs, or who names something that a new thing is called
/// like, so that a prefix comes.
fn changed(declared: &State, wanted: &State) -> BTreeSet<String> {
    let declares = |key: &Key| match key {
        Key::Member { group, .. } => group.name.to_string(),
        Key::Rule { subject, .. } => subject.name().to_string(),
        other => other.to_string(),
    };
    let differs =
        |(key, fact): &(&Key, &Fact)| wanted.facts.get(*key) != Some(*fact) || declared.facts.get(*key) != Some(*fact);
    let all = || declared.facts.iter().chain(&wanted.facts);
    let mut names: BTreeSet<String> = all().filter(differs).map(|(key, _)| declares(key)).collect();
    let new = wanted.facts.keys().filter(|key| !declared.facts.contains_key(*key));
    let new: BTreeSet<String> = new.map(ToString::to_string).collect();
    let is_named = |key: &&Key| match key {
        Key::Member { member: MemberKey::User(name), .. } => new.contains(name.as_str()),
        Key::Member { member: MemberKey::Group(group), .. } => new.contains(group.name.as_str()),
        Key::Rule { target: Some(target), .. } => target.name().is_some_and(|name| new.contains(name.as_str())),
        _ => false,
    };
    names.extend(declared.facts.keys().filter(is_named).map(declares));
    names
}

#[test]
fn after_a_pull_the_plan_is_empty_and_other_lines_are_as_they_were() {
    let law = |(org, other, seed, only): (Organisation, Organisation, u64, Option<u64>)| {
        let files = commented(&org);
        let before = compile(&Memory::new(files.clone())).expect("the files are there");
        prop_assert!(before.companies[0].compiles(), "{:#?}\n{files:#?}", before.companies[0].diagnostics);
        let declared = State::of(&before.companies[0].policy);
        let actual = drifted(&declared, &State::of(&compiled(&other).policy), seed);
        let reading = Reading { actual: actual.clone(), base: Some(as_base(&declared)), ..Reading::default() };
        let on = days()[0];
        let desired = |state: &State| Desired { company: None, state: state.clone(), renames: Vec::new() };
        let first = plan(&reading, &desired(&declared), on, Drift::Revert, |_| None);
        // All of it, or what about a half of the names hangs on.
        let asked = |key: &Key| only.is_none_or(|seed| seed >> (key.to_string().len() % 64) & 1 == 1);
        let taking = take(&reading, &before, 0, &first, asked).expect("names");
        let is_told = |change: &Change| taking.left.iter().any(|left| left.key == change.key);
        let written = write(&before, 0, &taking.wanted).expect("readable files");
        let mut after: BTreeMap<String, String> = files.iter().cloned().collect();
        after.extend(written.iter().map(|file| (file.path.clone(), file.after.clone())));
        let shown = || format!("{:#?}\n{written:#?}", first.changes);
        if let Ok(again) = compile(&Memory::new(after.clone())) {
            prop_assert!(again.companies[0].compiles(), "{:#?}\n{}", again.companies[0].diagnostics, shown());
            let state = State::of(&again.companies[0].policy);
            prop_assert_eq!(&state, &taking.wanted, "{}", shown());
            let second = plan(&reading, &desired(&state), on, Drift::Revert, |_| None);
            prop_assert!(second.changes.iter().all(is_told), "{:#?}\n{:#?}\n{}", second.changes, taking.left, shown());
        } else {
            // Everything went.
            prop_assert!(taking.wanted.facts.values().all(is_built_in), "{}", shown());
        }
        let changed = changed(&declared, &taking.wanted);
        // A new right of an area spells `area.*` out wherever it stands.
        let widened = first.changes.iter().any(|change| matches!(change.key, Key::Right(_)));
        let is_changed = |name: &str| {
            let name = name.trim_matches(['\'', '"']).replace("o\u{308}", "ö");
            widened || name == "access" || changed.contains(name.as_str())
        };
        for (path, text) in &files {
            for kept in text.lines().filter(|line| line.starts_with("# kept")) {
                prop_assert!(after[path].contains(kept), "{kept}\n{}", shown());
            }
            for (name, lines) in declarations(text).iter().filter(|(name, _)| !is_changed(name)) {
                prop_assert!(after[path].contains(lines.as_str()), "{name}: {lines:?}\n{}", shown());
            }
        }
        Ok(())
    };
    runner(400).run(&(organisation(), organisation(), any::<u64>(), any::<Option<u64>>()), law).unwrap();
}

#[test]
fn whoever_gets_another_name_loses_no_line_and_no_comment() {
    let law = |(org, seed): (Organisation, u64)| {
        let files = commented(&org);
        let before = compile(&Memory::new(files.clone())).expect("the files are there");
        let declared = State::of(&before.companies[0].policy);
        let users = declared.facts.iter().filter_map(|(key, fact)| match (key, fact) {
            (Key::User(name), Fact::User(user)) if user.employee.is_some() => Some(name.clone()),
            _ => None,
        });
        let new = |(index, name): (usize, Name)| {
            (seed >> (index % 64) & 1 == 1).then(|| (name, Name::new(&format!("somebody-{index}"))))
        };
        let names: BTreeMap<Name, Name> =
            users.enumerate().filter_map(new).filter_map(|(old, new)| Some((old, new.ok()?))).collect();
        let reading = Reading {
            actual: declared.with_users_renamed(&names),
            base: Some(as_base(&declared)),
            ..Reading::default()
        };
        let desired = Desired { company: None, state: declared, renames: Vec::new() };
        let drift = plan(&reading, &desired, days()[0], Drift::Revert, |_| None);
        let taking = take(&reading, &before, 0, &drift, |_| true).expect("names");
        let written = write(&before, 0, &taking.wanted).expect("readable files");
        let mut after: BTreeMap<String, String> = files.iter().cloned().collect();
        after.extend(written.iter().map(|file| (file.path.clone(), file.after.clone())));
        let again = compile(&Memory::new(after.clone())).expect("the files are there");
        prop_assert!(again.companies[0].compiles(), "{:#?}\n{written:#?}", again.companies[0].diagnostics);
        prop_assert_eq!(&State::of(&again.companies[0].policy), &taking.wanted, "{:#?}", written);
        // Who is named where no pull edits keeps the old name.
        if taking.left.is_empty() {
            for (path, text) in &files {
                let (old, new) = (text.lines().count(), after[path].lines().count());
                prop_assert_eq!(old, new, "{}\n{:#?}", path, written);
                for comment in text.lines().filter_map(|line| line.rsplit_once("# ")).map(|(_, comment)| comment) {
                    prop_assert!(after[path].contains(&format!("# {comment}")), "{comment}\n{written:#?}");
                }
            }
        }
        Ok(())
    };
    runner(200).run(&(organisation(), any::<u64>()), law).unwrap();
}

#[test]
fn a_whole_database_becomes_files_that_say_the_same() {
    let law = |(org, other, seed): (Organisation, Organisation, u64)| {
        let state = drifted(&State::of(&compiled(&org).policy), &State::of(&compiled(&other).policy), seed);
        let taking = everything(&Reading { actual: state.clone(), ..Reading::default() }).expect("names");
        prop_assert!(!taking.left.is_empty() || taking.wanted == state);
        let files = layout(&taking.wanted);
        if files.is_empty() {
            return Ok(());
        }
        let again = compile(&Memory::new(files.iter().map(|file| (file.path.clone(), file.after.clone()))));
        let again = again.expect("files");
        prop_assert!(again.companies[0].compiles(), "{:#?}\n{files:#?}", again.companies[0].diagnostics);
        prop_assert_eq!(State::of(&again.companies[0].policy), taking.wanted, "{:#?}", files);
        Ok(())
    };
    runner(300).run(&(organisation(), organisation(), any::<u64>()), law).unwrap();
}
