//! The stance of one subject on one right: what the rules written on it say, by tier.

use crate::model::{Effect, RightId, Rule, Subject, Target};

use super::{Aim, InForce};

/// How closely a rule names what is asked about. The closest that speaks decides for its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The rule names the target itself, or the right is plain.
    Itself,
    /// The rule names a group or module set that contains the target.
    Containing,
    /// The rule is over everyone or everything.
    All,
}

/// What a subject says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stance {
    /// Whether it gives or takes.
    pub effect: Effect,
    /// How closely.
    pub tier: Tier,
}

/// In which tier a rule speaks about an aim; `None` if it does not speak about it.
pub fn tier(rule: &Rule, aim: Option<&Aim<'_>>) -> Option<Tier> {
    let (target, aim) = match (rule.target, aim) {
        (None, None) => return Some(Tier::Itself),
        (Some(target), Some(aim)) => (target, aim),
        _ => return None,
    };
    let is_person = matches!(aim, Aim::Person(_));
    match (target, aim) {
        (Target::Everyone, _) if is_person => Some(Tier::All),
        (Target::Everything, _) if !is_person => Some(Tier::All),
        (Target::Group(group), Aim::Person(person)) => {
            person.groups.binary_search(&group).is_ok().then_some(Tier::Containing)
        }
        (Target::ModuleSet(set), Aim::Module(_, sets)) => sets.binary_search(&set).is_ok().then_some(Tier::Containing),
        (Target::User(_) | Target::Module(_) | Target::Attachment(_), _) => {
            (Target::from(aim.single()) == target).then_some(Tier::Itself)
        }
        _ => None,
    }
}

/// The stance of a subject, from the rules in force that are written on it.
///
/// Two rules of opposite effect on one target cannot both be in force in a policy, since that does not compile.
/// In a database that somebody else wrote into they can; then taking wins, as the safer reading.
pub fn of(in_force: &InForce<'_>, subject: Subject, right: RightId, aim: Option<&Aim<'_>>) -> Option<Stance> {
    let rules = in_force.policy.rules_on(subject, right).map(|(_, rule)| rule);
    of_rules(rules.filter(|rule| rule.validity.holds(in_force.on)), aim)
}

/// What rules in force about one right, all of one subject, say together.
pub fn of_rules<'r>(rules: impl Iterator<Item = &'r Rule>, aim: Option<&Aim<'_>>) -> Option<Stance> {
    let mut closest: Option<Stance> = None;
    for rule in rules {
        let Some(tier) = tier(rule, aim) else { continue };
        let winner = if tier == Tier::Containing { Effect::Allow } else { Effect::Deny };
        let replaces = match closest {
            None => true,
            Some(stance) => tier < stance.tier || tier == stance.tier && rule.effect == winner,
        };
        if replaces {
            closest = Some(Stance { effect: rule.effect, tier });
        }
    }
    closest
}
