//! Questions in words: `lars can data.export`, `lars calendar.see of group:sales on 2026-12-01`.
//!
//! A text is parsed by the same grammar as rules, bound to a policy, and decided. What cannot be answered is a
//! [`Misunderstood`], never a no.

mod label;
mod matrix;
mod members;
mod notes;
mod overview;
mod poll;
mod reason;
mod versus;
mod who;

use crate::date::Date;
use crate::language::{Language, Text};
use crate::model::{
    Bound, GroupId, Meaningless, Part, Policy, Right, RightId, Single, Subject, Target, UserId, rights_of_pattern,
};
use crate::name::nearest;
use crate::resolve::{Aim, Decision, InForce, Person, Proof, Request, Step, decide_for, decide_for_group, prove};
use crate::say;
use crate::syntax::grammar::{parse_question, parse_reference};
use crate::syntax::rule::{Prefix, QuestionText, Reference};

pub use matrix::{Cells, Reach, count, everything, reach};
pub use members::{Members, members};
pub use notes::notes;
pub use overview::{Holding, at_position, overview};
pub use reason::Reason;
pub use versus::{Difference, Versus, versus};
pub use who::{Demand, Holder, Wanted, holders, holders_notes, understand_who};

/// Why a text cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misunderstood {
    /// The fact.
    pub message: Text,
    /// What to do; may be empty.
    pub help: Text,
}

/// A question bound to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Of whom: a user, or whoever is in a group.
    pub subject: Subject,
    /// The right as asked.
    pub right: String,
    /// The rights that it stands for.
    pub rights: Vec<RightId>,
    /// Over whom or what, as asked.
    pub target: Option<Target>,
    /// The day that the text names.
    pub on: Option<Date>,
}

/// The answer to a question, which may be made of several decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Yes if every single one is.
    pub allowed: bool,
    /// The step of the first refused one in order of names, else of the first.
    pub step: Step,
    /// Everything that was decided, in order.
    pub asked: Vec<(Request, Decision)>,
}

impl Answer {
    /// What was refused, in order.
    pub fn refused(&self) -> impl Iterator<Item = Request> {
        self.asked.iter().filter(|(_, decision)| !decision.allowed).map(|(request, _)| *request)
    }

    /// The request whose step the answer shows.
    pub fn shown(&self) -> Option<Request> {
        self.refused().next().or_else(|| self.asked.first().map(|(request, _)| *request))
    }

    /// The proof for the request whose step the answer shows.
    pub fn proof(&self, in_force: &InForce<'_>) -> Option<Proof> {
        self.shown().map(|request| prove(in_force, request))
    }
}

/// Parses a question and binds it to a policy. Instead of the name of a right its label may stand there, in any
/// language; `language` is tried first.
///
/// # Errors
/// If it is no question, or names what the policy does not have.
pub fn understand(text: &str, policy: &Policy, language: Language) -> Result<Question, Misunderstood> {
    bind(&read(text, Some(policy), language)?, policy)
}

/// Parses a question. Labels of rights are those of the policy.
///
/// # Errors
/// If it is no question.
pub fn read(text: &str, policy: Option<&Policy>, language: Language) -> Result<QuestionText, Misunderstood> {
    // What the grammar takes is never a label, whatever somebody calls a right.
    let named = match policy {
        Some(policy) if parse_question(text).is_err() => label::replaced(text, policy, language)?,
        _ => None,
    };
    parse_question(named.as_deref().unwrap_or(text)).map_err(|error| Misunderstood {
        message: say!("this is no question: {message}", message = error.message),
        help: if error.help.is_empty() {
            say!("ask as in `lars data.export` or `lars calendar.see of anna on 2026-12-01`")
        } else {
            say!("{help}; ask as in `lars calendar.see of anna on 2026-12-01`", help = error.help)
        },
    })
}

