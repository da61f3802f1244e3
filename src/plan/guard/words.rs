//! What is said of a guard that trips.

use crate::language::{Text, Word};
use crate::say;
use crate::syntax::settings::Guard;

use super::{Own, Subject, Tripped};

impl Tripped {
    /// The fact, without the limit and without the names.
    pub fn message(&self) -> Text {
        let (found, of) = (Word::Number(self.found), Word::Number(self.of));
        let loses = self.guard == Guard::LoseRights;
        match &self.subject {
            Subject::Accounts => say!("{found} of {of} active accounts go out of use", found, of),
            Subject::Right(right) if loses => say!("{right}: {found} of {of} lost", right, found, of),
            Subject::Right(right) => say!("{right}: {found} gained, {of} held now", right, found, of),
            Subject::Group(group) if loses => {
                say!("{group}: its members lose {found} of {of} rights", group, found, of)
            }
            Subject::Group(group) => {
                say!("{group}: its members gain {found} rights and hold {of} now", group, found, of)
            }
            Subject::Section(kind) => say!("nothing left of {found} of kind {kind}", found, kind = kind.as_str()),
            Subject::Superusers => say!("no active superuser is left"),
            Subject::Own(Own::Account) => say!("the operator's account goes out of use"),
            Subject::Own(Own::Start) => say!("the operator can no longer start the program"),
            Subject::Own(Own::Superuser) => say!("the operator is no longer a superuser"),
        }
    }

    /// How the subject is called, if the guard is about several.
    pub fn about(&self) -> Option<String> {
        match &self.subject {
            Subject::Accounts | Subject::Superusers => None,
            Subject::Right(right) => Some(right.to_string()),
            Subject::Group(group) => Some(group.to_string()),
            Subject::Section(kind) => Some(kind.as_str().to_owned()),
            Subject::Own(own) => Some(own.as_str().to_owned()),
        }
    }
}
