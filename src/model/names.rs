//! What a reference means: looking up names, with suggestions for those that nobody declared.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::name::{Name, nearest};
use crate::syntax::rule::{Prefix, Reference, TargetRef};

use super::key::GroupKey;
use super::{Parts, Scope, Target};

/// What came of looking up a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound<T> {
    /// Exactly this.
    One(T),
    /// Several things bear the name; the prefixes that would tell them apart.
    Ambiguous(Vec<Prefix>),
    /// Nothing bears it; the nearest that does, written as a reference.
    Unknown(Option<String>),
    /// It is declared, or asked for by its prefix, as something that cannot stand here.
    Unfit(Prefix),
}

/// What a name stands for, whichever kind it is.
pub type Lookup = Target;

/// The prefixes under which targets of a scope are found.
pub fn prefixes_of(scope: Scope) -> &'static [Prefix] {
    match scope {
        Scope::People => &[Prefix::User, Prefix::Group, Prefix::Role],
        Scope::Modules => &[Prefix::Module, Prefix::ModuleSet],
        Scope::Attachments => &[Prefix::Attachment],
    }
}

/// How many names are still looked at to find which one a misspelt name was meant to be. Where a folder of a large
/// organisation is missing, tens of thousands of names are unknown, and none of them is misspelt.
#[derive(Debug)]
pub struct Patience(AtomicUsize);

/// A fifth of a second in the worst case, and more than a firm of a thousand people with as many mistakes needs.
const AT_MOST: usize = 10_000_000;

impl Default for Patience {
    fn default() -> Self {
        Self::of(AT_MOST)
    }
}

/// A copy has all of it again.
impl Clone for Patience {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Patience {
    /// For so many names.
    pub fn of(names: usize) -> Self {
        Self(AtomicUsize::new(names))
    }

    /// Whether it lasts for so many names more, which are then used.
    fn lasts_for(&self, names: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(names)).is_ok()
    }
}

impl Parts {
    /// What bears a name, looked up as one kind.
    pub fn lookup(&self, prefix: Prefix, name: &Name) -> Option<Lookup> {
        match prefix {
            Prefix::User => self.users.find(name).map(Target::User),
            Prefix::Group => self.groups.find(&GroupKey::group(name.clone())).map(Target::Group),
            Prefix::Role => self.groups.find(&GroupKey::role(name.clone())).map(Target::Group),
            Prefix::Module => self.modules.find(name).map(Target::Module),
            Prefix::ModuleSet => self.module_sets.find(name).map(Target::ModuleSet),
            Prefix::Attachment => self.attachments.find(name).map(Target::Attachment),
        }
    }

    /// What a reference means where only some kinds can stand. A bare name means a role only if nothing else
    /// bears it.
    pub fn bind(&self, reference: &Reference, kinds: &[Prefix]) -> Bound<Lookup> {
        let name = &reference.name;
        if let Some(prefix) = reference.prefix {
            if !kinds.contains(&prefix) {
                return Bound::Unfit(prefix);
            }
            let found = self.lookup(prefix, name);
            return found.map_or_else(|| Bound::Unknown(self.suggest(name, &[prefix], true)), Bound::One);
        }
        let bearers: Vec<(Prefix, Lookup)> =
            kinds.iter().filter_map(|prefix| Some((*prefix, self.lookup(*prefix, name)?))).collect();
        let plain: Vec<_> = bearers.iter().filter(|(prefix, _)| *prefix != Prefix::Role).collect();
        match (plain.as_slice(), bearers.as_slice()) {
            ([(_, one)], _) | ([], [(_, one), ..]) => Bound::One(*one),
            ([_, _, ..], _) => Bound::Ambiguous(plain.iter().map(|(prefix, _)| *prefix).collect()),
            ([], []) => {
                let others = Prefix::ALL.into_iter().filter(|prefix| !kinds.contains(prefix));
                match others.into_iter().find(|prefix| self.lookup(*prefix, name).is_some()) {
                    Some(other) => Bound::Unfit(other),
                    None => Bound::Unknown(self.suggest(name, kinds, false)),
                }
            }
        }
    }

