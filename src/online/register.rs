//! The register: what the database remembers of online access, apart from what the policy declares.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::state::{Action, Fact, Fields, Key, Said, Value};

use super::{Logged, Moment, Service, terms};

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// Whether the company is connected.
    pub connection: Connection,
    /// Who was invited, by user.
    pub invitations: BTreeMap<Name, Invitation>,
    /// The logins of people, by user.
    pub logins: BTreeMap<Name, Login>,
    /// What the web side has to keep to.
    pub limits: Limits,
    /// Who works with the database right now, by the session's id.
    pub sessions: BTreeMap<String, Session>,
    /// Who may use which service online.
    pub services: BTreeSet<(Name, String)>,
    /// Which machine synchronises.
    pub service: Service,
    /// The machines that are ready to synchronise, and when each was last there.
    pub machines: BTreeMap<String, Moment>,
    /// The log of the service, by number.
    pub log: BTreeMap<i64, Logged>,
}

/// Whether the company is connected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Whether it is.
    pub state: State,
    /// Who alone may disconnect it and connect it again.
    pub responsible: Option<Name>,
    /// Since when it is so.
    pub since: Option<Moment>,
    /// Until when nobody else may work, for the first synchronisation.
    pub exclusive_until: Option<Moment>,
}

/// What the web side has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// After how many seconds without activity one must log in again.
    pub idle_logout: u32,
    /// After how many failed logins nobody comes in any more.
    pub failed_logins: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle_logout: terms::IDLE_LOGOUT, failed_logins: terms::FAILED_LOGINS }
    }
}

/// What became of the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// There never was one.
    #[default]
    Never,
    /// It stands.
    Connected,
    /// It was ended.
    Disconnected,
}

/// An invitation. It is expired if it is open and its time has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where it goes; later the name of the login.
    pub email: String,
    /// What became of it.
    pub standing: Standing,
    /// The Message-ID of every mail about it, without brackets.
    pub message_id: String,
    /// The hash of the token that opens it, 64 hexadecimal digits; none until a mail is on its way.
    pub token_hash: Option<String>,
    /// When it was made, or made anew.
    pub invited_at: Moment,
    /// Until when it can be accepted.
    pub expires_at: Moment,
    /// When it was accepted or revoked.
    pub answered_at: Option<Moment>,
    /// The mail about it.
    pub mail: Mail,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was not answered yet.
    Invited,
    /// It was accepted.
    Active,
    /// It was taken back.
    Revoked,
}

/// The mail that carries an invitation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Whether it was handed over to the mail server.
    pub is_sent: bool,
    /// How often that was tried.
    pub attempts: u32,
    /// Not before when it is tried again.
    pub next_at: Option<Moment>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The login of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name, which never changes.
    pub email: String,
    /// Since when there is one.
    pub since: Moment,
    /// How often somebody failed to log in since the last time that it went well.
    pub failed_logins: u32,
    /// When somebody locked it.
    pub locked_at: Option<Moment>,
    /// When it was closed, since its person has no access any more.
    pub closed_at: Option<Moment>,
}

/// Somebody at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What kind.
    pub kind: SessionKind,
    /// Who.
    pub who: String,
    /// Since when.
    pub since: Moment,
    /// Until when, unless it says again that it is there.
    pub until: Moment,
}

/// What a session is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A person.
    User,
    /// Another program.
    Api,
}

impl State {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
        }
    }

    /// The state of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Never, Self::Connected, Self::Disconnected].into_iter().find(|state| state.as_str() == word)
    }
}

impl Standing {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    /// The standing of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Revoked].into_iter().find(|standing| standing.as_str() == word)
    }
}

impl SessionKind {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Api => "api",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::User, Self::Api].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Invitation {
    /// Whether it was not answered in time.
    pub fn is_expired(&self, now: Moment) -> bool {
        self.standing == Standing::Invited && self.expires_at <= now
    }
}

impl Register {
    /// The sessions that have not ended.
    pub fn working(&self, now: Moment) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(move |session| session.until > now)
    }

    /// The services that somebody may use, as fields; `None` without any.
    fn services_of(&self, user: &Name) -> Option<Fields> {
        let own = self.services.iter().filter(|(whose, _)| whose == user);
        let own: Vec<&String> = own.map(|(_, service)| service).collect();
        (!own.is_empty()).then(|| vec![("services", Value::list(&own))])
    }

    /// The same after accounts were renamed: from, to.
    #[must_use]
    pub fn renamed(mut self, from: &Name, to: &Name) -> Self {
        if let Some(invitation) = self.invitations.remove(from) {
            self.invitations.insert(to.clone(), invitation);
        }
        if let Some(login) = self.logins.remove(from) {
            self.logins.insert(to.clone(), login);
        }
        let new = |user: Name| if user == *from { to.clone() } else { user };
        self.services = self.services.into_iter().map(|(user, service)| (new(user), service)).collect();
        if self.connection.responsible.as_ref() == Some(from) {
            self.connection.responsible = Some(to.clone());
        }
        self
    }
}

