//! Connecting a company, ending it, and who answers for it.

use crate::model::Policy;
use crate::name::Name;
use crate::say;

use super::eligible::address;
use super::invitation::{fresh, names_one_login, settle};
use super::{Invitation, Login, Moment, Places, Refused, Register, Standing, State, Terms, places};

/// How long a first synchronisation keeps others out at most, in seconds: who dies in the middle of it keeps nobody out
/// for ever.
const EXCLUSIVE: u32 = 10 * 60;

/// Whether somebody can act for the company: an active superuser who is linked to an employee.
///
/// # Errors
/// If not, and why.
pub fn in_charge(policy: &Policy, name: &Name) -> Result<(), Refused> {
    let help = || say!("name an active superuser who is linked to an employee");
    let Some(id) = policy.users.find(name) else {
        return Err(Refused::new(say!("there is no user `{name}`", name), help()));
    };
    let user = policy.users.get(id);
    if !user.superuser {
        return Err(Refused::new(say!("`{name}` is no superuser", name), help()));
    }
    if !user.active {
        return Err(Refused::new(say!("`{name}` is not active", name), help()));
    }
    if address(policy, id).is_none() {
        let message = say!("`{name}` has no employee with an e-mail address", name);
        return Err(Refused::new(message, say!("link the user to an employee, and give that one an `email:`")));
    }
    Ok(())
}

/// Whether a login is neither closed nor locked.
fn lets_in(policy: &Policy, login: &Login) -> bool {
    let is_locked = login.locked_at.is_some() || login.failed_logins >= Terms::of(policy).failed_logins;
    login.closed_at.is_none() && !is_locked
}

/// Whether somebody may look after online access: who answers for synchronisation, or another one in charge who works
/// online.
///
/// # Errors
/// If not, and why.
pub fn may_administer(policy: &Policy, register: &Register, name: &Name) -> Result<(), Refused> {
    in_charge(policy, name)?;
    let works_online = register.logins.get(name).is_some_and(|login| lets_in(policy, login));
    match &register.connection.responsible {
        Some(responsible) if responsible != name && !works_online => {
            let message = say!("{name} does not work online, and does not look after online access", name);
            Err(Refused::new(message, say!("let {responsible} do it, or a superuser who works online", responsible)))
        }
        _ => Ok(()),
    }
}

/// Whether whoever answers for synchronisation can still do so under a policy, under the name that it gives, and is whom
/// it names.
///
/// # Errors
/// If not, and what to do.
pub fn stays_in_charge(policy: &Policy, responsible: &Name) -> Result<(), Refused> {
    let named = Terms::of(policy).responsible.map(|user| policy.users.key(user));
    if let Some(named) = named.filter(|named| *named != responsible) {
        let message =
            say!("the policy makes {named} responsible for synchronisation, but {responsible} is", named, responsible);
        let help = say!(
            "`rightful handover --to {named}` hands over first, or write `responsible: {responsible}`",
            named,
            responsible
        );
        return Err(Refused::new(message, help));
    }
    in_charge(policy, responsible).map_err(|Refused { message: why, .. }| {
        let message = say!("{responsible} answers for synchronisation, and no longer could: {why}", responsible, why);
        Refused::new(message, say!("hand over to another superuser first, with `rightful handover --to NAME`"))
    })
}

/// Whether the licence lets another company database be connected beside some.
///
/// # Errors
/// If not.
pub fn licence_allows(policy: &Policy, elsewhere: usize) -> Result<(), Refused> {
    let most = Terms::of(policy).company_databases as usize;
    if elsewhere >= most {
        let message =
            say!("the licence lets {most} company databases be connected, and {elsewhere} are", most, elsewhere);
        let help =
            say!("disconnect another one, or write the number of a larger licence into `licence.company_databases`");
        return Err(Refused::new(message, help));
    }
    Ok(())
}

/// Whether nobody works with the database.
///
/// # Errors
/// If somebody does, and who.
pub fn nobody_works(register: &Register, now: Moment) -> Result<(), Refused> {
    let at_work: Vec<&str> = register.working(now).map(|session| session.who.as_str()).collect();
    if at_work.is_empty() {
        return Ok(());
    }
    let message = say!("others are at work, and this needs the database alone: {who}", who = at_work.join(", "));
    Err(Refused::new(message, say!("ask them to log out and stop the programs at the interfaces, then try again")))
}

/// Begins a first synchronisation, which keeps everybody else out until it is done. `elsewhere` says how many other
/// company databases of the installation are connected.
///
/// # Errors
/// If the company is connected already, somebody else answers for it, the licence does not let another company
/// database be connected, somebody is at work, or an invitation could not be sent.
pub fn connect(
    policy: &Policy,
    register: &Register,
    now: Moment,
    acting: &Name,
    elsewhere: usize,
) -> Result<Register, Refused> {
    let connection = &register.connection;
    if let (State::Connected, Some(responsible), Some(since)) =
        (connection.state, &connection.responsible, connection.since)
    {
        let message = say!("the company is connected already, by {responsible} since {since}", responsible, since);
        return Err(Refused::new(message, say!("`rightful apply` keeps it up to date")));
    }
    in_charge(policy, acting)?;
    let terms = Terms::of(policy);
    let Some(named) = terms.responsible.map(|user| policy.users.key(user)) else {
        let message = say!("the policy does not say who answers for synchronisation");
        return Err(Refused::new(message, say!("name a superuser as `responsible:` in the section `online`")));
    };
    if acting != named {
        let message = say!("{named} answers for synchronisation, and {acting} does not", named, acting);
        return Err(Refused::new(message, say!("let {named} connect, with --as {named}", named)));
    }
    if let Some(recorded) = connection.responsible.as_ref().filter(|recorded| *recorded != acting) {
        let message = say!("{recorded} connected the company before, and alone may connect it again", recorded);
        return Err(Refused::new(message, say!("make {acting} responsible with `rightful handover`", acting)));
    }
    licence_allows(policy, elsewhere)?;
    nobody_works(register, now)?;
    if let Some(until) = connection.exclusive_until.filter(|until| *until > now) {
        let message = say!("a first synchronisation is going on");
        return Err(Refused::new(message, say!("wait for it; if it died, its place is free at {until}", until)));
    }
    // Whoever cannot be let in afterwards is told before anything is written.
    settle(policy, &connected(policy, register, now, acting), now, &mut Name::to_string)?;
    let mut after = register.clone();
    after.connection.exclusive_until = Some(now.later(EXCLUSIVE));
    Ok(after)
}

