//! Pull: what was done in the database goes into the policy files.
//!
//! Takes the plan's drift and gives the state that the policy shall have ([`take`]), and with it the files
//! ([`write()`]); or takes all that a database says ([`everything`]) and gives a whole repository ([`layout()`]).
//! Conflicts are not taken, since there the policy wins. What no policy can say is named, never lost silently.

mod items;
mod layout;
mod sayable;
mod words;
mod write;

use std::collections::BTreeSet;

use crate::language::Text;
use crate::model::catalogue;
use crate::plan::{Change, Conflict, Origin, Plan, Reading, Step};
use crate::say;
use crate::state::{Action, Fact, Key, MemberKey, State};

use sayable::{references, set_field, unnameable, unsayable};

pub use layout::layout;
pub use sayable::Unnameable;
pub use write::{File, Hunk, write};

/// Something in the database that does not go into the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// What it is.
    pub key: Key,
    /// Which field of it; `None` for the whole.
    pub field: Option<&'static str>,
    /// Why not.
    pub why: Why,
}

/// Why something does not go into the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It was not asked for.
    NotAsked,
    /// The catalogue is part of the program.
    Catalogue,
    /// The policy took the account out of use.
    Retired,
    /// It needs something that the policy does not have.
    Needs(Key),
    /// Only online access makes members of a role, and roles prescribe no module set.
    OfRole,
    /// A list without an item.
    Empty,
    /// A text that no policy file can hold.
    Unsayable,
}

impl Why {
    /// The reason in words.
    pub fn text(&self) -> Text {
        match self {
            Self::NotAsked => say!("not asked for"),
            Self::Catalogue => say!("the catalogue is part of the program, no policy declares it"),
            Self::Retired => {
                say!("the policy has taken this account out; declare the user again if it shall come back")
            }
            Self::Needs(key) => say!("the policy has no {kind} `{key}`", kind = key.kind().as_str(), key = *key),
            Self::OfRole => say!("a role has no members but by online access, and no module set"),
            Self::Empty => say!("it is empty, and an empty list is an error in a policy"),
            Self::Unsayable => say!("the text is too long, or has characters that no policy may hold"),
        }
    }
}

/// What goes into the policy, and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taking {
    /// What the policy shall say.
    pub wanted: State,
    /// The drift that it takes.
    pub taken: Vec<Change>,
    /// What it does not take.
    pub left: Vec<Left>,
    /// What the policy changed too, and so wins.
    pub conflicts: Vec<Conflict>,
}

/// Takes the drift that a plan found, as far as it is asked for.
///
/// # Errors
/// If names came in that no policy can have.
pub fn take(
    reading: &Reading,
    declared: &State,
    plan: &Plan,
    asked: impl Fn(&Change) -> bool,
) -> Result<Taking, Vec<Unnameable>> {
    let mut actual = reading.actual.clone();
    for step in &plan.steps {
        if let Step::RenameUser { from, to } = step {
            actual.facts =
                actual.facts.into_iter().map(|(key, fact)| (key.with_user_renamed(from, to), fact)).collect();
        }
    }
    let applied =
        |key: &Key| reading.base.as_ref().is_some_and(|base| base.contains_key(&(key.kind(), key.to_string())));
    let mut taker =
        Taker { declared, actual: &actual, applied: &applied, wanted: declared.clone(), left: BTreeSet::new() };
    let drift = plan.changes.iter().filter(|change| change.origin == Origin::Drift);
    let (asked, unasked): (Vec<&Change>, Vec<&Change>) = drift.partition(|change| asked(change));
    for change in unasked {
        taker.leave(&change.key, change.field, Why::NotAsked);
    }
    for change in &asked {
        taker.change(change);
    }
    taker.settle();
    let Taker { wanted, left, .. } = taker;
    let wrong = wrong_names(declared, &wanted);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let is_left = |change: &Change| {
        left.iter().any(|left| left.key == change.key && (left.field.is_none() || left.field == change.field))
    };
    let taken = asked.into_iter().filter(|change| !is_left(change)).cloned().collect();
    Ok(Taking { wanted, taken, left: left.into_iter().collect(), conflicts: plan.conflicts.clone() })
}

