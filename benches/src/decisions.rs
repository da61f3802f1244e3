//! What decisions cost, beside other engines: the same organisation, the same questions, every answer held equal. One
//! thread asks.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rightful::date::{Date, parse_date};
use rightful::diff;
use rightful::model::{Id, Parts, Policy, RightId, Single, UserId};
use rightful::repository;
use rightful::resolve::{InForce, Population, Request, decide};
use rightful::tree::worktree::Worktree;

use crate::Problem;
use crate::memory;
use crate::firm::{self, Firm, Numbers, OVER_PEOPLE, PLAIN, Size};
use crate::peers::{PLAIN_PEERS, SCOPED_PEERS};
use crate::table::{OURS, Table};

/// How many questions are asked over and over.
const QUESTIONS: usize = 1 << 16;
/// How long each engine is asked at least.
const LONG_ENOUGH: Duration = Duration::from_millis(700);
/// How many answers are held against the single decision.
const HELD: usize = 20_000;
/// How many answers of each other engine are held against ours.
const COMPARED: usize = 2_000;
/// How often things are done that are timed once; the fastest counts.
const TIMES: usize = 3;

/// Measures one size, with the other engines or without.
pub fn measure(table: &mut Table, size: Size, with_peers: bool) -> Result<(), Problem> {
    let firm = Firm::new(size);
    let policy = compiled(&firm)?;
    let on = day()?;
    made_ready(table, size, &policy, on)?;
    let in_force = InForce::new(&policy, on);
    let population = Population::new(&in_force);

    let (questions, speed) = plain(table, size, &population)?;
    let (scoped, speed_scoped) = scoped(table, size, &population)?;
    everything(table, size, &population);
    difference(table, size, &policy, on);

    if with_peers {
        for (name, make) in PLAIN_PEERS {
            let start = Instant::now();
            let mut peer = make(&firm)?;
            table.took(size, "made ready", name, start.elapsed(), "plain rights only");
            for (user, right, answer) in questions.iter().take(COMPARED) {
                assert_eq!(peer(user, right)?, *answer, "{name}: {user} {right}");
            }
            let theirs = a_second(&questions, |(user, right, _)| peer(user, right).unwrap_or_default());
            table.rate(size, "plain decisions, by names", name, theirs, speed);
        }
        for (name, make) in SCOPED_PEERS {
            let mut peer = make(&firm)?;
            for (user, right, over, answer) in scoped.iter().take(COMPARED) {
                assert_eq!(peer(*user, *right, *over)?, *answer, "{name}: {user} {right} {over}");
            }
            let theirs = a_second(&scoped, |(user, right, over, _)| peer(*user, *right, *over).unwrap_or_default());
            table.rate(size, "scoped decisions, by numbers", name, theirs, speed_scoped);
        }
    }
    Ok(())
}

/// The organisation, by way of its files.
pub fn compiled(firm: &Firm) -> Result<Arc<Policy>, Problem> {
    let folder = tempfile::tempdir()?;
    firm.write(folder.path())?;
    of_folder(folder.path())
}

fn of_folder(folder: &Path) -> Result<Arc<Policy>, Problem> {
    let repository = repository::compile(&Worktree::new(folder)?)?;
    let company = repository.companies.into_iter().next().ok_or("a company")?;
    if !company.compiles() {
        return Err("the organisation does not compile".into());
    }
    Ok(company.policy)
}

/// The day on which everything is asked.
pub fn day() -> Result<Date, Problem> {
    parse_date("2026-11-23").ok_or_else(|| "a day".into())
}

fn made_ready(table: &mut Table, size: Size, policy: &Policy, on: Date) -> Result<(), Problem> {
    let once = || {
        let parts = Parts::clone(policy);
        let start = Instant::now();
        let policy = Policy::assemble(parts);
        let in_force = InForce::new(&policy, on);
        let population = Population::new(&in_force);
        black_box(population.plain());
        start.elapsed()
    };
    let megabytes = memory::most(once)?;
    let best = (0..TIMES).map(|_| once());
    let with = format!("{megabytes} MB, the structures among them");
    table.took(size, "made ready from structures", OURS, best.min().unwrap_or_default(), &with);
    Ok(())
}

