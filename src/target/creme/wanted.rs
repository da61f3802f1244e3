//! What people shall have in Creme: out of what our tables say from now on, for the accounts that are there.

use std::collections::BTreeSet;

use crate::date::Date;
use crate::name::Name;
use crate::state::{Fact, Key, State};
use crate::target::TargetError;

use super::gives::Gives;
use super::held::{Account, Held};
use super::mapping::Mapping;
use super::may::{self, May};
use super::projection::Last;

/// What somebody shall have.
pub struct Person<'h> {
    /// Who.
    pub login: &'h Name,
    /// The account.
    pub account: &'h Account,
    /// Whether it is in use.
    pub is_active: bool,
    /// What the role gives.
    pub gives: Gives,
}

/// What everybody shall have.
pub struct Wanted<'h> {
    /// Those whom roles rule.
    pub people: Vec<Person<'h>>,
    /// Those who may everything, and keep it: only whether they are in use is ruled.
    pub superusers: Vec<(&'h Account, bool)>,
    /// Accounts that the policy knows nothing of.
    pub strangers: Vec<(&'h Name, &'h Account)>,
    /// The logins of people whom our tables name.
    pub accounts: BTreeSet<Name>,
}

impl<'h> Wanted<'h> {
    /// Works it out for a day.
    pub fn of(after: &State, held: &'h Held, mapping: &Mapping, day: Date) -> Self {
        let user = |login: &Name| match after.facts.get(&Key::User(login.clone())) {
            Some(Fact::User(user)) => Some(user),
            _ => None,
        };
        let accounts: BTreeSet<Name> =
            held.people().map(|(login, _)| login).filter(|login| user(login).is_some()).cloned().collect();
        let everybody = may::everybody(after.clone(), day, mapping, &accounts);
        let nothing = May::default();
        let (mut people, mut superusers) = (Vec::new(), Vec::new());
        for (login, account) in held.people() {
            let Some(user) = user(login) else { continue };
            // Whoever goes out of use can do nothing, and need not be made less first.
            if account.is_above() && (user.superuser || !user.active) {
                superusers.push((account, user.active));
                continue;
            }
            let may = everybody.get(login).unwrap_or(&nothing);
            people.push(Person { login, account, is_active: may.starts, gives: may.gives(mapping) });
        }
        Self {
            people,
            superusers,
            accounts,
            strangers: held.people().filter(|(login, _)| user(login).is_none()).collect(),
        }
    }

    /// Refuses what would take from Creme the last one who may everything; and from somebody whom it was never written for,
    /// since that may be a name by chance.
    pub fn leave_a_superuser(&self, last: &Last) -> Result<(), TargetError> {
        let mut demoted = self.people.iter().filter(|person| person.account.is_active && person.account.is_above());
        if let Some(person) = demoted.clone().find(|person| !last.accounts.contains(person.login)) {
            return Err(TargetError::CrmSuperuser(person.login.to_string()));
        }
        let leaves = self.superusers.iter().any(|(account, is_active)| account.is_active && !is_active);
        let stays = self.superusers.iter().any(|(_, is_active)| *is_active)
            || self.strangers.iter().any(|(_, account)| account.is_active && account.is_above());
        if !stays && (leaves || demoted.next().is_some()) { Err(TargetError::NoCrmSuperuser) } else { Ok(()) }
    }
}