/// Ends a first synchronisation that went well: the company is connected, and whoever answers for it has a login.
#[must_use]
pub fn connected(policy: &Policy, register: &Register, now: Moment, acting: &Name) -> Register {
    let mut after = register.clone();
    after.connection.state = State::Connected;
    after.connection.responsible = Some(acting.clone());
    after.connection.since = Some(now);
    after.connection.exclusive_until = None;
    let_in(policy, &mut after, now, acting);
    after
}

/// Takes back what [`connect`] began, since the first synchronisation did not go well.
#[must_use]
pub fn not_connected(register: &Register) -> Register {
    let mut after = register.clone();
    after.connection.exclusive_until = None;
    after
}

/// Gives somebody who answers for synchronisation a login, or opens the one that there is.
fn let_in(policy: &Policy, register: &mut Register, now: Moment, name: &Name) {
    let email = policy.users.find(name).and_then(|user| address(policy, user));
    // What was open or taken back before is settled with it.
    if let Some(invitation) = register.invitations.get_mut(name) {
        (invitation.standing, invitation.answered_at) = (Standing::Active, Some(now));
    }
    match register.logins.get_mut(name) {
        Some(login) => login.closed_at = None,
        None => {
            if let Some(email) = email {
                let login = Login { email, since: now, failed_logins: 0, locked_at: None, closed_at: None };
                register.logins.insert(name.clone(), login);
            }
        }
    }
}

/// Ends the connection: nobody works online any more. What the policy declares goes from the database, which is not
/// seen to here; who had access is kept.
///
/// # Errors
/// If there is no connection, or somebody else answers for it.
pub fn disconnect(register: &Register, now: Moment, acting: &Name) -> Result<Register, Refused> {
    let connection = &register.connection;
    let (State::Connected, Some(responsible)) = (connection.state, &connection.responsible) else {
        return Err(Refused::new(say!("the company is not connected"), say!("`rightful online` says how things are")));
    };
    if responsible != acting {
        let message = say!("only {responsible} may disconnect the company, not {acting}", responsible, acting);
        return Err(Refused::new(
            message,
            say!("let {responsible} do it, or make somebody else responsible with `rightful handover`", responsible),
        ));
    }
    let mut after = register.clone();
    after.connection.state = State::Disconnected;
    after.connection.since = Some(now);
    after.connection.exclusive_until = None;
    after.sessions.clear();
    Ok(after)
}

/// Makes another superuser responsible. Whoever answers for it now can do so, and the other one.
///
/// # Errors
/// If there was never a connection, if a third one acts, if the other one cannot act for the company, or the licence
/// has no place left.
pub fn handover(
    policy: &Policy,
    register: &Register,
    now: Moment,
    acting: &Name,
    to: &Name,
) -> Result<Register, Refused> {
    let Some(responsible) = register.connection.responsible.clone() else {
        let message = say!("nobody answers for synchronisation yet, since the company was never connected");
        return Err(Refused::new(
            message,
            say!("name a superuser as `responsible:` in the section `online`, then `rightful connect`"),
        ));
    };
    if responsible == *to {
        return Err(Refused::new(
            say!("{to} answers for synchronisation already", to),
            say!("`rightful status` says since when"),
        ));
    }
    if acting != &responsible && acting != to {
        let message = say!("only {responsible} or {to} may hand over, not {acting}", responsible, to, acting);
        return Err(Refused::new(message, say!("let one of them do it, with --as")));
    }
    in_charge(policy, to)?;
    let is_closed = register.logins.get(to).is_some_and(|login| !lets_in(policy, login));
    let is_revoked = register.invitations.get(to).is_some_and(|one| one.standing == Standing::Revoked);
    if acting == to && (is_closed || is_revoked) {
        let message = say!("the online access of {to} was taken back or locked, so {to} cannot take over", to);
        return Err(Refused::new(message, say!("let {responsible} hand over, with --as {responsible}", responsible)));
    }
    names_one_login(policy, register, [to].into_iter())?;
    let mut after = register.clone();
    after.connection.responsible = Some(to.clone());
    let_in(policy, &mut after, now, to);
    let declared = policy.online.iter().flat_map(|online| &online.access);
    let stays = declared.map(|access| policy.users.key(access.user)).any(|user| *user == responsible);
    match after.logins.get_mut(&responsible) {
        // Who had the login without an invitation has it from now on by the policy.
        Some(login) if stays => {
            let email = login.email.clone();
            let invitation =
                Invitation { standing: Standing::Active, answered_at: Some(now), ..fresh(policy, email, now) };
            after.invitations.entry(responsible).or_insert(invitation);
        }
        Some(login) => login.closed_at = Some(now),
        None => {}
    }
    let Places { used, of } = places(policy, &after, now);
    if of.is_some_and(|of| used > of) {
        let message = say!("the licence has no place left for {to}", to);
        return Err(Refused::new(message, say!("take somebody out of `online.access` and apply that first")));
    }
    Ok(after)
}
