//! Pull: what was done in the database goes into the policy files.
//!
//! Takes the plan's drift and gives the state that the policy shall have ([`take`]), and with it the files
//! ([`write()`]); or takes all that a database says ([`everything`]) and gives a whole repository ([`layout()`]).
//! Conflicts are not taken, since there the policy wins. What no policy can say is named, never lost silently.

mod fixed;
mod items;
mod layout;
mod renamed;
mod sayable;
mod sense;
mod taker;
mod words;
mod write;

use crate::language::Text;
use crate::model::catalogue;
use crate::plan::{CRM, Change, Conflict, Origin, Plan, Reading};
use crate::repository::Repository;
use crate::say;
use crate::state::{Fact, Key, State, Value};

use fixed::Fixed;
use taker::{Taker, is_predefined};

pub use crate::edit::hunk::{File, Hunk};
pub use fixed::Fixture;
pub use layout::layout;
pub use sayable::{Unnameable, nameable};
pub use write::write;

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
    /// An account that is out of use anyway was deleted, and none ever is.
    WrittenAgain,
    /// Something that no pull edits names it.
    Named(Fixture),
    /// Something that no pull edits names another thing that is called so, without a prefix.
    Ambiguous(Fixture),
    /// The same is allowed and denied.
    Contradiction,
    /// Groups would contain each other.
    Circle,
    /// Rules on the right are over something else.
    Scope,
    /// What is said of the company and its licence is written by hand.
    ByHand,
    /// A CRM gives something that no policy can say, or keeps it.
    OfCrm(String),
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
            Self::WrittenAgain => say!("out of use already; the next apply writes it again"),
            Self::Named(Fixture { section, place }) => say!("`{section}` names it at {place}", section, place),
            Self::Ambiguous(Fixture { section, place }) => {
                say!(
                    "`{section}` at {place} means something else that is called so; give it a prefix there",
                    section,
                    place
                )
            }
            Self::Contradiction => say!("the same is allowed and denied, which a policy cannot say"),
            Self::Circle => say!("the groups would contain each other in a circle"),
            Self::Scope => say!("the right is over another kind of thing than its rules"),
            Self::ByHand => say!("the sections `company` and `licence` are written by hand"),
            Self::OfCrm(says) => say!("no policy can say it: {says}", says),
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

/// Takes the drift that a plan found in the database of a company, as far as it is asked for by its key.
///
/// # Errors
/// If names came in that no policy can have.
pub fn take(
    reading: &Reading,
    repository: &Repository,
    company: usize,
    plan: &Plan,
    asked: impl Fn(&Key) -> bool,
) -> Result<Taking, Vec<Unnameable>> {
    let policy = &repository.companies[company].policy;
    let (declared, fixed) = (State::of(policy), Fixed::of(policy, &repository.sources));
    let applied =
        |key: &Key| reading.base.as_ref().is_some_and(|base| base.find(key.kind(), &key.to_string()).is_some());
    let mut taker = Taker::new(&declared, declared.clone(), &plan.before);
    (taker.applied, taker.fixed) = (&applied, &fixed);
    let drift = plan.changes.iter().filter(|change| change.origin == Origin::Drift);
    let conflicts = plan.conflicts.iter().filter(|conflict| asked(&conflict.key)).cloned().collect();
    let (asked, unasked): (Vec<&Change>, Vec<&Change>) = drift.partition(|change| asked(&change.key));
    for change in &unasked {
        taker.leave(&change.key, change.field, Why::NotAsked);
    }
    for change in &asked {
        taker.change(change);
    }
    let (wanted, mut left) = taker.finish()?;
    // What hangs on something that is taken has gone or come with it, asked for or not.
    let value = |state: &State, key: &Key, field: Option<&str>| -> Option<Value> {
        let fields = state.facts.get(key)?.fields();
        fields.into_iter().find(|(name, _)| Some(*name) == field).map(|(_, value)| value)
    };
    let came_along = |key: &Key, field: Option<&str>| match field {
        None => wanted.facts.get(key) == plan.before.facts.get(key),
        Some(_) => value(&wanted, key, field) == value(&plan.before, key, field),
    };
    left.retain(|left| left.why != Why::NotAsked || !came_along(&left.key, left.field));
    let unasked = unasked.into_iter().filter(|change| came_along(&change.key, change.field));
    let is_left = |change: &Change| {
        left.iter().any(|left| left.key == change.key && (left.field.is_none() || left.field == change.field))
    };
    let mut taken: Vec<Change> = asked.into_iter().filter(|change| !is_left(change)).chain(unasked).cloned().collect();
    taken.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(Taking { wanted, taken, left: left.into_iter().collect(), conflicts })
}