/// Takes all that a database says, as a policy of its own.
///
/// # Errors
/// If names came in that no policy can have.
pub fn everything(actual: &State) -> Result<Taking, Vec<Unnameable>> {
    let built_in = catalogue::built_in();
    let facts = built_in.iter().map(|(name, right)| (Key::Right(name.clone()), Fact::Right(right.clone())));
    let declared = State { facts: facts.collect() };
    let mut taker =
        Taker { declared: &declared, actual, applied: &|_| false, wanted: actual.clone(), left: BTreeSet::new() };
    for (key, fact) in &declared.facts {
        if taker.wanted.facts.insert(key.clone(), fact.clone()).is_some_and(|found| found != *fact) {
            taker.leave(key, None, Why::Catalogue);
        }
    }
    taker.settle();
    let Taker { wanted, left, .. } = taker;
    let wrong = wrong_names(&declared, &wanted);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Taking { wanted, left: left.into_iter().collect(), ..Taking::default() })
}

/// The names that would be new and are none, each once.
fn wrong_names(declared: &State, wanted: &State) -> Vec<Unnameable> {
    let new = wanted.facts.iter().filter(|(key, fact)| declared.facts.get(*key) != Some(*fact));
    let mut wrong: Vec<Unnameable> = Vec::new();
    for found in new.filter_map(|(key, fact)| unnameable(key, fact)) {
        if !wrong.iter().any(|known| known.name == found.name) {
            wrong.push(found);
        }
    }
    wrong
}

/// What the policy shall say, while it is worked out.
struct Taker<'a> {
    declared: &'a State,
    actual: &'a State,
    /// Whether the last apply wrote it.
    applied: &'a dyn Fn(&Key) -> bool,
    wanted: State,
    left: BTreeSet<Left>,
}