/// Binds a question to a policy.
///
/// # Errors
/// If it names what the policy does not have.
pub fn bind(asked: &QuestionText, policy: &Policy) -> Result<Question, Misunderstood> {
    let QuestionText { subject, right, target, on } = asked;
    // Only a prefix asks about a group: whoever mistypes a user shall not get the answer of a group.
    let kinds: &[Prefix] = match subject.value.prefix {
        Some(_) => &[Prefix::User, Prefix::Group, Prefix::Role],
        None => &[Prefix::User],
    };
    let subject = bind_subject(&subject.value, policy, kinds)?;
    let meant = rights_of_pattern(policy, &right.value, target.as_ref().map(|target| &target.value))
        .map_err(|wrong| misunderstood(&wrong))?;
    Ok(Question { subject, right: right.value.to_string(), rights: meant.rights, target: meant.target, on: *on })
}

/// Finds the user, group or role that a text names.
///
/// # Errors
/// If nobody is called so, or more than one.
pub fn find_subject(text: &str, policy: &Policy) -> Result<Subject, Misunderstood> {
    let reference = parse_reference(text).map_err(|error| Misunderstood {
        message: say!("`{text}` is no name: {message}", text, message = error.message),
        help: say!("name a user such as `lars`, or a group such as `group:sales`"),
    })?;
    bind_subject(&reference, policy, &[Prefix::User, Prefix::Group, Prefix::Role])
}

fn bind_subject(reference: &Reference, policy: &Policy, kinds: &[Prefix]) -> Result<Subject, Misunderstood> {
    match policy.bind(reference, kinds) {
        Bound::One(Target::User(user)) => Ok(Subject::User(user)),
        Bound::One(Target::Group(group)) => Ok(Subject::Group(group)),
        Bound::Ambiguous(prefixes) => {
            let wrong = crate::model::ambiguous(reference, &prefixes);
            Err(Misunderstood { message: wrong.message, help: wrong.help })
        }
        Bound::Unfit(prefix) => Err(Misunderstood {
            message: say!("`{reference}` is a {noun}, not a user", reference, noun = prefix.noun()),
            help: match prefix {
                Prefix::Group | Prefix::Role => {
                    say!("ask about the group as `{prefix}:{reference}`", prefix = prefix.as_str(), reference)
                }
                _ => say!("name a user"),
            },
        }),
        Bound::Unknown(_) | Bound::One(_) => Err(unknown_user(reference, policy)),
    }
}

fn unknown_user(reference: &Reference, policy: &Policy) -> Misunderstood {
    let noun = reference.prefix.map_or_else(|| say!("user"), Prefix::noun);
    let message = say!("there is no {noun} `{name}`", noun, name = reference.name);
    let name = reference.name.as_str();
    // People know a colleague's full name better than the account's.
    let by_employee = policy.employees.find(&reference.name).and_then(|employee| {
        policy.users.iter().find(|(_, _, user)| user.employee == Some(employee)).map(|(_, key, _)| key)
    });
    let kinds: &[Prefix] = match &reference.prefix {
        Some(prefix) => std::slice::from_ref(prefix),
        None => &[Prefix::User, Prefix::Group],
    };
    let help = match by_employee {
        Some(user) => say!("the employee `{name}` is the user `{user}`", name, user),
        None => match policy.suggest(&reference.name, kinds, reference.prefix.is_some()) {
            Some(near) => say!("did you mean `{near}`?", near),
            None => by_display_name(name, policy)
                .unwrap_or_else(|| say!("`rightful matrix` lists all users; names are those of the section `users`")),
        },
    };
    Misunderstood { message, help }
}

fn by_display_name(name: &str, policy: &Policy) -> Option<Text> {
    let shown: Vec<(&str, UserId)> = policy.users.ids().map(|id| (policy.display_name(id), id)).collect();
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let near = nearest(name, shown.iter().map(|(shown, _)| *shown))
        .or_else(|| shown.iter().map(|(shown, _)| *shown).find(|shown| words(shown).contains(&name.to_lowercase())))?;
    let (_, id) = shown.iter().find(|(shown, _)| *shown == near)?;
    Some(say!("did you mean `{user}` ({near})?", user = policy.users.key(*id), near))
}

fn misunderstood(wrong: &[Meaningless]) -> Misunderstood {
    let first = wrong.iter().min_by_key(|wrong| wrong.part != Part::Right);
    let (message, help) = first.map(|wrong| (wrong.message.clone(), wrong.help.clone())).unwrap_or_default();
    Misunderstood { message, help }
}

