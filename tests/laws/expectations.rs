//! Expectations, proved in bulk on chosen days, equal a question for each user on every day.

use proptest::prelude::any;
use proptest::prop_assert_eq;
use rightful::check::{self, Report};
use rightful::date::Date;
use rightful::diag::Code;
use rightful::language::{Joint, list};
use rightful::model::{Id, Policy, RightId, Scope, Single, UserId};
use rightful::question::{answer, understand};
use rightful::repository::{Repository, compile};
use rightful::resolve::{InForce, Step};
use rightful::syntax::settings::Settings;
use rightful::tree::memory::Memory;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// Choices, taken one after the other from drawn numbers.
struct Choices<'a>(&'a [u16], usize);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % count.max(1)
    }
}

/// An expectation as a test sees it.
struct Expectation {
    form: usize,
    everyone: bool,
    subjects: Vec<String>,
    except: Vec<String>,
    whats: Vec<String>,
    number: usize,
}

fn subject(policy: &Policy, choices: &mut Choices<'_>) -> String {
    if policy.groups.is_empty() || choices.below(2) == 0 {
        return format!("user:{}", policy.users.key(UserId::from_index(choices.below(policy.users.len()))));
    }
    policy.groups.key(rightful::model::GroupId::from_index(choices.below(policy.groups.len()))).to_string()
}

fn what(policy: &Policy, choices: &mut Choices<'_>) -> String {
    let used: Vec<RightId> = policy.rules.iter().map(|rule| rule.right).collect();
    let right = match used.as_slice() {
        [] => RightId::from_index(choices.below(policy.rights.len())),
        used => used[choices.below(used.len())],
    };
    let name = policy.rights.key(right);
    let target = match policy.rights.get(right).scope {
        None => return name.to_string(),
        Some(Scope::People) => match choices.below(3) {
            0 => "everyone".to_owned(),
            _ => subject(policy, choices),
        },
        Some(Scope::Modules) if policy.modules.is_empty() || choices.below(2) == 0 => "everything".to_owned(),
        Some(Scope::Modules) => {
            let module = rightful::model::ModuleId::from_index(choices.below(policy.modules.len()));
            format!("module:{}", policy.modules.key(module))
        }
        Some(Scope::Attachments) => "everything".to_owned(),
    };
    format!("{name} of {target}")
}

impl Expectation {
    fn draw(policy: &Policy, choices: &mut Choices<'_>) -> Self {
        let everyone = choices.below(3) == 0;
        let subjects = if everyone { 0 } else { 1 + choices.below(2) };
        let except = choices.below(3).saturating_sub(1);
        Self {
            form: choices.below(7),
            everyone,
            subjects: (0..subjects).map(|_| subject(policy, choices)).collect(),
            except: (0..except).map(|_| subject(policy, choices)).collect(),
            whats: (0..=choices.below(2)).map(|_| what(policy, choices)).collect(),
            number: choices.below(4),
        }
    }

    fn text(&self) -> String {
        let who = if self.everyone { "everyone".to_owned() } else { self.subjects.join(", ") };
        let except = if self.except.is_empty() { String::new() } else { format!(" except {}", self.except.join(", ")) };
        let (who, what, number) = (format!("{who}{except}"), &self.whats[0], self.number);
        match self.form {
            0 => format!("{who} can {what}"),
            1 => format!("{who} cannot {what}"),
            2 => format!("only {who} can {what}"),
            3 => format!("nobody can {}", self.whats.join(" and ")),
            4 => format!("at least {number} users can {what}"),
            5 => format!("at most {number} users can {what}"),
            _ => format!("exactly {number} users can {what}"),
        }
    }

    fn is_meant(&self, in_force: &InForce<'_>, user: UserId, subjects: &[String]) -> bool {
        subjects.iter().any(|subject| {
            let found = rightful::question::find_subject(subject, in_force.policy).expect(subject);
            match found {
                rightful::model::Subject::User(other) => other == user,
                rightful::model::Subject::Group(group) => in_force.is_member(user, group),
            }
        })
    }

