//! `rename-conflict`: an old name of an account that cannot be followed.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::model::UserId;
use crate::name::Name;
use crate::say;

use super::Subject;

/// Reports old names that two users claim, that are still in use, or that lead back to where they began.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
    let users = &in_force.policy.users;
    let mut claimed: BTreeMap<&Name, UserId> = BTreeMap::new();
    let mut findings = Vec::new();
    for (id, name, user) in users.iter() {
        let (Some(old), Some(place)) = (&user.renamed_from, user.place) else { continue };
        let old_id = users.find(old);
        let moved_on = old_id.is_some_and(|old| users.get(old).renamed_from.is_some());
        if let Some(other) = claimed.insert(old, id) {
            let message = say!(
                "`{user}` and `{name}` both claim the account that was called `{old}`",
                user = users.key(other),
                name,
                old
            );
            let finding = Diagnostic::new(Code::RenameConflict, place, message)
                .help(say!("only one of them can have been renamed; take `renamed_from` out of the other"));
            findings.push(match users.get(other).place {
                Some(first) => finding.also(first, say!("the other one")),
                None => finding,
            });
        } else if old_id.is_some() && !moved_on {
            let message = say!("`{name}` was called `{old}`, but `{old}` is still declared", name, old);
            findings.push(
                Diagnostic::new(Code::RenameConflict, place, message)
                    .help(say!("take `renamed_from` out, or the old declaration")),
            );
        } else if leads_back(in_force, id) {
            let message = say!("the old names of `{name}` lead back to `{name}`", name);
            findings.push(
                Diagnostic::new(Code::RenameConflict, place, message)
                    .help(say!("names cannot be swapped in one step; use a third name in between, and apply twice")),
            );
        }
    }
    findings
}

fn leads_back(in_force: &crate::resolve::InForce<'_>, id: UserId) -> bool {
    let users = &in_force.policy.users;
    let older = |id: UserId| users.get(id).renamed_from.as_ref().and_then(|old| users.find(old));
    let mut at = older(id);
    for _ in 0..users.len() {
        match at {
            Some(found) if found == id => return true,
            Some(found) => at = older(found),
            None => return false,
        }
    }
    false
}
