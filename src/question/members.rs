//! The members of a group whose own answer differs from what the group says.

use crate::model::{Meant, Subject, UserId};
use crate::resolve::{InForce, Population, Step};

use super::poll::Poll;
use super::{Answer, Question, Reason};

/// How the members of a group stand to its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// How many members there are, direct ones and those of inner groups, inactive ones too.
    pub count: usize,
    /// Those whose own answer is another, in order of names, each with its reason.
    pub differing: Vec<(UserId, Reason)>,
}

/// Asks every member what a group was asked; `None` if it was a user who was asked about.
pub fn members(in_force: &InForce<'_>, question: &Question, answer: &Answer) -> Option<Members> {
    let Subject::Group(group) = question.subject else { return None };
    let population = Population::new(in_force);
    let meant = Meant { rights: question.rights.clone(), target: question.target };
    let mut poll = Poll::new(&population, &meant);
    let all = population.members(group);
    let mut differing = Vec::new();
    for user in all {
        if poll.can(*user) == answer.allowed {
            continue;
        }
        // Whoever is alone in the group that is asked about has nobody to ask about.
        let nobody = Reason { allowed: false, step: Step::Default, rule: None };
        let reason = poll.shown(*user).map_or(nobody, |request| Reason::of(in_force, request));
        differing.push((*user, reason));
    }
    Some(Members { count: all.len(), differing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::question::{answer, understand};
    use crate::testing::{compiled, day};

    const FIRM: &str = "
users: { anna: { deny: [data.export] }, karin: , lars: , rolf: { active: false } }
groups:
  inside: { members: [lars, rolf] }
  sales: { members: [inside, anna, karin until 2026-12-31], allow: [data.export, calendar.see of inside] }
  heads: { members: [karin], allow: [sms.send] }
";

    /// The group's answer, how many members there are, and those who differ.
    fn check(text: &str, expected: &str) {
        let company = compiled(FIRM);
        let question = understand(text, &company.policy, Language::English).expect("a question");
        let in_force = InForce::new(&company.policy, question.on.unwrap_or(day("2026-11-22")));
        let answer = answer(&in_force, &question);
        let members = members(&in_force, &question, &answer).expect("a group");
        let differing = members.differing.iter().map(|(user, reason)| {
            let verdict = if reason.allowed { "yes" } else { "no" };
            format!("{} {verdict} {}", company.policy.users.key(*user), reason.step.as_str())
        });
        let differing = differing.collect::<Vec<_>>().join(", ");
        let shown = format!("{} of {}: {differing}", if answer.allowed { "yes" } else { "no" }, members.count);
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn members_differ_by_own_rules_by_other_groups_and_by_being_inactive() {
        check("group:sales data.export", "yes of 4: anna no user, rolf no inactive");
        check("group:sales data.export on 2027-01-01", "yes of 3: anna no user, rolf no inactive");
        check("group:sales sms.send", "no of 4: karin yes group-allow");
        check("group:sales data.import", "no of 4: ");
    }

    #[test]
    fn each_member_is_asked_about_the_other_members() {
        // Of the two who are inside each is asked about the other one.
        check("group:inside calendar.see of inside", "yes of 2: rolf no inactive");
        check("group:heads calendar.see of heads", "no of 1: ");
    }

    #[test]
    fn a_user_has_no_members() {
        let company = compiled(FIRM);
        let question = understand("lars data.export", &company.policy, Language::English).expect("a question");
        let in_force = InForce::new(&company.policy, day("2026-11-22"));
        assert_eq!(members(&in_force, &question, &answer(&in_force, &question)), None);
    }
}
