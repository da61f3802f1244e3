//! Everyone who can do something: `data.export`, `calendar.see of group:sales and data.import`.
//!
//! Complete, whatever the size of the organisation; each with the reason that `why` would show first.

use crate::date::Date;
use crate::language::{Joint, Language, Text, list};
use crate::model::{Meant, Policy, UserId, rights_of_pattern};
use crate::resolve::{Population, decide_for};
use crate::say;
use crate::syntax::grammar::parse_holders;
use crate::syntax::rule::HoldersText;

use super::poll::Poll;
use super::{Misunderstood, Reason, label, misunderstood};

/// Something that people can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The right as asked.
    pub right: String,
    /// The rights that it stands for, and over whom or what.
    pub meant: Meant,
}

/// What everyone is looked for who can do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// All of these.
    pub demands: Vec<Demand>,
    /// The day that the text names.
    pub on: Option<Date>,
}

/// Somebody who can do everything that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub user: UserId,
    /// Why, for each demand.
    pub reasons: Vec<Reason>,
}

/// Parses what is looked for and binds it to a policy. Labels may stand for rights, in any language; `language` is tried
/// first.
///
/// # Errors
/// If it is no such question, or names what the policy does not have.
pub fn understand_who(text: &str, policy: &Policy, language: Language) -> Result<Wanted, Misunderstood> {
    let named = if parse_holders(text).is_ok() { None } else { label::all_replaced(text, policy, language)? };
    let parsed = parse_holders(named.as_deref().unwrap_or(text)).map_err(|error| Misunderstood {
        message: say!("this is no question: {message}", message = error.message),
        help: if error.help.is_empty() {
            say!("ask as in `data.export` or `calendar.see of anna and data.import`")
        } else {
            say!("{help}; ask as in `calendar.see of anna and data.import`", help = error.help)
        },
    })?;
    let HoldersText { whats, on } = parsed;
    let demand = |what: crate::syntax::rule::What| {
        let target = what.target.as_ref().map(|target| &target.value);
        let meant = rights_of_pattern(policy, &what.right.value, target).map_err(|wrong| misunderstood(&wrong))?;
        Ok(Demand { right: what.right.value.to_string(), meant })
    };
    Ok(Wanted { demands: whats.into_iter().map(demand).collect::<Result<_, Misunderstood>>()?, on })
}

/// Everyone who can do all of it, in order of names.
pub fn holders(population: &Population<'_>, demands: &[Demand]) -> Vec<Holder> {
    let in_force = population.in_force();
    let mut polls: Vec<Poll<'_>> = demands.iter().map(|demand| Poll::new(population, &demand.meant)).collect();
    let mut holders = Vec::new();
    for user in in_force.policy.users.ids() {
        if !polls.iter_mut().all(|poll| poll.can(user)) {
            continue;
        }
        let shown = polls.iter_mut().filter_map(|poll| poll.shown(user));
        holders.push(Holder { user, reasons: shown.map(|request| Reason::of(in_force, request)).collect() });
    }
    holders
}

/// What else somebody should know who reads who can.
pub fn holders_notes(population: &Population<'_>, holders: &[Holder]) -> Vec<Text> {
    let in_force = population.in_force();
    let Some(start) = in_force.policy.right_called("program.start") else { return Vec::new() };
    let cannot = |holder: &&Holder| !decide_for(in_force, population.person(holder.user), start, None).allowed;
    let names = holders.iter().filter(cannot).map(|holder| in_force.policy.users.key(holder.user));
    match names.collect::<Vec<_>>().as_slice() {
        [] => Vec::new(),
        [name] => vec![say!("{name} may not start the program (program.start), so nothing else can be used", name)],
        several => {
            let names = list(several.iter().map(ToString::to_string), Joint::And);
            vec![say!("{names} may not start the program (program.start), so they can use nothing else", names)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::InForce;
    use crate::testing::{compiled, day};

    const FIRM: &str = "
users: { anna: { deny: [sms.send] }, karin: , lars: { allow: [data.import] }, rolf: { active: false } }
groups:
  all: { members: [everyone], allow: [sms.send, calendar.see of everyone], deny: [calendar.see of heads] }
  heads: { members: [anna, rolf], allow: [calendar.see of heads] }
  inside: { members: [lars] }
  sales: { members: [inside, karin until 2026-12-31], allow: [data.export] }
  empty: { allow: [calendar.edit of everyone] }
";

    /// Who can, each with the steps.
    fn check(text: &str, expected: &str) {
        let company = compiled(FIRM);
        let wanted = understand_who(text, &company.policy, Language::English).expect("a question");
        let in_force = InForce::new(&company.policy, wanted.on.unwrap_or(day("2026-11-22")));
        let population = Population::new(&in_force);
        let shown = holders(&population, &wanted.demands).into_iter().map(|holder| {
            let steps: Vec<&str> = holder.reasons.iter().map(|reason| reason.step.as_str()).collect();
            format!("{} {}", company.policy.users.key(holder.user), steps.join("+"))
        });
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected, "{text}");
    }

    #[test]
    fn everyone_is_found_with_the_step() {
        check("data.export", "karin group-allow, lars group-allow");
        check("data.export on 2027-01-01", "lars group-allow");
        check("sms.send", "karin group-allow, lars group-allow");
        check("data.import and data.export", "lars user+group-allow");
        check("data.import+export", "lars group-allow");
        check("territories.manage", "");
    }

    #[test]
    fn wide_targets_ask_about_each() {
        check("calendar.see of anna", "anna own-data");
        check("calendar.see of heads", "anna group-allow");
        check("calendar.see of everyone", "anna own-data");
        check("calendar.see of sales", "anna group-allow, karin group-allow, lars group-allow");
        check("calendar.edit of empty", "");
        check("calendar.edit of inside", "");
        check("calendar.edit of lars", "lars own-data");
    }

    #[test]
    fn what_is_no_such_question_says_how_to_ask() {
        let company = compiled(FIRM);
        let wrong = |text: &str| {
            let wrong = understand_who(text, &company.policy, Language::English).expect_err("no question");
            format!("{}; {}", wrong.message.english(), wrong.help.english())
        };
        assert_eq!(
            wrong("lars data.export"),
            "this is no question: `lars` cannot stand here; expected a right such as `data.export`; ask as in \
             `calendar.see of anna and data.import`"
        );
    }
}
