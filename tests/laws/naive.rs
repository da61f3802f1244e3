//! Section 6 of the language, read word by word: who may do what on which day, and by which rules. Takes an
//! organisation and a request, gives the verdict; loops and recursion only, nothing remembered between calls.
//! The organisation must have no membership cycle and no contradiction (see `soundness`).

mod soundness;

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::catalogue;
use super::organisation::{Effect, Member, Organisation, Rule, SingleTarget, Target};

pub use soundness::{contradictions, membership_cycle};

/// The answer about one target, or about none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Yes or no.
    pub allowed: bool,
    /// One of `inactive`, `own-data`, `user`, `group-allow`, `group-deny`, `default`.
    pub step: &'static str,
}

/// The answer about a target that stands for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WideVerdict {
    /// Whether it is yes for each, and there is one at all.
    pub allowed: bool,
    /// That of the first refused one in order of names, else of the first; `default` without any.
    pub step: &'static str,
    /// Those for which the answer is no, in order of names.
    pub refused: Vec<SingleTarget>,
}

/// Whoever rules are written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A user.
    User(usize),
    /// A group.
    Group(usize),
    /// A role, which decides as a group does.
    Role(usize),
}

/// Which of a subject's rules spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The rules of a plain right, which has no tiers.
    Plain,
    /// (i) Rules that name the target itself.
    Named,
    /// (ii) Rules whose target is a group or module set that contains it.
    Containing,
    /// (iii) Rules of everyone and everything.
    All,
}

/// What a subject's own rules say, and those of them that say it.
#[derive(Clone, Debug)]
pub struct Stance<'a> {
    /// What they say.
    pub effect: Effect,
    /// Which of them were heard.
    pub tier: Tier,
    /// Those heard that have this effect.
    pub rules: Vec<&'a Rule>,
}

/// A rule without its place: subject key, effect, right, target key.
pub type RuleKey = (String, Effect, String, Option<String>);

/// May this user do this, to this target if the right is scoped, on this day?
pub fn decide(org: &Organisation, user: usize, right: &str, target: Option<&SingleTarget>, on: Date) -> Verdict {
    if !org.users[user].active {
        return Verdict { allowed: false, step: "inactive" };
    }
    if target == Some(&SingleTarget::User(user)) && catalogue::allows_own_data(org, right) {
        return Verdict { allowed: true, step: "own-data" };
    }
    if let Some(stance) = stance(org, Subject::User(user), right, target, on) {
        return Verdict { allowed: stance.effect == Effect::Allow, step: "user" };
    }
    let group_says = |effect: Effect| {
        groups_of(org, user, on)
            .into_iter()
            .any(|group| stance(org, group, right, target, on).is_some_and(|stance| stance.effect == effect))
    };
    if group_says(Effect::Allow) {
        return Verdict { allowed: true, step: "group-allow" };
    }
    if group_says(Effect::Deny) {
        return Verdict { allowed: false, step: "group-deny" };
    }
    Verdict { allowed: false, step: "default" }
}

/// May this user do this to each of those that the target stands for?
pub fn decide_many(org: &Organisation, user: usize, right: &str, target: &Target, on: Date) -> WideVerdict {
    let asked: Vec<(SingleTarget, Verdict)> = meant_by(org, user, right, *target, on)
        .into_iter()
        .map(|single| (single, decide(org, user, right, Some(&single), on)))
        .collect();
    let refused = || asked.iter().filter(|(_, verdict)| !verdict.allowed);
    let deciding = refused().next().or(asked.first());
    WideVerdict {
        allowed: !asked.is_empty() && refused().next().is_none(),
        step: deciding.map_or("default", |(_, verdict)| verdict.step),
        refused: refused().map(|(single, _)| *single).collect(),
    }
}

/// All rules of the deciding step that have the deciding effect; none where no rule decided.
pub fn deciding_rules(
    org: &Organisation,
    user: usize,
    right: &str,
    target: Option<&SingleTarget>,
    on: Date,
) -> BTreeSet<RuleKey> {
    let key = |subject: Subject, rule: &Rule| {
        (subject.key(org), rule.effect, right.to_owned(), rule.target.map(|target| target.key(org)))
    };
    deciding_stances(org, user, right, target, on)
        .iter()
        .flat_map(|(subject, stance)| stance.rules.iter().map(|rule| key(*subject, rule)))
        .collect()
}

/// The stances that make the verdict: the user's own, or those of all groups on the winning side.
pub fn deciding_stances<'a>(
    org: &'a Organisation,
    user: usize,
    right: &str,
    target: Option<&SingleTarget>,
    on: Date,
) -> Vec<(Subject, Stance<'a>)> {
    let (subjects, effect) = match decide(org, user, right, target, on) {
        Verdict { step: "user", allowed: true } => (vec![Subject::User(user)], Effect::Allow),
        Verdict { step: "user", allowed: false } => (vec![Subject::User(user)], Effect::Deny),
        Verdict { step: "group-allow", .. } => (groups_of(org, user, on), Effect::Allow),
        Verdict { step: "group-deny", .. } => (groups_of(org, user, on), Effect::Deny),
        _ => return Vec::new(),
    };
    subjects
        .into_iter()
        .filter_map(|subject| Some((subject, stance(org, subject, right, target, on)?)))
        .filter(|(_, stance)| stance.effect == effect)
        .collect()
}

