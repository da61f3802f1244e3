//! Online access: who has it, who was invited, and what became of a deed.

use crate::language::{Joint, Text, Word, names};
use crate::model::Policy;
use crate::name::Name;
use crate::online::{Moment, Person, Places, Register, Settled, Standing, State, Status};
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::target::Receipt;

/// One sentence.
pub fn sentence(text: Text) -> Page {
    let mut page = Page::default();
    page.text(Line::from(text));
    page
}

fn status(status: Status) -> (Tone, Text) {
    match status {
        Status::NotInvited => (Tone::Quiet, say!("not invited")),
        Status::Invited => (Tone::Plain, say!("invited")),
        Status::Active => (Tone::Yes, say!("active")),
        Status::Expired => (Tone::Warning, say!("expired")),
        Status::Revoked => (Tone::Warning, say!("revoked")),
        Status::Locked => (Tone::No, say!("locked")),
    }
}

/// A moment for people: without parts of a second.
pub fn moment(moment: Moment) -> String {
    let text = moment.to_string();
    format!("{} {}", &text[..10], &text[11..16])
}

/// How the connection stands.
pub fn connection(register: &Register) -> Line {
    let connection = &register.connection;
    let who = connection.responsible.as_ref().map(ToString::to_string).unwrap_or_default();
    let since = connection.since.map(moment).unwrap_or_default();
    match connection.state {
        State::Never => {
            Line::new().then(Tone::Warning, say!("not connected yet; `rightful connect` connects the company"))
        }
        State::Connected => Line::new()
            .then(Tone::Yes, say!("connected"))
            .then(Tone::Plain, say!(" since {since}, {who} answers for synchronisation", since, who)),
        State::Disconnected => Line::new()
            .then(Tone::No, say!("disconnected"))
            .then(Tone::Plain, say!(" since {since}; {who} may connect it again", since, who)),
    }
}

/// Everybody who can work online.
pub fn online(policy: &Policy, register: &Register, people: &[Person], places: Places) -> Page {
    let mut page = Page::default();
    page.text(connection(register));
    page.text(match (places.of, places.left()) {
        (Some(of), Some(left)) => {
            say!("licence: {used} of {of} places taken, {left} left", used = places.used, of, left)
        }
        _ => say!("licence: {used} places taken, no limit", used = places.used),
    });
    page.blank();
    if people.is_empty() {
        page.text(say!(
            "nobody can have online access: it takes an active user who is linked to an employee with an e-mail address"
        ));
        return page;
    }
    let title = |text| Line::new().then(Tone::Quiet, text);
    let head = [say!("user"), say!("name"), say!("status"), say!("role"), say!("e-mail")].map(title);
    let row = |person: &Person| {
        let (tone, word) = status(person.status);
        let until = person.expires_at.map(|until| say!(" until {until}", until = moment(until)));
        let word = Line::new().then(tone, word).then(Tone::Plain, until.unwrap_or_default());
        let role = match &person.role {
            Some(role) => Line::from(role),
            None if person.is_responsible => Line::from(say!("responsible")),
            None => Line::from("-"),
        };
        vec![
            Line::from(&person.user),
            Line::from(shown_name(policy, &person.user)),
            word,
            role,
            Line::from(person.email.as_deref().unwrap_or("-")),
        ]
    };
    page.columns(head.into(), people.iter().map(row).collect());
    page
}

fn shown_name(policy: &Policy, user: &Name) -> String {
    let user = policy.users.find(user).map(|id| policy.users.get(id));
    let employee = user.and_then(|user| user.employee).map(|id| policy.employees.get(id));
    let name = user.and_then(|user| user.name.as_deref());
    name.or(employee.and_then(|employee| employee.name.as_deref())).unwrap_or("-").to_owned()
}