    /// Whether it holds on a day, whether anybody was asked, and who is named, with the first target that shows it.
    fn judge(&self, in_force: &InForce<'_>) -> (bool, bool, Vec<String>) {
        let policy = in_force.policy;
        let (mut named, mut asked_anybody) = (Vec::new(), false);
        let mut inside = 0;
        for user in policy.users.ids().filter(|user| policy.users.get(*user).active) {
            let meant = self.everyone || self.is_meant(in_force, user, &self.subjects);
            let in_crowd = meant && !self.is_meant(in_force, user, &self.except);
            inside += usize::from(in_crowd);
            let applies = match self.form {
                0 | 1 => in_crowd,
                2 => !in_crowd,
                _ => true,
            };
            if !applies {
                continue;
            }
            let whats = if self.form == 3 { &self.whats[..] } else { &self.whats[..1] };
            // For each thing: the answers, without what one does with one's own data.
            let answers: Vec<Vec<(Option<Single>, bool)>> = whats
                .iter()
                .map(|what| {
                    let question = format!("user:{} {what}", policy.users.key(user));
                    let question = understand(&question, policy, Default::default()).expect("a question");
                    let asked = answer(in_force, &question).asked;
                    let others = asked.into_iter().filter(|(_, decision)| decision.step != Step::OwnData);
                    others.map(|(request, decision)| (request.target, decision.allowed)).collect()
                })
                .collect();
            asked_anybody |= answers.iter().all(|answers| !answers.is_empty());
            let any = answers.iter().all(|answers| answers.iter().any(|(_, allowed)| *allowed));
            let all = answers.iter().all(|answers| answers.iter().all(|(_, allowed)| *allowed));
            let first = |wanted: bool| {
                let each = answers.iter().map(move |answers| answers.iter().find(|(_, allowed)| *allowed == wanted));
                each.flatten().find_map(|(target, _)| *target)
            };
            let target = match self.form {
                0 if !all => first(false),
                1 | 2 | 3 | 5 | 6 if any => first(true),
                4 if all && !answers[0].is_empty() => first(true),
                _ => continue,
            };
            let user = policy.users.key(user);
            let target = target.map(|target| policy.target_key(target.into()));
            named.push(match target.as_ref().and_then(|target| target.name()) {
                Some(target) => format!("{user} (over {target})"),
                None => user.to_string(),
            });
        }
        let holds = match self.form {
            4 => named.len() >= self.number,
            5 => named.len() <= self.number,
            6 => named.len() == self.number,
            _ => named.is_empty(),
        };
        (holds, asked_anybody && (self.form != 2 || inside > 0), named)
    }

    /// What a check shall say about it, as code and message.
    fn expected(&self, policy: &Policy, today: Date) -> Option<(Code, String)> {
        let later = policy.turning_days().into_iter().filter(|day| *day > today);
        let mut about_somebody = false;
        for day in std::iter::once(today).chain(later) {
            let (holds, somebody, named) = self.judge(&InForce::new(policy, day));
            about_somebody |= somebody;
            if holds {
                continue;
            }
            let count = named.len();
            let names = list(named, Joint::And).to(Default::default());
            let what = match (self.form, count) {
                (0, 1) => format!("{names} cannot"),
                (0, _) => format!("{names} cannot, {count} users"),
                (1..=3, 1) => format!("{names} can"),
                (1..=3, _) => format!("{names} can, {count} users"),
                (_, 0) => "nobody can".to_owned(),
                (_, 1) => format!("1 user can: {names}"),
                _ => format!("{count} users can: {names}"),
            };
            let when = if day == today { String::new() } else { format!(" from {day} on") };
            return Some((Code::ExpectationFailed, format!("`{}` does not hold{when}: {what}", self.text())));
        }
        (!about_somebody).then(|| (Code::VacuousExpectation, format!("`{}` is about nobody", self.text())))
    }
}

fn with_expectations(org: &Organisation, texts: &[String]) -> Repository {
    let quoted = texts.iter().map(|text| format!("  - '{}'\n", text.replace('\'', "''")));
    let section = format!("expect:\n{}", quoted.collect::<String>());
    let mut files = org.to_files();
    files.push(("policies/zzz-expectations.yaml".to_owned(), section));
    compile(&Memory::new(files)).expect("the files are there")
}

#[test]
fn expectations_are_proved_as_if_everybody_were_asked_every_day() {
    let law = |(org, seeds): (Organisation, [u16; 32])| {
        let policy = compiled(&org).policy;
        let mut choices = Choices(&seeds, 0);
        let expectations: Vec<Expectation> = (0..4).map(|_| Expectation::draw(&policy, &mut choices)).collect();
        let texts: Vec<String> = expectations.iter().map(Expectation::text).collect();
        let repository = with_expectations(&org, &texts);
        let company = &repository.companies[0];
        assert!(company.compiles(), "{:?}\n{texts:?}", company.diagnostics);
        let today = some_days(&org)[0];
        let Report { findings, .. } = check::company(company, &Settings::default(), today);
        let about = |code: Code| matches!(code, Code::ExpectationFailed | Code::VacuousExpectation);
        let mut found: Vec<(Code, String)> = findings
            .iter()
            .filter(|finding| about(finding.code))
            .map(|finding| (finding.code, finding.message.english()))
            .collect();
        let mut expected: Vec<_> =
            expectations.iter().filter_map(|expectation| expectation.expected(&policy, today)).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{:?}", texts);
        Ok(())
    };
    runner(2_000).run(&(organisation(), any::<[u16; 32]>()), law).unwrap();
}
