//! What a decision costs, beside other engines: the same organisation, the same questions, every answer held equal.
//!
//! `cargo build --release && cargo run --release --manifest-path benches/decisions/Cargo.toml -- S M L XL`. With `alone`
//! behind the sizes without the other engines, which need gigabytes for XL; with `processes` whole commands only, of the
//! release build or of the program that `RIGHTFUL` names. Decisions are asked on one thread.

#[path = "../../firm/firm.rs"]
mod firm;
mod peers;
mod processes;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rightful::date::parse_date;
use rightful::diff;
use rightful::model::{Id, Parts, Policy, RightId, Single, UserId};
use rightful::repository;
use rightful::resolve::{InForce, Population, Request, decide};
use rightful::tree::worktree::Worktree;

use firm::{Firm, Numbers, OVER_PEOPLE, PLAIN, SIZES, Size};

/// How many questions are asked over and over.
const QUESTIONS: usize = 1 << 16;
/// How long each engine is asked at least.
const LONG_ENOUGH: Duration = Duration::from_millis(700);
/// How many answers are held against the single decision.
const HELD: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let alone = words.iter().any(|word| word == "alone");
    let asked = |size: &Size| words.iter().any(|word| word.eq_ignore_ascii_case(size.name));
    let sizes: Vec<Size> = SIZES.into_iter().filter(asked).collect();
    println!("| size | what | engine | a second, or seconds | of ours |\n| --- | --- | --- | ---: | ---: |");
    if !words.iter().any(|word| word == "processes") {
        for size in &sizes {
            measure(*size, alone)?;
        }
    }
    processes::measure(&sizes)
}

fn measure(size: Size, alone: bool) -> Result<(), Box<dyn Error>> {
    let firm = Firm::new(size);
    let folder = tempfile::tempdir()?;
    firm.write(folder.path())?;
    let policy = compiled(folder.path())?;
    let on = parse_date("2026-11-23").ok_or("a day")?;
    let parts = Parts::clone(&policy);
    drop(policy);

    let start = Instant::now();
    let policy = Policy::assemble(parts);
    let in_force = InForce::new(&policy, on);
    let population = Population::new(&in_force);
    black_box(population.plain());
    seconds(size, "compile from structures", start.elapsed());

    let mut numbers = Numbers::new(7);
    let questions: Vec<(String, &str)> =
        (0..QUESTIONS).map(|_| (firm::user(numbers.below(size.users)), PLAIN[numbers.below(PLAIN.len())])).collect();
    let ids = |(user, right): &(String, &str)| -> Option<(UserId, RightId)> {
        Some((policy.users.find_by(user.as_str())?, policy.rights.find_by(*right)?))
    };
    let ours = |question: &(String, &str)| {
        ids(question).is_some_and(|(user, right)| population.decide(user, right, None).allowed)
    };
    let single: Vec<bool> = questions[..HELD]
        .iter()
        .map(|question| {
            ids(question).is_some_and(|(user, right)| decide(&in_force, Request::by(user, right, None)).allowed)
        })
        .collect();
    assert!(questions.iter().zip(&single).all(|(question, answer)| ours(question) == *answer));
    let speed = a_second(&questions, ours);
    rate(size, "plain, by names", "rightful", speed, speed);

    let mut scoped = |_| {
        let user = UserId::from_index(numbers.below(size.users));
        let right = policy.rights.find_by(OVER_PEOPLE[numbers.below(OVER_PEOPLE.len())]);
        (user, right, Single::User(UserId::from_index(numbers.below(size.users))))
    };
    let scoped: Vec<_> = (0..QUESTIONS).map(&mut scoped).collect();
    type Scoped = (UserId, Option<RightId>, Single);
    let ours_scoped =
        |(user, right, over): &Scoped| right.is_some_and(|right| population.decide(*user, right, Some(*over)).allowed);
    for question @ (user, right, over) in &scoped[..HELD] {
        let request = right.map(|right| Request::by(*user, right, Some(*over)));
        assert_eq!(request.is_some_and(|request| decide(&in_force, request).allowed), ours_scoped(question));
    }
    let speed_scoped = a_second(&scoped, ours_scoped);
    rate(size, "scoped, by ids", "rightful", speed_scoped, speed_scoped);

    let start = Instant::now();
    let yes = population.plain().decisions().filter(|(_, _, decision)| decision.allowed).count();
    seconds(size, "matrix of plain rights", start.elapsed());
    black_box(yes);

    let mut other = Parts::clone(&policy);
    other.rules.truncate(other.rules.len() - 20);
    let other = Policy::assemble(other);
    let head = InForce::new(&other, on);
    let start = Instant::now();
    let changed = diff::effective(&in_force, &head);
    seconds(size, "effective difference of 20 rules", start.elapsed());
    black_box(changed.gains.len());

    if !alone {
        for (name, make) in peers::ALL {
            let start = Instant::now();
            let mut peer = make(&firm)?;
            let made = start.elapsed();
            for (question, answer) in questions.iter().zip(&single).take(2_000) {
                assert_eq!(peer(&question.0, question.1)?, *answer, "{name}: {question:?}");
            }
            let theirs = a_second(&questions, |(user, right)| peer(user, right).unwrap_or_default());
            rate(size, "plain, by names", name, theirs, speed);
            seconds_of(size, "compile from structures", name, made);
        }
    }
    Ok(())
}

fn compiled(folder: &std::path::Path) -> Result<Policy, Box<dyn Error>> {
    let repository = repository::compile(&Worktree::new(folder)?)?;
    let company = repository.companies.into_iter().next().ok_or("a company")?;
    if !company.compiles() {
        return Err("the organisation does not compile".into());
    }
    Ok(company.policy)
}

/// How many questions are answered in a second.
fn a_second<Q>(questions: &[Q], mut ask: impl FnMut(&Q) -> bool) -> f64 {
    let (start, mut asked) = (Instant::now(), 0usize);
    loop {
        // The clock is not asked more often than every thousandth question.
        for question in questions.iter().cycle().skip(asked % questions.len()).take(1_000) {
            black_box(ask(question));
        }
        asked += 1_000;
        let took = start.elapsed();
        if took >= LONG_ENOUGH {
            return asked as f64 / took.as_secs_f64();
        }
    }
}

fn rate(size: Size, what: &str, engine: &str, speed: f64, ours: f64) {
    println!("| {} | {what} | {engine} | {speed:.0} | 1 / {:.1} |", size.name, ours / speed);
}

fn seconds(size: Size, what: &str, took: Duration) {
    seconds_of(size, what, "rightful", took);
}

fn seconds_of(size: Size, what: &str, engine: &str, took: Duration) {
    println!("| {} | {what} | {engine} | {:.4} s | |", size.name, took.as_secs_f64());
}
