//! Accounts that the policy no longer has: they stay, out of use.

use crate::name::Name;
use crate::state::{Fact, Key, State, UserFact};

/// What the database shall say: the policy, and the accounts that it no longer has, out of use. They are never deleted,
/// since the data that they leave behind stays a target of other people's rights.
pub(super) fn with_retired(desired: &State, actual: &State) -> State {
    let mut after = desired.clone();
    let linked = |employee: &Name| {
        desired.facts.values().any(|fact| matches!(fact, Fact::User(user) if user.employee.as_ref() == Some(employee)))
    };
    for (key, fact) in &actual.facts {
        let (Key::User(_), Fact::User(user)) = (key, fact) else { continue };
        if after.facts.contains_key(key) {
            continue;
        }
        let register = |state: &State, employee: &Name| match state.facts.get(&Key::Employee(employee.clone())) {
            Some(Fact::Employee(found)) => Some(found.name.clone()),
            _ => None,
        };
        // The link stays as long as the register has the employee and nobody else is linked to it.
        let employee =
            user.employee.clone().filter(|employee| register(desired, employee).is_some() && !linked(employee));
        let shown = user.employee.as_ref().and_then(|employee| register(actual, employee).flatten());
        let name = if employee.is_some() { user.name.clone() } else { user.name.clone().or(shown) };
        let retired = UserFact { employee, name, superuser: false, active: false, modules: None };
        after.facts.insert(key.clone(), Fact::User(retired));
    }
    after
}
