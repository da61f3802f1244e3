//! The program under test, as the laws see it: an organisation compiled from its files.

use jiff::civil::Date;
use proptest::test_runner::{Config, TestRunner};
use rightful::model::key::TargetKey;
use rightful::model::{Policy, RightId, Single, UserId};
use rightful::name::{Name, RightName};
use rightful::repository::{Company, compile};
use rightful::tree::memory::Memory;

use super::organisation::{Organisation, SingleTarget};

/// A runner of so many cases, which differ from run to run; a failure prints its organisation, shrunk.
///
/// `RIGHTFUL_LAWS=20` in the environment tries twenty times as many: for whoever changes what a law is about.
pub fn runner(cases: u32) -> TestRunner {
    let factor = std::env::var("RIGHTFUL_LAWS").map_or(1, |factor| factor.parse().expect("a number"));
    let cases = cases * factor;
    TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() })
}

/// Compiles what an organisation's files say; they must compile.
pub fn compiled(org: &Organisation) -> Company {
    let mut repository = compile(&Memory::new(org.to_files())).expect("the files are there");
    let compiled = repository.companies.remove(0);
    assert!(compiled.compiles(), "{:#?}\n{:#?}", compiled.diagnostics, org.to_files());
    compiled
}

/// A user by index.
pub fn user(org: &Organisation, policy: &Policy, index: usize) -> UserId {
    policy.users.find(&Name::new(&org.users[index].name).expect("a name")).expect("a declared user")
}

/// A right by name.
pub fn right(policy: &Policy, name: &str) -> RightId {
    policy.rights.find(&RightName::new(name).expect("a right")).expect("a declared right")
}

/// A single target by index.
pub fn single(org: &Organisation, policy: &Policy, target: SingleTarget) -> Single {
    let name = Name::new(target.name(org)).expect("a name");
    match target {
        SingleTarget::User(_) => Single::User(policy.users.find(&name).expect("a user")),
        SingleTarget::Module(_) => Single::Module(policy.modules.find(&name).expect("a module")),
        SingleTarget::Attachment(_) => Single::Attachment(policy.attachments.find(&name).expect("a class")),
    }
}

/// The text of a target's key.
pub fn key(policy: &Policy, single: Single) -> TargetKey {
    policy.target_key(single.into())
}

/// Three days out of all, others for each organisation.
pub fn some_days(org: &Organisation) -> Vec<Date> {
    let shift = usize::try_from(org.spelling % 5).unwrap_or_default();
    super::organisation::days().into_iter().skip(shift).step_by(5).collect()
}