/// What the rules written on one subject say about a right and a target on a day, if they say anything.
pub fn stance<'a>(
    org: &'a Organisation,
    subject: Subject,
    right: &str,
    target: Option<&SingleTarget>,
    on: Date,
) -> Option<Stance<'a>> {
    let rules: Vec<&Rule> = subject
        .rules(org)
        .iter()
        .filter(|rule| rule.validity.covers(on) && catalogue::is_about(org, rule, right))
        .collect();
    let Some(&asked) = target else {
        return speak(Tier::Plain, rules.into_iter().filter(|rule| rule.target.is_none()).collect());
    };
    let of_tier = |tier: Tier| {
        let belongs = |rule: &&Rule| rule.target.is_some_and(|target| tier_of(org, target, asked, on) == Some(tier));
        speak(tier, rules.iter().copied().filter(belongs).collect())
    };
    of_tier(Tier::Named).or_else(|| of_tier(Tier::Containing)).or_else(|| of_tier(Tier::All))
}

/// All groups that a user is in on a day, near and far, and the role that the user has.
pub fn groups_of(org: &Organisation, user: usize, on: Date) -> Vec<Subject> {
    let groups = (0..org.groups.len()).filter(|&group| is_member(org, group, user, on)).map(Subject::Group);
    groups.chain(org.users[user].role.map(Subject::Role)).collect()
}

/// Whether a user is in a group on a day, directly or through other groups.
pub fn is_member(org: &Organisation, group: usize, user: usize, on: Date) -> bool {
    org.groups[group].members.iter().filter(|membership| membership.validity.covers(on)).any(|membership| {
        match membership.member {
            Member::Everyone => true,
            Member::User(listed) => listed == user,
            Member::Group(inner) => is_member(org, inner, user, on),
        }
    })
}

/// In which tier a rule with this target speaks about the single target asked, if it does.
pub fn tier_of(org: &Organisation, target: Target, asked: SingleTarget, on: Date) -> Option<Tier> {
    if target == Target::from(asked) {
        return Some(Tier::Named);
    }
    match (target, asked) {
        (Target::Group(group), SingleTarget::User(user)) => is_member(org, group, user, on).then_some(Tier::Containing),
        (Target::ModuleSet(set), SingleTarget::Module(module)) => {
            org.module_sets[set].modules.contains(&module).then_some(Tier::Containing)
        }
        (Target::Everyone, SingleTarget::User(_)) => Some(Tier::All),
        (Target::Everything, SingleTarget::Module(_) | SingleTarget::Attachment(_)) => Some(Tier::All),
        _ => None,
    }
}

/// The single targets that a target of a question stands for, in order of names.
pub fn meant_by(org: &Organisation, user: usize, right: &str, target: Target, on: Date) -> Vec<SingleTarget> {
    let mut meant: Vec<SingleTarget> = match target {
        Target::User(user) => vec![SingleTarget::User(user)],
        Target::Module(module) => vec![SingleTarget::Module(module)],
        Target::Attachment(class) => vec![SingleTarget::Attachment(class)],
        Target::Group(group) => (0..org.users.len())
            .filter(|&other| other != user && is_member(org, group, other, on))
            .map(SingleTarget::User)
            .collect(),
        Target::ModuleSet(set) => org.module_sets[set].modules.iter().copied().map(SingleTarget::Module).collect(),
        // The text leaves out the asker for a group only, so `everyone` has the asker in it.
        Target::Everyone => (0..org.users.len()).map(SingleTarget::User).collect(),
        Target::Everything => {
            catalogue::kind_of(org, right).map_or_else(Vec::new, |kind| catalogue::single_targets(org, kind))
        }
    };
    meant.sort_by_key(|single| single.name(org));
    meant
}

impl Subject {
    /// The key of machine output: `user:NAME`, `group:NAME` or `role:NAME`.
    pub fn key(self, org: &Organisation) -> String {
        match self {
            Self::User(user) => format!("user:{}", org.users[user].name),
            Self::Group(group) => format!("group:{}", org.groups[group].name),
            Self::Role(role) => format!("role:{}", org.roles[role].name),
        }
    }

    /// The rules written on it.
    pub fn rules(self, org: &Organisation) -> &[Rule] {
        match self {
            Self::User(user) => &org.users[user].rules,
            Self::Group(group) => &org.groups[group].rules,
            Self::Role(role) => &org.roles[role].rules,
        }
    }

    /// Everybody that rules can be written on.
    pub fn all(org: &Organisation) -> Vec<Self> {
        let users = (0..org.users.len()).map(Self::User);
        let groups = (0..org.groups.len()).map(Self::Group);
        users.chain(groups).chain((0..org.roles.len()).map(Self::Role)).collect()
    }
}

/// Any allow gives allow, else any deny gives deny; no rule, no stance.
fn speak(tier: Tier, rules: Vec<&Rule>) -> Option<Stance<'_>> {
    let any = |effect: Effect| rules.iter().any(|rule| rule.effect == effect);
    let effect = if any(Effect::Allow) {
        Effect::Allow
    } else if any(Effect::Deny) {
        Effect::Deny
    } else {
        return None;
    };
    let rules = rules.into_iter().filter(|rule| rule.effect == effect).collect();
    Some(Stance { effect, tier, rules })
}
