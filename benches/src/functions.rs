//! What functions of the library cost, measured by divan on an organisation of size M.

use std::fs;
use std::sync::{Arc, LazyLock};

use divan::{Bencher, Divan, black_box};

use rightful::date::Date;
use rightful::diff;
use rightful::model::{Id, Parts, Policy, RightId, Single, UserId};
use rightful::plan::{self, Desired, Drift, Reading};
use rightful::resolve::{InForce, Population, Request, decide, prove};
use rightful::state::{self, State};
use rightful::syntax;
use rightful::text::FileId;

use crate::Problem;
use crate::decisions::{compiled, day};
use crate::firm::{self, Firm, SIZES};

/// What everything here is measured on.
struct Ground {
    policy: Arc<Policy>,
    on: Date,
    /// One of its files, of twenty groups.
    file: String,
}

static GROUND: LazyLock<Ground> = LazyLock::new(|| match ground() {
    Ok(ground) => ground,
    Err(problem) => panic!("no organisation to measure on: {problem}"),
});

fn ground() -> Result<Ground, Problem> {
    let firm = Firm::new(SIZES[1]);
    let folder = tempfile::tempdir()?;
    firm.write(folder.path())?;
    let file = fs::read_to_string(folder.path().join("policies/groups/00000.yaml"))?;
    Ok(Ground { policy: compiled(&firm)?, on: day()?, file })
}

impl Ground {
    fn in_force(&'static self) -> InForce<'static> {
        InForce::new(&self.policy, self.on)
    }

    /// Some user, a right over people, and somebody else.
    fn question(&self) -> (UserId, RightId, Single) {
        let right = self.policy.rights.find_by(firm::OVER_PEOPLE[0]);
        (
            UserId::from_index(4_711),
            right.unwrap_or_else(|| RightId::from_index(0)),
            Single::User(UserId::from_index(815)),
        )
    }
}

/// Runs them all, and prints what divan prints.
pub fn measure() {
    Divan::default().run_benches();
}

#[divan::bench]
fn parse_a_file(bencher: Bencher) {
    let bytes = GROUND.file.as_bytes();
    bencher.counter(divan::counter::BytesCount::of_str(&GROUND.file)).bench(|| {
        let (file, _) = syntax::decode(FileId::default(), "groups.yaml", bytes.to_vec());
        syntax::parse(FileId::default(), black_box(&file))
    });
}

#[divan::bench]
fn assemble_a_policy(bencher: Bencher) {
    bencher.with_inputs(|| Parts::clone(&GROUND.policy)).bench_values(Policy::assemble);
}

#[divan::bench]
fn look_up_everybodys_groups(bencher: Bencher) {
    let in_force = GROUND.in_force();
    bencher.bench_local(|| Population::new(black_box(&in_force)).person(UserId::from_index(0)).groups.len());
}

#[divan::bench]
fn decide_once(bencher: Bencher) {
    let in_force = GROUND.in_force();
    let (user, right, over) = GROUND.question();
    bencher.bench_local(|| decide(&in_force, black_box(Request::by(user, right, Some(over)))));
}

#[divan::bench]
fn prove_once(bencher: Bencher) {
    let in_force = GROUND.in_force();
    let (user, right, over) = GROUND.question();
    bencher.bench_local(|| prove(&in_force, black_box(Request::by(user, right, Some(over)))));
}

#[divan::bench]
fn decide_in_bulk_by_name(bencher: Bencher) {
    let in_force = GROUND.in_force();
    let population = Population::new(&in_force);
    let name = firm::user(4_711);
    population.plain();
    bencher.bench_local(|| {
        let ids =
            GROUND.policy.users.find_by(black_box(name.as_str())).zip(GROUND.policy.rights.find_by(firm::PLAIN[3]));
        ids.map(|(user, right)| population.decide(user, right, None))
    });
}

#[divan::bench]
fn decide_in_bulk_over_somebody(bencher: Bencher) {
    let in_force = GROUND.in_force();
    let population = Population::new(&in_force);
    let (user, right, over) = GROUND.question();
    bencher.bench_local(|| population.decide(black_box(user), right, Some(over)));
}

#[divan::bench]
fn compare_with_twenty_rules_less(bencher: Bencher) {
    let mut parts = Parts::clone(&GROUND.policy);
    parts.rules.truncate(parts.rules.len() - 20);
    let head = Policy::assemble(parts);
    let (base, head) = (GROUND.in_force(), InForce::new(&head, GROUND.on));
    bencher.bench_local(|| diff::effective(black_box(&base), &head));
}

#[divan::bench]
fn make_a_state_of_a_policy(bencher: Bencher) {
    bencher.bench_local(|| State::of(black_box(&GROUND.policy)));
}

#[divan::bench]
fn make_a_policy_of_a_state(bencher: Bencher) {
    let state = State::of(&GROUND.policy);
    bencher.bench_local(|| state::compile(black_box(&state), |_| None));
}

#[divan::bench]
fn plan_with_nothing_to_do(bencher: Bencher) {
    let desired = Desired::of(None, &GROUND.policy);
    let reading =
        Reading { actual: desired.state.clone(), base: Some(plan::as_base(&desired.state)), ..Reading::default() };
    bencher.bench_local(|| plan::plan(black_box(&reading), &desired, GROUND.on, Drift::Revert, |_| None));
}