/// Takes all that a database says, as a policy of its own.
///
/// # Errors
/// If names came in that no policy can have.
pub fn everything(reading: &Reading) -> Result<Taking, Vec<Unnameable>> {
    let actual = &reading.actual;
    let built_in = catalogue::built_in();
    let facts = built_in.iter().map(|(name, right)| (Key::Right(name.clone()), Fact::Right(right.clone())));
    let declared = State { facts: facts.collect() };
    let mut taker = Taker::new(&declared, actual.clone(), actual);
    for key in actual.facts.keys().filter(|key| is_predefined(key)) {
        taker.wanted.facts.remove(key);
        taker.leave(key, None, Why::Catalogue);
    }
    for (key, fact) in &declared.facts {
        if taker.wanted.facts.insert(key.clone(), fact.clone()).is_some_and(|found| found != *fact) {
            taker.leave(key, None, Why::Catalogue);
        }
    }
    for aside in &reading.beside {
        taker.leave(&aside.key, Some(CRM), Why::OfCrm(aside.says.clone()));
    }
    let (wanted, left) = taker.finish()?;
    Ok(Taking { wanted, left: left.into_iter().collect(), ..Taking::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Validity;
    use crate::model::key::{GroupKey, SubjectKey, TargetKey};
    use crate::model::{Effect, Employee, Right, Scope};
    use crate::name::{Name, RightName};
    use crate::plan::{Desired, Drift, as_base, plan};
    use crate::repository::compile;
    use crate::state::{GroupFact, MemberKey, UserFact};
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
    fn pulled(
        fixture: &str,
        drift: impl FnOnce(&mut State),
        asked: impl Fn(&Key) -> bool,
    ) -> (Repository, Taking, Vec<File>) {
        let repository = compile(&Memory::new(files(fixture))).unwrap();
        assert!(repository.companies[0].compiles(), "{:?}", repository.companies[0].diagnostics);
        let declared = State::of(&repository.companies[0].policy);
        let base = Some(as_base(&declared));
        let mut actual = declared.clone();
        drift(&mut actual);
        let reading = Reading { actual, base, ..Reading::default() };
        let desired = Desired { company: None, state: declared, renames: Vec::new() };
        let plan = plan(&reading, &desired, day("2026-11-22"), Drift::Revert, |_| None);
        let taking = take(&reading, &repository, 0, &plan, asked).unwrap();
        let written = write(&repository, 0, &taking.wanted).unwrap();
        (repository, taking, written)
    }

    /// The files after a pull, which must say what was meant; and what was left.
    fn after(fixture: &str, drift: impl FnOnce(&mut State)) -> String {
        after_asking(fixture, drift, |_| true)
    }

    /// The same, of what is asked for.
    fn after_asking(fixture: &str, drift: impl FnOnce(&mut State), asked: impl Fn(&Key) -> bool) -> String {
        let (_, taking, written) = pulled(fixture, drift, asked);
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
        let told = |left: &Left| {
            let field = left.field.map(|field| format!(" {field}")).unwrap_or_default();
            format!("left: {}{field} ({})\n", left.key, left.why.text().english())
        };
        let left: String = taking.left.iter().map(told).collect();
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
        let text = shown.strip_prefix("//- policies/a.yaml\n").unwrap();
        assert!(!text.replace("\r\n", "").contains('\n'), "{shown:?}");
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
        insta::assert_snapshot!(shown, @"
        //- policies/pulled.yaml
        roles:
          agent:

        online:
          access:
            karin:
              role: agent
        left: data.export own_data_allowed (the catalogue is part of the program, no policy declares it)
        left: empty (it is empty, and an empty list is an error in a policy)
        left: agent modules (a role has no members but by online access, and no module set)
        left: karin name (the text is too long, or has characters that no policy may hold)
        ");
    }

    #[test]
    fn what_cannot_be_said_but_stood_there_stays_and_the_rest_is_taken() {
        let fixture = "rights:\n  invoices.approve:\n    meaning: |\n      one\n        two\nusers:\n  lars:\n    name: |\n      a\n        b\n";
        let shown = after(fixture, |state| {
            let Some(Fact::Right(right)) = state.facts.get_mut(&Key::Right(RightName::foreign("invoices.approve")))
            else {
                panic!("a right")
            };
            right.labels.insert("de".into(), "Freigeben".into());
            let Some(Fact::User(lars)) = state.facts.get_mut(&Key::User(name("lars"))) else { panic!("a user") };
            lars.active = false;
        });
        insta::assert_snapshot!(shown, @"
        //- policies/a.yaml
        rights:
          invoices.approve:
            name: { de: Freigeben }
            meaning: |
              one
                two
        users:
          lars:
            name: |
              a
                b
            active: false
        ");
    }

    const ONLINE: &str = "users:\n  anna: { superuser: true, employee: ap }\n  lars: { superuser: true, employee: lk }\nemployees: { ap: { email: a@b.example }, lk: { email: l@b.example } }\nroles: { accountant: { allow: [lists.print] } }\nonline:\n  responsible: lars\n  access:\n    lars: { role: accountant }\n";

    #[test]
    fn online_access_stays_where_its_new_role_is_not_asked_for() {
        let drift = |state: &mut State| {
            state.facts.insert(Key::Role(name("agent")), Fact::Group(GroupFact::default()));
            state.facts.insert(Key::Access(name("lars")), Fact::Access(GroupKey::role(name("agent"))));
        };
        let shown = after_asking(ONLINE, drift, |key| *key == Key::Access(name("lars")));
        insta::assert_snapshot!(shown, @"
        left: agent (not asked for)
        left: lars role (the policy has no role `agent`)
        ");
    }

    #[test]
    fn what_only_the_policy_knows_goes_along_to_a_new_name() {
        let fixture = r#"
employees: { lk: { email: l@b.example }, ap: { email: a@b.example } }
users:
  # the field
  lars:   # knows everybody
    employee: lk
    allow: [data.export, calendar.edit of anna because "partner"]   # his
  anna: { superuser: true, employee: ap, allow: [calendar.see of lars] }
groups:
  sales:
    members:
      # the best
      - lars until 2027-12-31 because "helps"   # really
      - { member: user:lars, from: 2028-01-01, because: comes back }   # again
      - anna
    allow: [calendar.see+edit of lars]
roles: { guest: { allow: [lists.print] }, accountant: { allow: [lists.print] } }
online:
  responsible: anna
  access:
    # asked for in May
    lars:   # by letter
      role: guest
      message: "Welcome, Lars"   # friendly
      email: lars@home.example
    anna: { role: guest, email: a@home.example }
"#;
        let renamed = |state: &mut State| {
            *state = state.with_users_renamed(&[(name("lars"), name("no"))].into());
            state.facts.insert(Key::Access(name("no")), Fact::Access(GroupKey::role(name("accountant"))));
        };
        insta::assert_snapshot!(after(fixture, renamed), @r#"
        //- policies/a.yaml

        employees: { lk: { email: l@b.example }, ap: { email: a@b.example } }
        users:
          # the field
          "no":   # knows everybody
            employee: lk
            allow: [data.export, calendar.edit of anna because "partner"]   # his
          anna: { superuser: true, employee: ap, allow: [calendar.see of no] }
        groups:
          sales:
            members:
              # the best
              - no until 2027-12-31 because "helps"   # really
              - { member: "no", from: 2028-01-01, because: comes back }   # again
              - anna
            allow: [calendar.see+edit of no]
        roles: { guest: { allow: [lists.print] }, accountant: { allow: [lists.print] } }
        online:
          responsible: anna
          access:
            # asked for in May
            "no":   # by letter
              role: accountant
              message: "Welcome, Lars"   # friendly
              email: lars@home.example
            anna: { role: guest, email: a@home.example }
        "#);
        // A role that is gone takes its invitation along.
        let without = after(fixture, |state| {
            *state = state.with_users_renamed(&[(name("lars"), name("kim"))].into());
            state.facts.remove(&Key::Access(name("kim")));
        });
        assert!(without.contains("  kim:   # knows everybody") && !without.contains("Welcome"), "{without}");
        // Somebody else gets no invitation of another.
        let other = after(fixture, |state| {
            *state = state.with_users_renamed(&[(name("lars"), name("kim"))].into());
            state.facts.insert(Key::Employee(name("kl")), Fact::Employee(Employee::default()));
            let kim = UserFact { employee: Some(name("kl")), ..user() };
            state.facts.insert(Key::User(name("kim")), Fact::User(kim));
        });
        assert!(other.contains("kim: { role: guest }") && !other.contains("Welcome"), "{other}");
    }

    #[test]
    fn whoever_is_named_where_no_pull_edits_stays_and_the_rest_is_taken() {
        let fixture = format!(
            "{ONLINE}expect:\n  - anna can lists.print\n  - nobody can calendar.see of user:anna\ngroups: {{ sales: }}\n"
        );
        let shown = after(&fixture, |state| {
            state.facts.remove(&Key::User(name("anna")));
            state.facts.remove(&Key::User(name("lars")));
            state.facts.remove(&Key::Access(name("lars")));
            state.facts.insert(Key::Group(name("anna")), Fact::Group(GroupFact::default()));
            state.facts.insert(Key::Group(name("support")), Fact::Group(GroupFact::default()));
        });
        insta::assert_snapshot!(shown, @"
        //- policies/a.yaml
        users:
          anna: { superuser: true, employee: ap }
          lars: { superuser: true, employee: lk }
        employees: { ap: { email: a@b.example }, lk: { email: l@b.example } }
        roles: { accountant: { allow: [lists.print] } }
        online:
          responsible: lars
        expect:
          - anna can lists.print
          - nobody can calendar.see of user:anna
        groups: { sales:, support: }
        left: anna (`expect` at policies/a.yaml:11 means something else that is called so; give it a prefix there)
        left: anna (`expect` names it at policies/a.yaml:11)
        left: lars (`online.responsible` names it at policies/a.yaml:7)
        ");
    }

    #[test]
    fn an_account_out_of_use_that_was_deleted_is_left() {
        let shown = after("users: { lars: { active: false }, anna: { allow: [sms.send] } }\n", |state| {
            state.facts.remove(&Key::User(name("lars")));
            state.facts.remove(&Key::User(name("anna")));
            state.facts.retain(|key, _| !matches!(key, Key::Rule { .. }));
        });
        insta::assert_snapshot!(shown, @"
        //- policies/a.yaml
        users: { lars: { active: false } }
        left: lars (out of use already; the next apply writes it again)
        ");
    }

    #[test]
    fn a_retired_account_that_was_deleted_is_left() {
        let repository = compile(&Memory::new([("policies/a.yaml", "users: { anna: }\n")])).unwrap();
        let declared = State::of(&repository.companies[0].policy);
        let mut before = declared.clone();
        before.facts.insert(Key::User(name("lars")), Fact::User(UserFact::default()));
        let reading = Reading { actual: declared.clone(), base: Some(as_base(&before)), ..Reading::default() };
        let desired = Desired { company: None, state: declared.clone(), renames: Vec::new() };
        let plan = plan(&reading, &desired, day("2026-11-22"), Drift::Revert, |_| None);
        let taking = take(&reading, &repository, 0, &plan, |_| true).unwrap();
        let left = Left { key: Key::User(name("lars")), field: None, why: Why::WrittenAgain };
        assert_eq!((taking.wanted, taking.taken, taking.left), (declared, Vec::new(), vec![left]));
    }

    #[test]
    fn rows_of_others_that_name_somebody_who_goes_are_taken_with_them() {
        let drift = |state: &mut State| {
            state.facts.remove(&Key::User(name("lars")));
            state.facts.retain(|key, _| !key.to_string().contains("user:lars"));
        };
        let asked = |key: &Key| *key == Key::User(name("lars"));
        let (_, taking, _) = pulled(FIRM, drift, asked);
        let taken: Vec<String> = taking.taken.iter().map(|change| change.key.to_string()).collect();
        assert_eq!(taking.left, []);
        assert_eq!(
            taken,
            [
                "lars",
                "group:sales user:lars",
                "user:lars allow calendar.edit of user:anna",
                "user:lars allow calendar.see of user:anna",
                "user:lars allow data.export"
            ]
        );
    }

    #[test]
    fn what_contradicts_itself_is_left_and_the_rest_is_taken() {
        let fixture = "rights: { invoices.see: { of: people, own: allow } }\nusers: { lars: { allow: [data.export until 2026-12-31, invoices.see of anna] }, anna: }\ngroups:\n  inner:\n  outer: { members: [group:inner] }\nattachments: { programs: ['*.exe'] }\n";
        let shown = after(fixture, |state| {
            let lars = SubjectKey::User(name("lars"));
            state.facts.insert(rule(lars.clone(), Effect::Deny, "data.export", None), Fact::Rule(None));
            let old = until(rule(lars.clone(), Effect::Allow, "data.export", None), "2026-12-31");
            state.facts.remove(&old);
            state.facts.insert(until(old, "2027-12-31"), Fact::Rule(because("longer")));
            for (group, member) in [("inner", "outer"), ("outer", "outer")] {
                let (group, inner) = (GroupKey::group(name(group)), GroupKey::group(name(member)));
                let key = Key::Member { group, member: MemberKey::Group(inner), validity: Validity::ALWAYS };
                state.facts.insert(key, Fact::Member(None));
            }
            let right = Key::Right(RightName::foreign("invoices.see"));
            let Some(Fact::Right(fact)) = state.facts.get_mut(&right) else { panic!("a right") };
            (fact.scope, fact.own_data_allowed) = (Some(Scope::Attachments), false);
            fact.meaning = because("of bills");
            let programs = Some(TargetKey::Attachment(name("programs")));
            state.facts.insert(rule(lars, Effect::Allow, "invoices.see", programs), Fact::Rule(None));
        });
        insta::assert_snapshot!(shown, @"
        //- policies/a.yaml
        rights: { invoices.see: { meaning: of bills, of: people, own: allow } }
        users: { lars: { allow: [data.export until 2026-12-31, invoices.see of anna] }, anna: }
        groups:
          inner:
          outer: { members: [group:inner] }
        attachments: { programs: ['*.exe'] }
        left: invoices.see of (the right is over another kind of thing than its rules)
        left: invoices.see own_data_allowed (the right is over another kind of thing than its rules)
        left: group:inner group:outer (the groups would contain each other in a circle)
        left: group:outer group:outer (the groups would contain each other in a circle)
        left: user:lars allow data.export until 2026-12-31 (the same is allowed and denied, which a policy cannot say)
        left: user:lars allow data.export until 2027-12-31 (the same is allowed and denied, which a policy cannot say)
        left: user:lars deny data.export (the same is allowed and denied, which a policy cannot say)
        left: user:lars allow invoices.see of attachment:programs (the right is over another kind of thing than its rules)
        ");
    }

    #[test]
    fn a_new_thing_with_the_name_of_another_gives_old_lines_their_prefix() {
        let fixture = "users:\n  lars: { allow: [calendar.see+edit of anna because \"x\", modules.use of mail] }\n  anna: { allow: [{ right: calendar.see, of: lars }, calendar.edit of user:lars, calendar.edit of helper] }\ngroups:\n  sales:\n    members:\n      - anna until 2027-01-01   # comes back\n      - { member: lars, because: new }\nmodules: { mail: }\nroles: { helper: }\n";
        let shown = after(fixture, |state| {
            for group in ["anna", "lars", "helper"] {
                state.facts.insert(Key::Group(name(group)), Fact::Group(GroupFact::default()));
            }
            state.facts.insert(Key::ModuleSet(name("mail")), Fact::ModuleSet(vec![name("mail")]));
            let right = rule(SubjectKey::User(name("lars")), Effect::Allow, "sms.send", None);
            state.facts.insert(right, Fact::Rule(None));
        });
        insta::assert_snapshot!(shown, @r#"
        //- policies/a.yaml
        users:
          lars: { allow: ['calendar.see+edit of user:anna because "x"', "modules.use of module:mail", sms.send] }
          anna: { allow: [{ right: calendar.see, of: "user:lars" }, calendar.edit of user:lars, "calendar.edit of role:helper"] }
        groups:
          sales:
            members:
              - user:anna until 2027-01-01   # comes back
              - { member: "user:lars", because: new }
          anna:
          helper:
          lars:
        modules: { mail: }
        roles: { helper: }
        //- policies/pulled.yaml
        module_sets:
          mail: [mail]
        "#);
    }

    #[test]
    fn a_new_right_spells_out_what_stood_for_its_whole_area() {
        let fixture = "users: { anna: }\ngroups: { sales: { allow: [calendar.* of anna] } }\n";
        let shown = after(fixture, |state| {
            let right = Right { scope: Some(Scope::People), ..Right::default() };
            state.facts.insert(Key::Right(RightName::foreign("calendar.delegate")), Fact::Right(right));
            state.facts.insert(Key::Group(name("anna")), Fact::Group(GroupFact::default()));
        });
        insta::assert_snapshot!(shown, @r#"
        //- policies/a.yaml
        users: { anna: }
        groups: { sales: { allow: ["calendar.edit+see of user:anna"] }, anna: }
        //- policies/pulled.yaml
        rights:
          calendar.delegate:
            of: people
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
            let refused = everything(&Reading { actual, ..Reading::default() }).unwrap_err();
            assert_eq!(
                refused.iter().map(|one| (&*one.name, one.why.english())).collect::<Vec<_>>(),
                [(wrong, why.to_owned())]
            );
        }
    }

    #[test]
    fn a_database_becomes_a_repository_that_says_the_same() {
        let (repository, ..) = pulled(FIRM, |_| (), |_| true);
        let mut state = State::of(&repository.companies[0].policy);
        state.facts.insert(Key::Group(name("Sales")), Fact::Group(GroupFact::default()));
        let sales = SubjectKey::Group(name("Sales"));
        let long = Fact::Rule(because(&"x, y # z: ".repeat(409)));
        state.facts.insert(rule(sales.clone(), Effect::Allow, "articles.create", None), long);
        state.facts.insert(rule(sales, Effect::Allow, "data.import", None), Fact::Rule(because("two\nlines")));
        let taking = everything(&Reading { actual: state.clone(), ..Reading::default() }).unwrap();
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