/// Decides a question.
pub fn answer(in_force: &InForce<'_>, question: &Question) -> Answer {
    let asker = Asker::new(in_force, question.subject);
    let subject = question.subject;
    let mut asked = Vec::new();
    for right in &question.rights {
        let singles = match question.target {
            None => {
                asked.push((Request { subject, right: *right, target: None }, asker.decide(in_force, *right, None)));
                continue;
            }
            Some(target) => meant_by(in_force, subject, in_force.policy.rights.get(*right), target),
        };
        for single in singles {
            let aim = Aim::new(in_force, single);
            let request = Request { subject, right: *right, target: Some(single) };
            asked.push((request, asker.decide(in_force, *right, Some(&aim))));
        }
    }
    let first_refused = asked.iter().find(|(_, decision)| !decision.allowed);
    let shown = first_refused.or_else(|| asked.first()).map(|(_, decision)| *decision);
    // With nobody to ask about the answer is no.
    let shown = shown.unwrap_or(Decision { allowed: false, step: Step::Default });
    Answer { allowed: shown.allowed, step: shown.step, asked }
}

/// The single targets that a target of a question stands for, in order of names. A group means its members other
/// than the one who asks, inactive ones too.
fn meant_by(in_force: &InForce<'_>, subject: Subject, right: &Right, target: Target) -> Vec<Single> {
    let mut singles = standing_for(in_force, right, target);
    if let (Target::Group(_), Subject::User(user)) = (target, subject) {
        singles.retain(|single| *single != Single::User(user));
    }
    singles
}

/// The same, with whoever asks.
fn standing_for(in_force: &InForce<'_>, right: &Right, target: Target) -> Vec<Single> {
    let policy = in_force.policy;
    match target {
        Target::User(id) => vec![Single::User(id)],
        Target::Module(id) => vec![Single::Module(id)],
        Target::Attachment(id) => vec![Single::Attachment(id)],
        Target::Group(group) => in_force.members_of(group).into_iter().map(Single::User).collect(),
        Target::ModuleSet(set) => {
            let mut modules = policy.module_sets.get(set).modules.clone();
            modules.sort_unstable();
            modules.into_iter().map(Single::Module).collect()
        }
        Target::Everyone | Target::Everything => {
            right.scope.map(|scope| policy.single_targets(scope)).unwrap_or_default()
        }
    }
}

/// One line of everything that a subject can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Which right.
    pub right: RightId,
    /// Over whom or what; `None` for plain rights.
    pub target: Option<Single>,
    /// The answer.
    pub decision: Decision,
}

/// Of whom everything is asked.
enum Asker {
    Person(Person),
    Group(GroupId),
}

impl Asker {
    fn new(in_force: &InForce<'_>, subject: Subject) -> Self {
        match subject {
            Subject::User(user) => Self::Person(Person::new(in_force, user)),
            Subject::Group(group) => Self::Group(group),
        }
    }

    fn decide(&self, in_force: &InForce<'_>, right: RightId, aim: Option<&Aim<'_>>) -> Decision {
        match self {
            Self::Person(person) => decide_for(in_force, person, right, aim),
            Self::Group(group) => decide_for_group(in_force, *group, right, aim),
        }
    }
}

/// What a user, or whoever is in a group, may do: every plain right, and every scoped right over every single target.
pub fn what(in_force: &InForce<'_>, subject: Subject) -> Vec<Held> {
    let policy = in_force.policy;
    let asker = Asker::new(in_force, subject);
    let decide = |right: RightId, aim: Option<&Aim<'_>>| asker.decide(in_force, right, aim);
    let mut held = Vec::new();
    for (right, _, declared) in policy.rights.iter() {
        let Some(scope) = declared.scope else {
            held.push(Held { right, target: None, decision: decide(right, None) });
            continue;
        };
        for target in policy.single_targets(scope) {
            let aim = Aim::new(in_force, target);
            held.push(Held { right, target: Some(target), decision: decide(right, Some(&aim)) });
        }
    }
    held
}

/// Whether a user may start the program; without that nothing else can be used.
pub fn can_start(in_force: &InForce<'_>, user: UserId) -> bool {
    let start = in_force.policy.right_called("program.start");
    start.is_some_and(|right| decide_for(in_force, &Person::new(in_force, user), right, None).allowed)
}
