//! What commands about online access share: who acts, changing the register, and letters that are due.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::audit::Run;
use crate::name::Name;
use crate::online::{self, Moment, Refused, Register, Settled, State};
use crate::post::{Post, PostError};
use crate::report::harmless;
use crate::say;
use crate::state::{self, Fact, Key};
use crate::syntax::settings::MailServer;
use crate::target::{Altered, Target};

use super::database::Database;
use super::running::{Acting, gather, os_user};
use super::session::{Failure, Opened};
use super::{Context, Format, running};

/// What commands with several deeds take, before the deed or behind it.
#[derive(Debug, Args)]
pub struct Everywhere {
    /// The database, as sqlite:PATH, postgres://... or env:NAME; a relative path
    /// counts from the current directory, or from that of -C [default: that of
    /// the settings, else sqlite:crm.db beside policies/]
    #[arg(long, value_name = "URL", global = true)]
    pub database: Option<String>,
    /// Who acts, for the record; a claim that nothing proves
    #[arg(long = "as", value_name = "NAME", global = true)]
    acting_as: Option<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub format: Format,
}

impl Everywhere {
    /// Who says to act.
    pub fn acting(&self) -> Acting {
        Acting::of(self.acting_as.clone())
    }
}

impl From<Refused> for Failure {
    fn from(Refused { message, help }: Refused) -> Self {
        Self { code: 3, ..Self::world(message).help(help) }
    }
}

/// Who acts: whom `--as` names, else whose account the settings give to whoever runs the program.
pub fn who_acts(opened: &Opened, acting: &Acting) -> Result<Name, Failure> {
    if let Some(name) = acting.name() {
        return Ok(Name::foreign(name));
    }
    let user = os_user();
    let operators = &opened.binding().operators;
    let own = operators.iter().find(|operator| user.as_deref() == Some(&*operator.os_user.value));
    own.map(|operator| operator.user.value.clone()).ok_or_else(|| {
        Failure::world(say!("nobody says who acts"))
            .help(say!("name a superuser with --as, or write the own account under `operators` in rightful.yaml"))
    })
}

/// The run of a deed, for the record.
pub fn deed(opened: &Opened, acting: &Acting, context: &Context, who: &Name, deed: &str) -> Run {
    let run = gather(opened, acting, context);
    Run { acting_as: Some(who.to_string()), deed: Some(deed.to_owned()), ..run }
}

/// The register and the moment, where there is a database.
pub fn registered(target: &mut dyn Target) -> Result<(Register, Moment), Failure> {
    target.register()?.ok_or_else(|| {
        Failure::world(say!("there is no database yet")).help(say!("`rightful apply` or `rightful connect` makes it"))
    })
}

/// Changes the register as `change` says, and keeps the head of the record outside.
pub fn alter<T, A: Into<Altered>>(
    database: &mut Database,
    run: &Run,
    opened: &Opened,
    mut change: impl FnMut(&Register, Moment) -> Result<(A, T), Refused>,
) -> Result<T, Failure> {
    let mut said: Option<Result<T, Refused>> = None;
    // A command may have written other runs since it began.
    let run = &Run { applied_at: running::now(), ..run.clone() };
    let receipt = database.target.alter(run, &mut |register, now| match change(register, now) {
        Ok((altered, value)) => {
            said = Some(Ok(value));
            Some(altered.into())
        }
        Err(refused) => {
            said = Some(Err(refused));
            None
        }
    })?;
    if let Some(end) = receipt.and_then(|receipt| receipt.end) {
        running::keep(opened, run, end, database).unwrap_or_else(|why| opened.warn(why));
    }
    match said {
        Some(done) => Ok(done?),
        None => Err(Failure::world(say!("the database did not take the change"))),
    }
}

/// What will become of the invitations if the policy is applied, and so be it: refused if the register says that it cannot
/// be. Accounts get their new names first: from, to. `after` is what the database will say, kept drift included.
pub fn foreseen(
    opened: &Opened,
    known: Option<&(Register, Moment)>,
    renames: &BTreeMap<Name, Name>,
    after: Option<&state::State>,
) -> Result<Settled, Failure> {
    let Some((register, now)) = known.map(|(register, now)| (register, *now)) else { return Ok(Settled::default()) };
    let register = &renames.iter().fold(register.clone(), |register, (from, to)| register.renamed(from, to));
    let (policy, connection) = (opened.policy(), &register.connection);
    let settled = Settled { register: register.clone(), ..Settled::default() };
    if let Some(until) = connection.exclusive_until.filter(|until| *until > now) {
        let message = say!("a first synchronisation is going on");
        return Err(Refused::new(message, say!("wait for it; if it died, its place is free at {until}", until)).into());
    }
    match connection.state {
        State::Never => return Ok(settled),
        State::Disconnected => {
            let since = connection.since.map(|since| since.to_string()).unwrap_or_default();
            let message = say!("the company was disconnected at {since}, so nothing is applied to it", since);
            let help = say!("`rightful connect` connects it again and writes everything anew");
            return Err(Refused::new(message, help).into());
        }
        State::Connected => {}
    }
    if let Some(responsible) = &connection.responsible {
        online::stays_in_charge(policy, responsible)?;
        if after.is_some_and(|after| !is_in_charge(after, responsible)) {
            let message = say!(
                "what stays in the database would leave {responsible}, who answers for synchronisation, no active superuser",
                responsible
            );
            return Err(
                Refused::new(message, say!("take the drift back: `rightful apply` without --keep-drift")).into()
            );
        }
    }
    Ok(online::settle(policy, register, now, &mut Name::to_string)?)
}

