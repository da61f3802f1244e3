//! Everyone who can do something.

use crate::language::{Joint, Text, Word, list};
use crate::model::Subject;
use crate::question::{Demand, Holder};
use crate::report::block::{Line, Page, Tone};
use crate::resolve::{InForce, Step};
use crate::say;
use crate::text::Sources;

use super::reason;

/// How many can, then each with the way to the rule and its place, then how it comes. `when` names the day if it is worth
/// naming.
pub fn who(
    in_force: &InForce<'_>,
    sources: &Sources,
    demands: &[Demand],
    holders: &[Holder],
    notes: &[Text],
    when: &Text,
) -> Page {
    let policy = in_force.policy;
    let mut page = Page::default();
    let rights: Vec<Text> = demands.iter().map(|demand| super::demand(policy, &demand.right, &demand.meant)).collect();
    let (all, some) = (Word::Number(policy.users.len()), Word::Number(holders.len()));
    let right = list(rights.clone(), Joint::And);
    let (tone, verdict) = match holders {
        [] => (Tone::No, say!("none of {all} users can {right}", all, right)),
        [_] => (Tone::Strong, say!("1 of {all} users can {right}", all, right)),
        _ => (Tone::Strong, say!("{some} of {all} users can {right}", some, all, right)),
    };
    page.text(Line::new().then(tone, verdict).then(Tone::Plain, when));
    let mut rows = Vec::new();
    for holder in holders {
        let (user, from) = (super::person(policy, holder.user), Subject::User(holder.user));
        let several = holder.reasons.len() > 1;
        if several {
            rows.push(vec![Line::from(&user)]);
        }
        for (of, right) in holder.reasons.iter().zip(&rights) {
            let first = if several { Line::from("  ").then(Tone::Plain, right) } else { Line::from(&user) };
            let way = Line::from(reason::way(in_force, from, of));
            rows.push(vec![first, way, reason::place(in_force, sources, of)]);
        }
    }
    if !rows.is_empty() {
        page.blank();
    }
    page.table(2, rows);
    page.blank();
    page.text(counts(in_force, demands, holders));
    page.table(0, notes.iter().map(|note| vec![Line::new().then(Tone::Warning, say!("note")), note.into()]).collect());
    page
}

/// How many have it by what, and how many cannot.
fn counts(in_force: &InForce<'_>, demands: &[Demand], holders: &[Holder]) -> Word {
    let users = &in_force.policy.users;
    let mut parts = Vec::new();
    if demands.len() == 1 {
        let by = |step: Step| holders.iter().flat_map(|holder| &holder.reasons).filter(|of| of.step == step).count();
        let steps = [by(Step::GroupAllow), by(Step::User), by(Step::OwnData)];
        let [groups, own, data] = steps.map(Word::Number);
        let said = [
            say!("{count} through a group", count = groups),
            say!("{count} by an own rule", count = own),
            say!("{count} as own data", count = data),
        ];
        parts.extend(said.into_iter().zip(steps).filter(|(_, number)| *number > 0).map(|(text, _)| text));
    }
    let refused = users.len() - holders.len();
    let inactive = users.iter().filter(|(_, _, user)| !user.active).count();
    let count = Word::Number(refused);
    match (refused, inactive) {
        (0, _) => {}
        (_, 0) => parts.push(say!("{count} cannot", count)),
        _ => parts.push(say!("{count} cannot ({inactive} not active)", count, inactive = Word::Number(inactive))),
    }
    list(parts, Joint::Comma)
}
