//! The members of a group whose own answer differs from that of the group.

use crate::language::Word;
use crate::model::Subject;
use crate::question::Members;
use crate::report::block::{Line, Page, Tone};
use crate::resolve::InForce;
use crate::say;
use crate::text::Sources;

use super::reason;

/// Who differs and why; one line if nobody does.
pub fn members(in_force: &InForce<'_>, sources: &Sources, members: &Members) -> Page {
    let mut page = Page::default();
    page.blank();
    let (all, some) = (Word::Number(members.count), Word::Number(members.differing.len()));
    match (members.count, members.differing.len()) {
        (0, _) => page.text(say!("the group has no members that day")),
        (1, 0) => page.text(say!("its only member has the same answer")),
        (_, 0) => page.text(say!("all {all} members have the same answer", all)),
        _ => page.heading(say!("differ: {some} of {all} members", some, all)),
    }
    let row = |(user, of): &(crate::model::UserId, crate::question::Reason)| {
        let verdict = if of.allowed { (Tone::Yes, say!("yes")) } else { (Tone::No, say!("no")) };
        vec![
            Line::new().then(verdict.0, verdict.1),
            Line::from(in_force.policy.users.key(*user).to_string()),
            Line::from(reason::way(in_force, Subject::User(*user), of)),
            reason::place(in_force, sources, of),
        ]
    };
    page.table(2, members.differing.iter().map(row).collect());
    page
}