    /// The nearest declared name of some kinds.
    pub fn suggest(&self, name: &Name, kinds: &[Prefix], with_prefix: bool) -> Option<String> {
        if !self.patience.lasts_for(kinds.iter().map(|prefix| self.count_of(*prefix)).sum()) {
            return None;
        }
        let near = nearest(name.as_str(), kinds.iter().flat_map(|prefix| self.names_of(*prefix)))?;
        let prefix = kinds.iter().find(|prefix| self.names_of(**prefix).any(|name| name == near))?;
        let needs_prefix = with_prefix || *prefix == Prefix::Role;
        Some(if needs_prefix { format!("{}:{near}", prefix.as_str()) } else { near.to_owned() })
    }

    /// The nearest employee.
    pub fn suggest_employee(&self, name: &Name) -> Option<String> {
        let known = self.employees.keys().iter().map(Name::as_str);
        let found = self.patience.lasts_for(self.employees.len()).then(|| nearest(name.as_str(), known));
        found.flatten().map(str::to_owned)
    }

    /// So many names are looked through for one of a kind.
    fn count_of(&self, prefix: Prefix) -> usize {
        match prefix {
            Prefix::User => self.users.len(),
            Prefix::Group | Prefix::Role => self.groups.len(),
            Prefix::Module => self.modules.len(),
            Prefix::ModuleSet => self.module_sets.len(),
            Prefix::Attachment => self.attachments.len(),
        }
    }

    fn names_of(&self, prefix: Prefix) -> Box<dyn Iterator<Item = &str> + '_> {
        match prefix {
            Prefix::User => Box::new(self.users.iter().map(|(_, key, _)| key.as_str())),
            Prefix::Group | Prefix::Role => {
                let is_role = prefix == Prefix::Role;
                let of_kind = move |key: &&GroupKey| key.is_role() == is_role;
                Box::new(self.groups.iter().map(|(_, key, _)| key).filter(of_kind).map(|key| key.name.as_str()))
            }
            Prefix::Module => Box::new(self.modules.iter().map(|(_, key, _)| key.as_str())),
            Prefix::ModuleSet => Box::new(self.module_sets.iter().map(|(_, key, _)| key.as_str())),
            Prefix::Attachment => Box::new(self.attachments.iter().map(|(_, key, _)| key.as_str())),
        }
    }
}

/// What a target means for a right of some scopes, and which of the scopes it fits.
pub(crate) fn bind_target(parts: &Parts, target: &TargetRef, scopes: &[Scope]) -> (Bound<Target>, Vec<Scope>) {
    let reference = match target {
        TargetRef::Everyone | TargetRef::Everything => {
            let (whole, prefix) = match target {
                TargetRef::Everyone => (Target::Everyone, Prefix::User),
                _ => (Target::Everything, Prefix::Module),
            };
            let of_people = whole == Target::Everyone;
            let fitting: Vec<Scope> =
                scopes.iter().copied().filter(|scope| (*scope == Scope::People) == of_people).collect();
            let bound = if fitting.is_empty() { Bound::Unfit(prefix) } else { Bound::One(whole) };
            return (bound, fitting);
        }
        TargetRef::Named(reference) => reference,
    };
    let kinds: Vec<Prefix> = scopes.iter().flat_map(|scope| prefixes_of(*scope)).copied().collect();
    let bound = parts.bind(reference, &kinds);
    let fitting = match bound {
        Bound::One(target) => {
            let scope = scope_of(target);
            scopes.iter().copied().filter(|fit| Some(*fit) == scope).collect()
        }
        _ => Vec::new(),
    };
    (bound, fitting)
}

/// The scope that a named target belongs to; `everything` belongs to two.
pub(crate) fn scope_of(target: Target) -> Option<Scope> {
    match target {
        Target::User(_) | Target::Group(_) | Target::Everyone => Some(Scope::People),
        Target::Module(_) | Target::ModuleSet(_) => Some(Scope::Modules),
        Target::Attachment(_) => Some(Scope::Attachments),
        Target::Everything => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Table;

    #[test]
    fn names_are_not_looked_for_for_ever() {
        let name = |text: &str| Name::new(text).expect("a name");
        let users = Table::new(["anna", "karin", "lars"].map(|user| (name(user), Default::default())).into());
        let parts = Parts { users, patience: Patience::of(7), ..Parts::default() };
        let near = || parts.suggest(&name("lasr"), &[Prefix::User], false);
        assert_eq!([near(), near(), near()], [Some("lars".to_owned()), Some("lars".to_owned()), None]);
    }
}