/// Whether a database has somebody as an active superuser with an employee.
pub fn is_in_charge(state: &state::State, name: &Name) -> bool {
    match state.facts.get(&Key::User(name.clone())) {
        Some(Fact::User(user)) => user.active && user.superuser && user.employee.is_some(),
        _ => false,
    }
}

/// Brings the invitations in line with the policy, and sends the letters that are due: what came of it, and what went
/// wrong in the end.
pub fn invited(opened: &Opened, database: &mut Database, run: &Run) -> (Settled, Posted, Option<Failure>) {
    match settle(opened, database, run) {
        Err(failure) => (Settled::default(), Posted::default(), Some(failure)),
        Ok(settled) => match send(opened, &mut *database.target) {
            Ok(posted) => (settled, posted, None),
            Err(failure) => (settled, Posted::default(), Some(failure)),
        },
    }
}

/// Brings the invitations in line with the policy.
pub fn settle(opened: &Opened, database: &mut Database, run: &Run) -> Result<Settled, Failure> {
    let policy = opened.policy();
    let Some((register, now)) = database.target.register()? else { return Ok(Settled::default()) };
    if register.connection.state != State::Connected {
        return Ok(Settled { register, ..Settled::default() });
    }
    let mut settled = online::settle(policy, &register, now, &mut message_id)?;
    if settled.register != register {
        let run = Run { deed: Some("invite".to_owned()), ..run.clone() };
        settled = alter(database, &run, opened, |register, now| {
            let settled = online::settle(policy, register, now, &mut message_id)?;
            Ok((settled.register.clone(), settled))
        })?;
    }
    Ok(settled)
}

/// What became of the letters that were due.
#[derive(Debug, Default)]
pub struct Posted {
    /// Who gets one.
    pub sent: Vec<Name>,
    /// Whose letter did not go, and why.
    pub failed: Vec<(Name, String)>,
}

/// Sends the letters that are due.
pub fn send(opened: &Opened, target: &mut dyn Target) -> Result<Posted, Failure> {
    send_for(opened, target, &Run::default(), &mut |_, post, from, letter| Some(post.send(from, letter)))
}

/// Hands a letter over to the post; `None` if it shall be left, since there is no time any more.
pub type Deliver<'a> =
    &'a mut dyn FnMut(&mut dyn Target, &Arc<Post>, &str, &online::Letter) -> Option<Result<(), PostError>>;

/// A server that took so long to fail is not asked again at once.
const TOO_LONG: Duration = Duration::from_secs(5);

/// Sends the letters that are due. Each is made ready first, so that whoever dies in the middle sends it once more
/// rather than not at all. What `run` says of a fence holds for every write of it; nothing is recorded.
pub fn send_for(opened: &Opened, target: &mut dyn Target, run: &Run, deliver: Deliver<'_>) -> Result<Posted, Failure> {
    let run = Run { deed: None, ..run.clone() };
    let mut posted = Posted::default();
    let Some((register, now)) = target.register()? else { return Ok(posted) };
    let due = online::due(&register, now);
    if due.is_empty() {
        return Ok(posted);
    }
    let mail = &opened.binding().mail;
    let post = post(opened).map(Arc::new);
    let from = mail.from.as_deref().unwrap_or("Rightful <rightful@localhost>");
    for one in due {
        let token = random()?;
        let hash = blake3::hash(token.as_bytes()).to_hex().to_string();
        let mut ready = None;
        target.alter(&run, &mut |register, now| {
            let after = online::prepare(register, now, &one.user, &hash);
            ready = after.as_ref().and_then(|after| after.invitations.get(&one.user).cloned());
            after.map(Altered::from)
        })?;
        let Some(invitation) = ready else { continue };
        let letter = online::letter(opened.policy(), &one.user, &invitation, &token, mail.link.as_deref());
        let began = Instant::now();
        let done = match &post {
            Ok(post) => match deliver(target, post, from, &letter) {
                Some(done) => done,
                None => break,
            },
            Err(error) => Err(PostError::Refused(error.to_string())),
        };
        let is_silent = done.is_err() && began.elapsed() >= TOO_LONG;
        let error = done.err().map(|error| harmless(&error.to_string()).into_owned());
        target.alter(&run, &mut |register, _| match &error {
            None => online::posted(register, &one.user, &hash).map(Altered::from),
            Some(error) => online::unposted(register, &one.user, &hash, error).map(Altered::from),
        })?;
        match error {
            None => posted.sent.push(one.user),
            Some(error) => posted.failed.push((one.user, error)),
        }
        if is_silent {
            break;
        }
    }
    Ok(posted)
}

/// Where letters go: as the settings say, else into the folder `outbox` beside them.
fn post(opened: &Opened) -> Result<Post, PostError> {
    let below = |path: &str| Post::maildir(&Path::new(&opened.root).join(path));
    match opened.binding().mail.server.as_ref().map(|server| &server.value) {
        None => Ok(below("outbox")),
        Some(MailServer::Maildir(path)) => Ok(below(path)),
        Some(MailServer::Smtp(url)) => Post::server(url),
        Some(MailServer::Environment(name)) => {
            let url = opened.variable(name).ok_or(PostError::BadServer)?;
            match MailServer::parse(&url) {
                Some(MailServer::Smtp(url)) => Post::server(&url),
                Some(MailServer::Maildir(path)) => Ok(below(&path)),
                _ => Err(PostError::BadServer),
            }
        }
    }
}

/// The Message-ID of an invitation, the same in every letter about it.
pub fn message_id(user: &Name) -> String {
    let unique = random().unwrap_or_else(|_| user.to_string());
    format!("{}.invitation@rightful", &unique[..unique.len().min(32)])
}

/// What nobody guesses: 32 bytes of the system's randomness, in hexadecimal digits.
pub fn random() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::world(say!("the system gives no randomness: {error}", error)))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