impl Taker<'_> {
    fn leave(&mut self, key: &Key, field: Option<&'static str>, why: Why) {
        self.left.insert(Left { key: key.clone(), field, why });
    }

    fn change(&mut self, change: &Change) {
        let key = &change.key;
        let is_built_in = |fact: &Fact| matches!(fact, Fact::Right(right) if right.builtin);
        let (declared, actual) = (self.declared.facts.get(key), self.actual.facts.get(key));
        if declared.or(actual).is_some_and(is_built_in) {
            return self.leave(key, change.field, Why::Catalogue);
        }
        match (change.action, actual, declared) {
            (Action::Create, ..) => drop(self.wanted.facts.remove(key)),
            (Action::Delete, Some(actual), _) => drop(self.wanted.facts.insert(key.clone(), actual.clone())),
            // An account out of use that the policy does not declare stays in the database; what was written there is
            // not the last apply's is either a new account, or one that the policy has given up.
            (Action::Update, Some(_), None) if (self.applied)(key) => self.leave(key, change.field, Why::Retired),
            (Action::Update, Some(actual), None) => drop(self.wanted.facts.insert(key.clone(), actual.clone())),
            (Action::Update, Some(actual), Some(_)) => {
                if let (Some(fact), Some(field)) = (self.wanted.facts.get_mut(key), change.field) {
                    set_field(fact, actual, field);
                }
            }
            (Action::Delete | Action::Update, None, _) => {}
        }
    }

    /// Until nothing refers to what is not there, and everything can be said.
    fn settle(&mut self) {
        loop {
            let unsaid = self.unsayable();
            let dangling: Vec<(Key, Key)> = self
                .wanted
                .facts
                .iter()
                .flat_map(|(key, fact)| references(key, fact).into_iter().map(move |other| (key, other)))
                .filter(|(_, other)| !self.wanted.facts.contains_key(other))
                .map(|(key, other)| (key.clone(), other))
                .collect();
            if dangling.is_empty() && !unsaid {
                return;
            }
            for (key, missing) in dangling {
                self.resolve(&key, &missing);
            }
        }
    }

    /// Makes something possible that refers to what the policy does not have, or takes it out.
    fn resolve(&mut self, key: &Key, missing: &Key) {
        if self.wanted.facts.contains_key(missing) {
            return;
        }
        // Somebody else's account has to be declared before anything can be said of it.
        let is_unknown = !(self.applied)(missing) && !self.declared.facts.contains_key(missing);
        if let (Key::User(_), true, Some(fact)) = (missing, is_unknown, self.actual.facts.get(missing)) {
            self.wanted.facts.insert(missing.clone(), fact.clone());
            return;
        }
        let declared = self.declared.facts.get(key).cloned();
        let needs = Why::Needs(missing.clone());
        let Some(fact) = self.wanted.facts.get_mut(key) else { return };
        let field = match (&mut *fact, missing) {
            (Fact::User(user), Key::Employee(_)) => {
                user.employee = None;
                "employee"
            }
            (Fact::User(user), _) => {
                user.modules = None;
                "modules"
            }
            (Fact::Group(group), _) => {
                group.modules = None;
                "modules"
            }
            (Fact::ModuleSet(modules), Key::Module(module)) => {
                modules.retain(|name| name != module);
                "modules"
            }
            _ => {
                self.wanted.facts.remove(key);
                // What the policy itself says of something that is gone goes with it.
                if declared.is_none() {
                    self.leave(key, None, needs);
                }
                return;
            }
        };
        let was_there = declared.as_ref().is_some_and(|fact| references(key, fact).contains(missing));
        if was_there {
            return;
        }
        if let Some(declared) = declared {
            let possible = references(key, &declared).iter().all(|other| self.wanted.facts.contains_key(other));
            if possible && let Some(fact) = self.wanted.facts.get_mut(key) {
                set_field(fact, &declared, field);
            }
        }
        self.leave(key, Some(field), needs);
    }

    /// Takes out what is new and cannot be said; whether there was something.
    fn unsayable(&mut self) -> bool {
        let mut wrong: Vec<(Key, Option<&'static str>, Why)> = Vec::new();
        for (key, fact) in &self.wanted.facts {
            if self.declared.facts.get(key) == Some(fact) {
                continue;
            }
            let found = match (key, fact) {
                (Key::Right(_), Fact::Right(right)) if right.builtin => vec![(None, Why::Catalogue)],
                (_, Fact::ModuleSet(list)) if list.is_empty() => vec![(None, Why::Empty)],
                (_, Fact::Attachment(list)) if list.is_empty() => vec![(None, Why::Empty)],
                (Key::Role(_), Fact::Group(role)) if role.modules.is_some() => vec![(Some("modules"), Why::OfRole)],
                (Key::Member { group, .. }, _) if group.is_role() => vec![(None, Why::OfRole)],
                (Key::Member { member: MemberKey::Group(inner), .. }, _) if inner.is_role() => {
                    vec![(None, Why::OfRole)]
                }
                _ => unsayable(fact).into_iter().map(|field| (Some(field), Why::Unsayable)).collect(),
            };
            wrong.extend(found.into_iter().map(|(field, why)| (key.clone(), field, why)));
        }
        let found = !wrong.is_empty();
        for (key, field, why) in wrong {
            let possible =
                |declared: &&Fact| references(&key, declared).iter().all(|other| self.wanted.facts.contains_key(other));
            match (self.declared.facts.get(&key), field) {
                // A list that lost all its items with what they named cannot have them back.
                (declared, None) => match declared.filter(possible).cloned() {
                    Some(declared) => drop(self.wanted.facts.insert(key.clone(), declared)),
                    None => drop(self.wanted.facts.remove(&key)),
                },
                (declared, Some(field)) => {
                    let blank = self.wanted.facts.get(&key).map(blank);
                    let from = declared.cloned().or(blank.flatten());
                    match (self.wanted.facts.get_mut(&key), from) {
                        (Some(fact), Some(from)) => set_field(fact, &from, field),
                        // A row whose only field cannot be said cannot be said at all.
                        _ => drop(self.wanted.facts.remove(&key)),
                    }
                }
            }
            self.leave(&key, field, why);
        }
        found
    }
}