/// Every invitation, with what became of the letter.
pub fn invitations(register: &Register, now: Moment) -> Page {
    let mut page = Page::default();
    if register.invitations.is_empty() {
        page.text(say!("nobody was invited"));
        return page;
    }
    let title = |text| Line::new().then(Tone::Quiet, text);
    let head = [say!("user"), say!("status"), say!("e-mail"), say!("letter")].map(title);
    let rows = register.invitations.iter().map(|(user, one)| {
        let (tone, word) = match one.standing {
            Standing::Invited if one.is_expired(now) => status(Status::Expired),
            Standing::Invited => status(Status::Invited),
            Standing::Active => status(Status::Active),
            Standing::Revoked => status(Status::Revoked),
        };
        let at = match one.standing {
            Standing::Invited if one.is_expired(now) => say!(" since {since}", since = moment(one.expires_at)),
            Standing::Invited => say!(" until {until}", until = moment(one.expires_at)),
            _ => say!(" since {since}", since = moment(one.answered_at.unwrap_or(one.invited_at))),
        };
        let letter = match (&one.mail.error, one.mail.is_sent) {
            (_, true) => Line::from(say!("sent")),
            (Some(error), false) => {
                let tries = one.mail.attempts;
                Line::new().then(Tone::No, say!("failed {tries} times: {error}", tries, error))
            }
            (None, false) => Line::from(say!("due")),
        };
        vec![Line::from(user), Line::new().then(tone, word).then(Tone::Plain, at), Line::from(&one.email), letter]
    });
    page.columns(head.into(), rows.collect());
    page
}

/// What became of the invitations that the policy declares, and of their letters.
pub fn settled(settled: &Settled, sent: &[Name], failed: &[(Name, String)]) -> Page {
    let mut page = Page::default();
    let mut line = |who: &[Name], text: fn(Word) -> Text| {
        if !who.is_empty() {
            page.text(text(names(who, Joint::And)));
        }
    };
    line(sent, |names| say!("invitations sent to: {names}", names));
    line(&settled.reopened, |names| say!("can work online again: {names}", names));
    line(&settled.ended, |names| say!("can no longer work online: {names}", names));
    for (name, error) in failed {
        page.text(Line::new().then(
            Tone::Warning,
            say!("the letter to {name} did not go, and is sent again later: {error}", name, error),
        ));
    }
    page
}

/// What will become of invitations if a plan is applied; `declares` if the policy says anything about online access.
pub fn settling(settled: &Settled, declares: bool) -> Page {
    let mut page = Page::default();
    if declares && settled.register.connection.state == State::Never {
        page.text(say!("online access, but for the roles, begins as soon as the company is connected"));
    }
    let mut line = |who: &[Name], text: fn(Word) -> Text| {
        if !who.is_empty() {
            page.text(text(names(who, Joint::And)));
        }
    };
    line(&settled.invited, |names| say!("will be invited: {names}", names));
    line(&settled.reopened, |names| say!("will be able to work online again: {names}", names));
    line(&settled.ended, |names| say!("will no longer be able to work online: {names}", names));
    page
}

/// Why a plan will not be applied, and what to do.
pub fn kept_back(why: &Word, help: &Word) -> Page {
    let mut page = Page::default();
    page.text(Line::new().then(Tone::No, say!("apply will refuse this: {why}", why = *why)));
    if !help.is_empty() {
        page.text(Line::new().then(Tone::Quiet, help));
    }
    page
}

/// A company was connected.
pub fn connected(who: &Name, database: &str, receipt: &Receipt) -> Page {
    let mut page = Page::default();
    let changes = super::changes(receipt.applied);
    page.text(Line::new().then(Tone::Yes, say!("connected")).then(
        Tone::Plain,
        say!(": {changes} to {database}, {who} answers for synchronisation", changes, database, who),
    ));
    page
}

/// A company was disconnected.
pub fn disconnected(who: &Name, database: &str) -> Page {
    let mut page = sentence(say!(
        "{database} is disconnected: nobody works online, and what was written is gone from it",
        database
    ));
    page.text(say!("who had access is kept, and {who} may connect it again", who));
    page
}

/// Somebody's online access was taken back.
pub fn revoked(user: &Name) -> Page {
    let mut page = sentence(say!("the online access of {user} is taken back", user));
    page.text(say!("it stays so, whatever `online.access` says, until `rightful invite resend {user}`", user));
    page
}

/// Somebody else is responsible; `ended` has no online access any more.
pub fn handed_over(to: &Name, ended: Option<&Name>, database: &str, policy_says_so: bool) -> Page {
    let mut page = sentence(say!("{to} answers for the synchronisation of {database} now", to, database));
    if let Some(ended) = ended {
        page.text(say!("{name} can no longer work online, since `online.access` has no entry", name = ended));
    }
    if !policy_says_so {
        page.text(Line::new().then(
            Tone::Warning,
            say!("the policy names somebody else: write `responsible: {to}`, or nothing is applied any more", to),
        ));
    }
    page
}
