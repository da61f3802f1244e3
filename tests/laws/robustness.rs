//! Reading never fails, the order of files means nothing, and the same input gives the same bytes.

use proptest::strategy::Strategy;
use proptest::{prop_assert, prop_assert_eq};
use rightful::language::Language;
use rightful::repository::compile;
use rightful::state::State;
use rightful::syntax::{decode, parse};
use rightful::text::FileId;
use rightful::tree::memory::Memory;
use rightful::wire;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner};

/// A policy file with some of its bytes overwritten, doubled or cut.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let bytes = "\\PC|[\\x00-\\x7f]|[:#\\[\\]{},\"'*&!|>%@`-]|\n  ?";
    (organisation(), proptest::collection::vec((0usize..4096, bytes, 0usize..3), 0..6)).prop_map(|(org, damages)| {
        let mut file = org.to_files().swap_remove(0).1.into_bytes();
        for (at, with, how) in damages {
            let at = at % (file.len() + 1);
            match how {
                0 => drop(file.splice(at..at, with.bytes())),
                1 => file.truncate(at.max(1)),
                _ => drop(file.splice(at..(at + with.len()).min(file.len()), with.bytes())),
            }
        }
        file
    })
}

#[test]
fn reading_damaged_files_gives_findings_with_places_inside_the_file() {
    let law = |bytes: Vec<u8>| {
        let (file, mut found) = decode(FileId(0), "policies/a.yaml", bytes);
        let (_, parsed) = parse(FileId(0), &file);
        found.extend(parsed);
        for finding in &found {
            for label in &finding.labels {
                let span = label.place.span;
                prop_assert!(span.start <= span.end && span.end as usize <= file.text().len(), "{:?}", finding);
            }
        }
        let shown = compile(&Memory::new([("policies/a.yaml", file.text().as_bytes().to_vec())]));
        if let Ok(repository) = shown {
            for finding in &repository.companies[0].diagnostics {
                rightful::report::snippet::print_all(
                    [finding],
                    &repository.sources,
                    rightful::report::text::Look::PLAIN,
                );
            }
        }
        Ok(())
    };
    runner(2_000).run(&damaged(), law).unwrap();
}

#[test]
fn the_names_and_order_of_files_mean_nothing() {
    let law = |org: Organisation| {
        let files = org.to_files();
        let count = files.len();
        let renamed = files
            .iter()
            .enumerate()
            .map(|(index, (_, text))| (format!("policies/{}.yaml", count - index), text.clone()));
        let mut repository = compile(&Memory::new(renamed)).expect("the files are there");
        let other = repository.companies.remove(0);
        prop_assert_eq!(State::of(&compiled(&org).policy), State::of(&other.policy));
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}

#[test]
fn ten_builds_give_the_same_bytes() {
    let law = |org: Organisation| {
        let build = || {
            let repository = compile(&Memory::new(org.to_files())).expect("the files are there");
            let report = rightful::check::repository(&repository, *super::organisation::days().last().unwrap(), None);
            let check = wire::to_text(&wire::check(&repository.sources, &report, Language::English));
            let sarif =
                wire::to_text(&rightful::report::sarif::log(&repository.sources, &report, "", Language::English));
            let policy = &repository.companies[0].policy;
            let in_force = rightful::resolve::InForce::new(policy, super::subject::some_days(&org)[0]);
            let population = rightful::resolve::Population::new(&in_force);
            check + &sarif + &wire::to_text(&wire::matrix(&population, rightful::question::Cells::Scoped))
        };
        let first = build();
        prop_assert!((1..10).all(|_| build() == first));
        Ok(())
    };
    runner(20).run(&organisation(), law).unwrap();
}