/// Who, which right, and the answer.
type Plain = (String, &'static str, bool);

fn plain(table: &mut Table, size: Size, population: &Population<'_>) -> Result<(Vec<Plain>, f64), Problem> {
    let policy = population.in_force().policy;
    let ours = |user: &str, right: &str| {
        let ids = policy.users.find_by(user).zip(policy.rights.find_by(right));
        ids.is_some_and(|(user, right)| population.decide(user, right, None).allowed)
    };
    let mut numbers = Numbers::new(7);
    let question = |_| {
        let (user, right) = (firm::user(numbers.below(size.users)), PLAIN[numbers.below(PLAIN.len())]);
        let answer = ours(&user, right);
        (user, right, answer)
    };
    let questions: Vec<Plain> = (0..QUESTIONS).map(question).collect();
    for (user, right, answer) in &questions[..HELD] {
        let ids = policy.users.find_by(user.as_str()).zip(policy.rights.find_by(*right));
        let (user, right) = ids.ok_or("a user and a right")?;
        assert_eq!(decide(population.in_force(), Request::by(user, right, None)).allowed, *answer);
    }
    let speed = a_second(&questions, |(user, right, _)| ours(user, right));
    table.rate(size, "plain decisions, by names", OURS, speed, speed);
    Ok((questions, speed))
}

/// Who, which of the rights over people, over whom, and the answer.
type Scoped = (usize, usize, usize, bool);

fn scoped(table: &mut Table, size: Size, population: &Population<'_>) -> Result<(Vec<Scoped>, f64), Problem> {
    let policy = population.in_force().policy;
    let rights: Vec<RightId> = OVER_PEOPLE.iter().filter_map(|right| policy.rights.find_by(*right)).collect();
    let user = |number: usize| UserId::from_index(number);
    let ours = |who: usize, right: usize, over: usize| {
        population.decide(user(who), rights[right], Some(Single::User(user(over)))).allowed
    };
    let mut numbers = Numbers::new(11);
    let question = |_| {
        let (who, right) = (numbers.below(size.users), numbers.below(rights.len()));
        // Somebody else: the other engines are not told of own data.
        let over = (who + 1 + numbers.below(size.users - 1)) % size.users;
        (who, right, over, ours(who, right, over))
    };
    let questions: Vec<Scoped> = (0..QUESTIONS).map(question).collect();
    for (who, right, over, answer) in &questions[..HELD] {
        let request = Request::by(user(*who), rights[*right], Some(Single::User(user(*over))));
        assert_eq!(decide(population.in_force(), request).allowed, *answer);
    }
    let speed = a_second(&questions, |(who, right, over, _)| ours(*who, *right, *over));
    table.rate(size, "scoped decisions, by numbers", OURS, speed, speed);
    Ok((questions, speed))
}

fn everything(table: &mut Table, size: Size, population: &Population<'_>) {
    let best = (0..TIMES).map(|_| {
        let start = Instant::now();
        black_box(population.plain().decisions().filter(|(_, _, decision)| decision.allowed).count());
        start.elapsed()
    });
    table.took(size, "all plain rights of everybody", OURS, best.min().unwrap_or_default(), "once it is made ready");
}

fn difference(table: &mut Table, size: Size, policy: &Policy, on: Date) {
    // The least that any difference takes is to look at every line of both sides, which a difference of nothing does.
    for (fewer, what) in [(0, "effective difference of nothing"), (20, "effective difference of 20 rules")] {
        let mut other = Parts::clone(policy);
        other.rules.truncate(other.rules.len() - fewer);
        let other = Policy::assemble(other);
        let [base, head] = [policy, &other].map(|policy| InForce::new(policy, on));
        let best = (0..TIMES).map(|_| {
            let start = Instant::now();
            black_box(diff::effective(&base, &head).losses.len());
            start.elapsed()
        });
        table.took(size, what, OURS, best.min().unwrap_or_default(), "groups looked up");
    }
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
