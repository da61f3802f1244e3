//! The letter that carries an invitation, in the language of whoever gets it.

use crate::language::Language;
use crate::model::Policy;
use crate::model::roles::{Predefined, predefined};
use crate::name::Name;
use crate::say;

use super::{Invitation, eligible};

/// A letter, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says, in lines of at most 78 characters where words allow it.
    pub text: String,
    /// The Message-ID, without brackets.
    pub message_id: String,
}

/// Writes the letter for an invitation. `token` opens it; `link` says where, with `{token}` in it, and without it the
/// letter holds the token alone.
pub fn letter(policy: &Policy, user: &Name, invitation: &Invitation, token: &str, link: Option<&str>) -> Letter {
    let id = policy.users.find(user);
    let employee = id.and_then(|id| policy.users.get(id).employee).map(|id| policy.employees.get(id));
    let language = employee.and_then(|employee| employee.language.as_deref()).and_then(Language::of_code);
    let language = language.unwrap_or_default();
    let company = policy.company.as_ref().and_then(|company| company.body.name.as_deref()).unwrap_or("CRM");
    let name = employee.and_then(|employee| employee.name.as_deref()).unwrap_or(user.as_str());
    let mut parts = vec![say!("Hello {name},", name).to(language)];
    parts.push(say!("you are invited to work online with the CRM of {company}.", company).to(language));
    let role = id.and_then(|id| eligible::role(policy, id));
    if let Some(role) = role {
        let key = crate::model::key::GroupKey::role(role.clone());
        let own = policy.groups.find(&key).and_then(|group| policy.groups.get(group).name.as_deref());
        let label = |role: &'static Predefined| role.labels.get(language.code()).map(|label| &**label);
        let shown = predefined().get(&role).and_then(label).or(own);
        parts.push(say!("Your role there: {role}.", role = shown.unwrap_or(role.as_str())).to(language));
    }
    let access = id.and_then(|id| policy.online.iter().flat_map(|online| &online.access).find(|one| one.user == id));
    parts.extend(access.and_then(|access| access.message.as_deref()).map(str::to_owned));
    parts.push(match link {
        Some(link) => {
            let sentence = say!("To accept, open this address:").to(language);
            format!("{sentence}\n\n{}", link.replace("{token}", token))
        }
        None => {
            let sentence = say!("To accept, use this code:").to(language);
            format!("{sentence}\n\n{token}")
        }
    });
    let until = invitation.expires_at.day();
    parts.push(say!("It can be accepted until {until}. A newer letter makes this one void.", until).to(language));
    parts.push(say!("Your login will be {email}. It cannot be changed later.", email = invitation.email).to(language));
    Letter {
        to: invitation.email.clone(),
        subject: say!("Invitation to the CRM of {company}", company).to(language),
        text: parts.iter().map(|part| wrapped(part)).collect::<Vec<_>>().join("\n\n") + "\n",
        message_id: invitation.message_id.clone(),
    }
}

/// Breaks lines at blanks after at most 78 characters. A word that is longer stays whole, since it may be an address.
fn wrapped(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > 78 {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}
