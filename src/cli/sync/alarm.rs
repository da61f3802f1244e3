//! What of drift that waits for review must not wait: errors of the proposal, sensitive rights, what no policy can say.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::Context;
use crate::cli::fix::new_errors;
use crate::cli::session::Opened;
use crate::diff::{Effective, effective};
use crate::language::{Joint, Text, names};
use crate::model::Policy;
use crate::name::{Name, RightName};
use crate::pull::{Left, Unnameable, Why};
use crate::repository::Repository;
use crate::resolve::InForce;
use crate::say;
use crate::state::State;
use crate::syntax::gate::Turn;

/// Looks at what a proposal would make of the policy, and at what it does not have.
pub fn alarms(
    context: &Context,
    opened: &Opened,
    proposed: Option<(&Repository, usize)>,
    left: &[Left],
    nameless: &[Unnameable],
) -> Vec<Text> {
    let mut found = Vec::new();
    if let Some((after, company)) = proposed {
        found.extend(gained(context, opened, after, company));
        if company == opened.company_index() {
            let broken = new_errors(&opened.repository, after, company, context.on);
            found.extend(broken.into_iter().map(|error| say!("what is proposed breaks the policy: {error}", error)));
        }
        let others = after.companies.iter().zip(&opened.repository.companies).enumerate();
        let others = others.filter(|(index, _)| *index != company).map(|(_, pair)| pair);
        let changed = others.filter(|(after, before)| State::of(&after.policy) != State::of(&before.policy));
        let changed: Vec<&Name> = changed.filter_map(|(after, _)| after.name.as_ref()).collect();
        if !changed.is_empty() {
            let companies = names(changed, Joint::And);
            found.push(say!("what is proposed changes {companies} too, since the files are shared", companies));
        }
    }
    let called: BTreeSet<&str> = nameless.iter().map(|one| &*one.name).collect();
    if !called.is_empty() {
        let called = names(called, Joint::And);
        found.push(say!("what has a name that no policy can have is not proposed: {names}", names = called));
    }
    let mut left = left.iter().filter(|left| left.why != Why::NotAsked);
    if let Some(first) = left.next() {
        let (what, why) = (format!("{} `{}`", first.key.kind().as_str(), first.key), first.why.text());
        found.push(match left.count() {
            0 => say!("{what} cannot be proposed: {why}", what, why),
            more => say!("{what} and {more} more cannot be proposed: {why}", what, more, why),
        });
    }
    found
}

/// Who would become a superuser, and who would gain which sensitive right.
fn gained(context: &Context, opened: &Opened, after: &Repository, company: usize) -> Vec<Text> {
    let sensitive = opened.sensitive();
    let (base, head) = (opened.policy(), &after.companies[company].policy);
    let Effective { gains, sums, .. } = effective(&InForce::new(base, context.on), &InForce::new(head, context.on));
    let mut by_right: BTreeMap<&RightName, BTreeSet<&Name>> = BTreeMap::new();
    for gain in gains.iter().filter(|gain| sensitive.contains(&gain.right)) {
        by_right.entry(&gain.right).or_default().extend(&gain.users);
    }
    for sum in sums.iter().filter(|sum| sum.turn == Turn::Gain && sensitive.contains(&sum.right)) {
        by_right.entry(&sum.right).or_default().extend(&sum.users);
    }
    let told = |(right, users): (&RightName, BTreeSet<&Name>)| {
        let users = names(users, Joint::And);
        say!("the sensitive right `{right}` goes to {users}", right, users)
    };
    let superusers = |policy: &Policy| -> BTreeSet<Name> {
        let all = policy.users.iter().filter(|(_, _, user)| user.superuser && user.active);
        all.map(|(_, name, _)| name.clone()).collect()
    };
    let made: BTreeSet<Name> = superusers(head).difference(&superusers(base)).cloned().collect();
    let made = (!made.is_empty()).then(|| say!("{users} would be superuser", users = names(&made, Joint::And)));
    made.into_iter().chain(by_right.into_iter().map(told)).collect()
}