/// The same kind of fact without anything said, if it can be.
fn blank(fact: &Fact) -> Option<Fact> {
    Some(match fact {
        Fact::Module(_) => Fact::Module(None),
        Fact::Employee(_) => Fact::Employee(crate::model::Employee::default()),
        Fact::Group(_) => Fact::Group(crate::state::GroupFact::default()),
        Fact::User(_) => Fact::User(crate::state::UserFact::default()),
        Fact::Right(_) => Fact::Right(crate::model::Right::default()),
        Fact::ModuleSet(_) | Fact::Attachment(_) | Fact::Member(_) | Fact::Access(_) | Fact::Rule(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Validity;
    use crate::model::key::{GroupKey, SubjectKey, TargetKey};
    use crate::model::{Effect, Employee};
    use crate::name::{Name, RightName};
    use crate::plan::{Desired, Drift, as_base, plan};
    use crate::repository::{Repository, compile};
    use crate::state::{GroupFact, UserFact};
    use crate::testing::{day, files};
    use crate::tree::memory::Memory;

    fn name(text: &str) -> Name {
        Name::foreign(text)
    }

    fn member(group: &str, user: &str) -> Key {
        let group = GroupKey::group(name(group));
        Key::Member { group, member: MemberKey::User(name(user)), validity: Validity::ALWAYS }
    }

    fn rule(subject: SubjectKey, effect: Effect, right: &str, target: Option<TargetKey>) -> Key {
        Key::Rule { subject, right: RightName::foreign(right), target, effect, validity: Validity::ALWAYS }
    }

    fn until(mut key: Key, last: &str) -> Key {
        if let Key::Member { validity, .. } | Key::Rule { validity, .. } = &mut key {
            validity.until = day(last);
        }
        key
    }

    fn user() -> UserFact {
        UserFact { active: true, ..UserFact::default() }
    }

    fn because(text: &str) -> Option<Box<str>> {
        Some(text.into())
    }

    /// What a pull makes of files after somebody changed the state that an apply had left.
    fn pulled(fixture: &str, drift: impl FnOnce(&mut State)) -> (Repository, Taking, Vec<File>) {
        let repository = compile(&Memory::new(files(fixture))).unwrap();
        assert!(repository.companies[0].compiles(), "{:?}", repository.companies[0].diagnostics);
        let declared = State::of(&repository.companies[0].policy);
        let base = Some(as_base(&declared));
        let mut actual = declared.clone();
        drift(&mut actual);
        let reading = Reading { actual, base };
        let desired = Desired { company: None, state: declared.clone(), renames: Vec::new() };
        let plan = plan(&reading, &desired, day("2026-11-22"), Drift::Revert, |_| None);
        let taking = take(&reading, &declared, &plan, |_| true).unwrap();
        let written = write(&repository, 0, &taking.wanted).unwrap();
        (repository, taking, written)
    }

    /// The files after a pull, which must say what was meant; and what was left.
    fn after(fixture: &str, drift: impl FnOnce(&mut State)) -> String {
        let (_, taking, written) = pulled(fixture, drift);
        let mut all: Vec<(String, String)> = files(fixture);
        for file in &written {
            all.retain(|(path, _)| *path != file.path);
            all.push((file.path.clone(), file.after.clone()));
            let lines: Vec<&str> = file.after.lines().collect();
            for hunk in &file.hunks {
                assert_eq!(lines[hunk.line - 1..hunk.line - 1 + hunk.added.len()], hunk.added, "{hunk:?}");
            }
        }
        let text: String = written.iter().map(|file| format!("//- {}\n{}", file.path, file.after)).collect();
        let again = compile(&Memory::new(all)).unwrap();
        let company = &again.companies[0];
        assert!(company.compiles(), "{:?}\n{text}", company.diagnostics);
        assert_eq!(State::of(&company.policy), taking.wanted, "{text}");
        let left: String =
            taking.left.iter().map(|left| format!("left: {} ({})\n", left.key, left.why.text().english())).collect();
        format!("{text}{left}")
    }

    const FIRM: &str = r#"
# The firm.
users:
  # the field
  lars:   # knows everybody
    name: 'Lars K.'
    allow:
      - data.export   # a comment
      # and another
      - calendar.see+edit of anna because "partner"

  anna: { name: "Anna", active: true }
  karin:
groups:
  sales:
    name: Vertrieb   # shown
    members: [lars, anna]   # two
    allow:
      # given to all
      - lists.print
      - opportunities.see of everyone
  support:
    members:
      - karin
modules: { mail: , calendar: }
module_sets: { desk: [mail, calendar] }
"#;

    #[test]
    fn what_came_stands_beside_its_like() {
        let shown = after(FIRM, |state| {
            state.facts.insert(Key::User(name("kim")), Fact::User(UserFact { name: because("Kim: 2"), ..user() }));
            state.facts.insert(member("sales", "kim"), Fact::Member(because("helps, \"CRM-1\"")));
            state.facts.insert(until(member("support", "anna"), "2026-12-31"), Fact::Member(None));
            let sales = SubjectKey::Group(name("sales"));
            state.facts.insert(rule(sales.clone(), Effect::Allow, "data.import", None), Fact::Rule(because("a #b")));
            state
                .facts
                .insert(rule(sales.clone(), Effect::Deny, "calendar.see", Some(TargetKey::Everyone)), Fact::Rule(None));
            state.facts.insert(rule(sales, Effect::Deny, "calendar.edit", Some(TargetKey::Everyone)), Fact::Rule(None));
            let kim = SubjectKey::User(name("kim"));
            state.facts.insert(rule(kim, Effect::Allow, "sms.send", None), Fact::Rule(None));
            state.facts.insert(Key::Group(name("no")), Fact::Group(GroupFact::default()));
            state.facts.insert(Key::Module(name("reports")), Fact::Module(None));
            let set = vec![name("reports"), name("mail"), name("calendar")];
            state.facts.insert(Key::ModuleSet(name("desk")), Fact::ModuleSet(set));
            state.facts.insert(
                Key::Employee(name("007")),
                Fact::Employee(Employee { name: because("James"), ..Employee::default() }),
            );
        });
        insta::assert_snapshot!(shown, @r#"
    //- policies/a.yaml

    # The firm.
    users:
      # the field
      lars:   # knows everybody
        name: 'Lars K.'
        allow:
          - data.export   # a comment
          # and another
          - calendar.see+edit of anna because "partner"

      anna: { name: "Anna", active: true }
      karin:
      kim:
        name: "Kim: 2"
        allow:
          - sms.send
    groups:
      sales:
        name: Vertrieb   # shown
        members: [lars, anna, 'kim because "helps, \"CRM-1\""']   # two
        allow:
          # given to all
          - lists.print
          - opportunities.see of everyone
          - 'data.import because "a #b"'
        deny:
          - calendar.edit+see of everyone
      support:
        members:
          - karin
          - anna until 2026-12-31
      "no":
    modules: { mail: , calendar:, reports: }
    module_sets: { desk: [reports, mail, calendar] }
    //- policies/pulled.yaml
    employees:
      "007":
        name: James
    "#);
    }

    #[test]
    fn what_went_takes_its_comments_along_and_no_others() {
        let shown = after(FIRM, |state| {
            state.facts.retain(|key, _| !matches!(key, Key::User(name) if name.as_str() == "lars"));
            state.facts.remove(&member("support", "karin"));
            let sales = SubjectKey::Group(name("sales"));
            state.facts.remove(&rule(sales, Effect::Allow, "lists.print", None));
        });
        insta::assert_snapshot!(shown, @r#"
    //- policies/a.yaml

    # The firm.
    users:

      anna: { name: "Anna", active: true }
      karin:
    groups:
      sales:
        name: Vertrieb   # shown
        members: [anna]   # two
        allow:
          - opportunities.see of everyone
      support:
    modules: { mail: , calendar: }
    module_sets: { desk: [mail, calendar] }
    "#);
    }

    #[test]
    fn what_changed_changes_in_place() {
        let shown = after(FIRM, |state| {
            let lars = SubjectKey::User(name("lars"));
            let anna = Some(TargetKey::User(name("anna")));
            let edit = rule(lars.clone(), Effect::Allow, "calendar.edit", anna);
            state.facts.remove(&edit);
            state.facts.insert(until(edit, "2027-01-01"), Fact::Rule(because("partner")));
            let export = rule(lars, Effect::Allow, "data.export", None);
            state.facts.remove(&export);
            state.facts.insert(until(export, "2027-06-30"), Fact::Rule(None));
            state.facts.insert(member("sales", "lars"), Fact::Member(because("head, of sales")));
            let fact = UserFact { name: because("it's Lars"), modules: Some(name("desk")), ..user() };
            state.facts.insert(Key::User(name("lars")), Fact::User(fact));
            state
                .facts
                .insert(Key::User(name("anna")), Fact::User(UserFact { superuser: true, ..UserFact::default() }));
            state.facts.insert(Key::User(name("karin")), Fact::User(UserFact { active: false, ..user() }));
            state
                .facts
                .insert(Key::Group(name("sales")), Fact::Group(GroupFact { name: because("no"), modules: None }));
            state.facts.insert(Key::ModuleSet(name("desk")), Fact::ModuleSet(vec![name("calendar"), name("mail")]));
        });
        insta::assert_snapshot!(shown, @r#"
    //- policies/a.yaml

    # The firm.
    users:
      # the field
      lars:   # knows everybody
        name: 'it''s Lars'
        modules: desk
        allow:
          - data.export until 2027-06-30   # a comment
          # and another
          - calendar.see of anna because "partner"
          - calendar.edit of anna until 2027-01-01 because "partner"

      anna: { superuser: true, active: false }
      karin:
        active: false
    groups:
      sales:
        name: "no"   # shown
        members: ['lars because "head, of sales"', anna]   # two
        allow:
          # given to all
          - lists.print
          - opportunities.see of everyone
      support:
        members:
          - karin
    modules: { mail: , calendar: }
    module_sets: { desk: [calendar, mail] }
    "#);
    }

    #[test]
    fn braces_brackets_and_windows_lines_stay() {
        let fixture = "\u{feff}users: {\r\n  lars: { allow: [data.export, sms.send] }, # best\r\n  anna:\r\n}\r\ngroups: { sales: { members: [\r\n      lars, # one\r\n      anna  # two\r\n    ] } }\r\n";
        let shown = after(fixture, |state| {
            let lars = SubjectKey::User(name("lars"));
            state.facts.remove(&rule(lars.clone(), Effect::Allow, "data.export", None));
            state.facts.remove(&rule(lars, Effect::Allow, "sms.send", None));
            state.facts.remove(&member("sales", "anna"));
            state.facts.insert(Key::User(name("kim")), Fact::User(user()));
            let anna = SubjectKey::User(name("anna"));
            state.facts.insert(rule(anna, Effect::Deny, "data.import", None), Fact::Rule(because("x, y")));
        });
        assert!(!shown.replace("\r\n", "").contains('\n') || shown.starts_with("//-"), "{shown:?}");
        insta::assert_snapshot!(format!("{:?}", shown), @r#""//- policies/a.yaml\n\u{feff}users: {\r\n  lars: {}, # best\r\n  anna: { deny: ['data.import because \"x, y\"'] },\r\n  kim:\r\n}\r\ngroups: { sales: { members: [\r\n      lars, # one\r\n    ] } }\r\n""#);
    }

    #[test]
    fn a_field_comes_below_the_first_one_behind_the_dash() {
        let fixture = "users:\n  lars:\n    allow:\n      - right: data.export # x\n";
        let shown = after(fixture, |state| {
            let lars = SubjectKey::User(name("lars"));
            state.facts.insert(rule(lars, Effect::Allow, "data.export", None), Fact::Rule(because("Lars")));
        });
        assert_eq!(shown, format!("//- policies/a.yaml\n{fixture}        because: Lars\n"));
    }

    #[test]
    fn what_cannot_be_said_is_left_and_told() {
        let shown = after(FIRM, |state| {
            let key = Key::Right(RightName::foreign("data.export"));
            let Some(Fact::Right(right)) = state.facts.get_mut(&key) else { panic!("a right") };
            right.own_data_allowed = true;
            state.facts.insert(Key::ModuleSet(name("empty")), Fact::ModuleSet(Vec::new()));
            state.facts.insert(Key::User(name("karin")), Fact::User(UserFact { name: because("a\u{7}"), ..user() }));
            state
                .facts
                .insert(Key::Role(name("agent")), Fact::Group(GroupFact { name: None, modules: Some(name("desk")) }));
            state.facts.insert(Key::Access(name("karin")), Fact::Access(GroupKey::role(name("agent"))));
        });
        insta::assert_snapshot!(shown, @r#"
    //- policies/pulled.yaml
    roles:
      agent:

    online:
      access:
        karin:
          role: agent
    left: data.export (the catalogue is part of the program, no policy declares it)
    left: empty (it is empty, and an empty list is an error in a policy)
    left: agent (a role has no members but by online access, and no module set)
    left: karin (the text is too long, or has characters that no policy may hold)
    "#);
    }

    #[test]
    fn names_that_are_none_are_refused() {
        let declared = State::default();
        for (wrong, why) in [
            ("a b", "` ` cannot be part of a name"),
            ("until", "this word belongs to the rule grammar"),
            ("o\u{308}", "its letters and accents are not joined (normalisation form C)"),
            ("x\u{7}", "`\u{7}` cannot be part of a name"),
        ] {
            let mut actual = declared.clone();
            actual.facts.insert(Key::User(name(wrong)), Fact::User(user()));
            let refused = everything(&actual).unwrap_err();
            assert_eq!(
                refused.iter().map(|one| (&*one.name, one.why.english())).collect::<Vec<_>>(),
                [(wrong, why.to_owned())]
            );
        }
    }

    #[test]
    fn a_database_becomes_a_repository_that_says_the_same() {
        let (repository, ..) = pulled(FIRM, |_| ());
        let mut state = State::of(&repository.companies[0].policy);
        state.facts.insert(Key::Group(name("Sales")), Fact::Group(GroupFact::default()));
        let sales = SubjectKey::Group(name("Sales"));
        let long = Fact::Rule(because(&"x, y # z: ".repeat(409)));
        state.facts.insert(rule(sales.clone(), Effect::Allow, "articles.create", None), long);
        state.facts.insert(rule(sales, Effect::Allow, "data.import", None), Fact::Rule(because("two\nlines")));
        let taking = everything(&state).unwrap();
        assert_eq!(taking.left, []);
        let files = layout(&taking.wanted);
        let again = compile(&Memory::new(files.iter().map(|file| (file.path.clone(), file.after.clone())))).unwrap();
        assert!(again.companies[0].compiles(), "{:?}", again.companies[0].diagnostics);
        assert_eq!(State::of(&again.companies[0].policy), state);
        let shown = files.iter().map(|file| format!("//- {}\n{}", file.path, file.after)).collect::<String>();
        insta::assert_snapshot!(shown.replace(&"x, y # z: ".repeat(409), "LONG"), @r#"
    //- policies/groups/Sales.yaml
    groups:
      Sales:
        allow:
          - { right: articles.create, because: "LONG" }
          - 'data.import because "two

            lines"'
    //- policies/groups/sales-2.yaml
    groups:
      sales:
        name: Vertrieb
        members:
          - anna
          - lars
        allow:
          - lists.print
          - opportunities.see of everyone
    //- policies/groups/support.yaml
    groups:
      support:
        members:
          - karin
    //- policies/modules.yaml
    modules:
      calendar:
      mail:

    module_sets:
      desk: [mail, calendar]
    //- policies/users.yaml
    users:
      anna: { name: Anna }
      karin:
      lars:
        name: Lars K.
        allow:
          - calendar.edit+see of anna because "partner"
          - data.export
    "#);
    }
}