/// A difference between two registers, as the record tells it, or what went with the end of a connection. What is
/// secret, and what only says that somebody is there, is no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub action: Action,
    /// To what: `connection`, `limits`, `invitation`, `login` or `services`, or a kind of what the policy declares.
    pub kind: &'static str,
    /// To which, a user; empty for the connection.
    pub key: String,
    /// Which field, for an update.
    pub field: Option<&'static str>,
    /// What stood there.
    pub before: Option<Said>,
    /// What stands there.
    pub after: Option<Said>,
}

impl Entry {
    /// That something which the policy declares goes, since the company is disconnected.
    pub fn gone(key: &Key, fact: &Fact) -> Self {
        let fields = fact.fields().into_iter().map(|(field, value)| (field.into(), value));
        Self {
            action: Action::Delete,
            kind: key.kind().as_str(),
            key: key.to_string(),
            field: None,
            before: Some(Said::Row(fields.collect())),
            after: None,
        }
    }
}

impl Register {
    /// What differs in another one.
    pub fn differences(&self, after: &Self) -> Vec<Entry> {
        let mut found = Vec::new();
        compare(&mut found, "connection", "", Some(self.connection.fields()), Some(after.connection.fields()));
        compare(&mut found, "limits", "", Some(self.limits.fields()), Some(after.limits.fields()));
        let users = |register: &Self| {
            register
                .invitations
                .keys()
                .chain(register.logins.keys())
                .chain(register.services.iter().map(|(user, _)| user))
                .cloned()
                .collect::<BTreeSet<_>>()
        };
        for user in users(self).union(&users(after)) {
            let of = |register: &Self| register.invitations.get(user).map(Invitation::fields);
            compare(&mut found, "invitation", user.as_str(), of(self), of(after));
            let of = |register: &Self| register.logins.get(user).map(Login::fields);
            compare(&mut found, "login", user.as_str(), of(self), of(after));
            let of = |register: &Self| register.services_of(user);
            compare(&mut found, "services", user.as_str(), of(self), of(after));
        }
        found
    }
}

fn compare(found: &mut Vec<Entry>, kind: &'static str, key: &str, before: Option<Fields>, after: Option<Fields>) {
    let key = key.to_owned();
    let row = |fields: Fields| Said::Row(fields.into_iter().map(|(field, value)| (field.into(), value)).collect());
    match (before, after) {
        (None, None) => {}
        (None, Some(after)) => {
            found.push(Entry { action: Action::Create, kind, key, field: None, before: None, after: Some(row(after)) });
        }
        (Some(before), None) => {
            found.push(Entry {
                action: Action::Delete,
                kind,
                key,
                field: None,
                before: Some(row(before)),
                after: None,
            });
        }
        (Some(before), Some(after)) => {
            let pairs = before.into_iter().zip(after).filter(|((_, before), (_, after))| before != after);
            found.extend(pairs.map(|((field, before), (_, after))| Entry {
                action: Action::Update,
                kind,
                key: key.clone(),
                field: Some(field),
                before: Some(Said::Field(before)),
                after: Some(Said::Field(after)),
            }));
        }
    }
}

fn moment(moment: Option<Moment>) -> Value {
    moment.map_or(Value::Null, |moment| Value::Text(moment.to_string()))
}

impl Connection {
    fn fields(&self) -> Fields {
        vec![
            ("state", Value::Text(self.state.as_str().to_owned())),
            ("responsible", Value::of_text(self.responsible.as_ref().map(Name::as_str))),
            ("since", moment(self.since)),
        ]
    }
}

impl Limits {
    fn fields(&self) -> Fields {
        let number = |number: u32| Value::Text(number.to_string());
        vec![("idle_logout_seconds", number(self.idle_logout)), ("failed_logins", number(self.failed_logins))]
    }
}

impl Invitation {
    fn fields(&self) -> Fields {
        vec![
            ("email", Value::Text(self.email.clone())),
            ("status", Value::Text(self.standing.as_str().to_owned())),
            ("invited_at", moment(Some(self.invited_at))),
            ("expires_at", moment(Some(self.expires_at))),
            ("answered_at", moment(self.answered_at)),
            ("mail", Value::Text(if self.mail.is_sent { "sent" } else { "due" }.to_owned())),
        ]
    }
}

impl Login {
    fn fields(&self) -> Fields {
        vec![
            ("email", Value::Text(self.email.clone())),
            ("since", moment(Some(self.since))),
            ("locked_at", moment(self.locked_at)),
            ("closed_at", moment(self.closed_at)),
        ]
    }
}
