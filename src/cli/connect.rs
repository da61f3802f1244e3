//! `rightful connect`, `rightful disconnect` and `rightful handover`

use std::io::IsTerminal;

use clap::Args;

use crate::name::Name;
use crate::online::{self, Moment, Refused, Register, State};
use crate::plan::Drift;
use crate::report::text;
use crate::report::view::{self, Unfold};
use crate::say;
use crate::syntax::settings::Guard;
use crate::target::{Altered, Declared};
use crate::wire;

use super::database::{Database, database, database_of};
use super::registered::{alter, deed, invited, is_in_charge, registered, who_acts};
use super::running::{Acting, carry_out, overriding, recorded};
use super::session::{Failure, Opened, bound, errors, open_for, open_whatever, refusing};
use super::wanted::{Wanted, heading, page};
use super::{Context, Format, Outcome, asking, guards};

/// Connect a company, so that people can work online
///
/// Checks what connecting needs: the data of the company and the licence, the
/// number of company databases that the licence lets connect, and that whoever
/// acts is the superuser whom the policy makes responsible. Then everything is
/// written for the first time, while nobody else works: it is refused while
/// others have sessions, and keeps them out meanwhile. Whoever connects
/// answers for synchronisation from then on, has a login, and alone may
/// disconnect the company and connect it again.
///
/// Examples:
///   rightful connect --as anna
///   rightful connect --as anna --yes --company nordwind
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Connect {
    #[command(flatten)]
    at: At,
    /// Put this guard aside for this run; may be given for several
    #[arg(long = "override", value_name = "GUARD", value_parser = guards::read_guard)]
    overrides: Vec<Guard>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Disconnect a company: nobody works online any more
///
/// Only whoever answers for synchronisation may. Web access ends at once, and
/// everything that was written goes from the database; the data of the company
/// and who had access stay, and so does the record of all runs. The policy
/// files are not touched. `rightful connect` connects it again and writes
/// everything anew.
///
/// Examples:
///   rightful disconnect --as anna
///   rightful disconnect --as anna --yes
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Disconnect {
    #[command(flatten)]
    at: At,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Make another superuser responsible for synchronisation
///
/// Whoever is responsible now can do it, and the one who shall be. The policy
/// has to name the same: as long as the two differ, nothing is applied.
///
/// Examples:
///   rightful handover --to ilka --as anna
///   rightful handover --to ilka --as anna --yes
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Handover {
    /// Who answers for synchronisation from then on
    #[arg(long, value_name = "USER")]
    to: String,
    #[command(flatten)]
    at: At,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// In which database, and who acts.
#[derive(Debug, Args)]
struct At {
    /// The database, as sqlite:PATH, postgres://... or env:NAME; a relative path
    /// counts from the current directory, or from that of -C [default: that of
    /// the settings, else crm.db beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Do not ask; without a terminal only `connect` goes ahead by itself
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Asks before what cannot be taken back. Where nobody can answer, the yes has to be there before.
pub fn confirmed(yes: bool, opened: &Opened, question: &crate::language::Text) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::world(say!("nobody is there to confirm it, so nothing was done"))
            .help(say!("in a script say --yes")));
    }
    if !asking::says_yes(question, opened.err) {
        return Err(Failure { code: 1, ..Failure::world(say!("nothing was done")) });
    }
    Ok(())
}

pub fn connect(command: &Connect, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_for(context, None, context.company.as_deref())?;
    let errors = errors(&opened, context);
    if !errors.is_empty() {
        let message = say!("the policy has errors, so nothing was connected");
        return Err(Failure { code: 1, ..refusing(&opened, &errors, message) });
    }
    bound(&opened)?;
    let policy = opened.policy();
    let who = who_acts(&opened, &command.at.acting)?;
    let mut database = database(context, &opened, command.at.database.as_deref())?;
    let elsewhere = connected_elsewhere(&opened, &database)?;
    let run = deed(&opened, &command.at.acting, context, &who, "connect");
    // Where there is no database yet, there is nobody at work, but the policy may be wrong all the same.
    let (register, now) = database.target.register()?.unwrap_or_default();
    let may = online::connect(policy, &register, now, &who, elsewhere).map_err(Failure::from);
    recorded(&mut database, &run, &opened, may)?;
    let wanted = Wanted::of(&opened);
    let reading = database.read(context)?;
    let heading = heading(&database, &reading);
    let name = database.name.clone();
    let stage = context.working(&say!("comparing"));
    let (plan, told) = wanted.plan_told(&reading, context.on, Drift::Revert);
    let as_text = command.format == Format::Text;
    let shown = page(&opened, context, &wanted, (&plan, told), &heading, Unfold::Never, 0);
    drop(stage);
    if as_text {
        super::write_out(&text::print(&shown, opened.out));
    }
    let tripped = guards::tripped_by_apply(&opened, context, &wanted, &reading, &plan, Drift::Revert);
    let passed = guards::pass(tripped, &command.overrides, &opened);
    let overridden = recorded(&mut database, &run, &opened, passed)?;
    // Like an apply, it goes ahead where nobody can answer.
    let yes = command.at.yes || !std::io::stdin().is_terminal();
    confirmed(yes, &opened, &say!("Connect {name}, with {who} responsible? [y/N]", name, who))?;
    let quiet = crate::audit::Run { deed: None, ..run.clone() };
    alter(&mut database, &quiet, &opened, |register, now| {
        online::connect(policy, register, now, &who, elsewhere).map(|after| (after, ()))
    })?;
    let alone = is_alone(&opened, &mut database);
    let applied = recorded(&mut database, &run, &opened, alone).and_then(|()| {
        let reading = database.read(context)?;
        // The tables may just have been made.
        let plan = wanted.plan(&reading, context.on, Drift::Revert);
        carry_out(context, &mut database, &plan, &overriding(quiet.clone(), &overridden), &opened)
    });
    let receipt = match applied {
        Ok(receipt) => receipt,
        Err(failure) => {
            // Others may work again; if this fails too, their exclusion ends by itself.
            let back = alter(&mut database, &quiet, &opened, |register, _| Ok((online::not_connected(register), ())));
            drop(back);
            return Err(failure);
        }
    };
    alter(&mut database, &run, &opened, |register, now| Ok((online::connected(policy, register, now, &who), ())))?;
    let (settled, posted, failure) = invited(&opened, &mut database, &run);
    let out = if as_text {
        let mut page = view::connected(&who, &name, &receipt);
        page.0.extend(view::settled(&settled, &posted.sent, &posted.failed).0);
        page.0.extend(view::head(database.end.as_ref()).0);
        format!("\n{}", text::print(&page, opened.out))
    } else {
        wire::to_text(&wire::deed("connect", receipt.applied, &settled, &posted.sent, &posted.failed))
    };
    match failure {
        None => Ok(Outcome::new(out, 0)),
        Some(failure) => {
            super::write_out(&out);
            Err(failure)
        }
    }
}

/// How many other databases of the settings are connected, or are just being connected.
fn connected_elsewhere(opened: &Opened, own: &Database) -> Result<usize, Failure> {
    let mut count = 0;
    for company in &opened.repository.companies {
        let mut database = match database_of(opened, company, company.database.as_ref()) {
            Ok(database) => database,
            // Nothing is written where nothing is named.
            Err(_) if company.database.is_none() => continue,
            Err(failure) => return Err(failure),
        };
        if database.place() == own.place() {
            continue;
        }
        let is_connected = |(register, now): (Register, Moment)| {
            let connection = register.connection;
            connection.state == State::Connected || connection.exclusive_until.is_some_and(|until| until > now)
        };
        count += usize::from(database.target.register()?.is_some_and(is_connected));
    }
    Ok(count)
}

/// Whether nobody came in, and no other company was connected, before others were kept out.
fn is_alone(opened: &Opened, database: &mut Database) -> Result<(), Failure> {
    let (register, now) = registered(&mut *database.target)?;
    online::nobody_works(&register, now)?;
    online::licence_allows(opened.policy(), connected_elsewhere(opened, database)?)?;
    Ok(())
}

pub fn disconnect(command: &Disconnect, context: &Context) -> Result<Outcome, Failure> {
    // Whatever is wrong with the policy, web access can be ended.
    let opened = open_whatever(context)?;
    let who = who_acts(&opened, &command.at.acting)?;
    let mut database = database(context, &opened, command.at.database.as_deref())?;
    let name = database.name.clone();
    let run = deed(&opened, &command.at.acting, context, &who, "disconnect");
    let (register, now) = registered(&mut *database.target)?;
    let may = online::disconnect(&register, now, &who).map_err(Failure::from);
    recorded(&mut database, &run, &opened, may)?;
    confirmed(
        command.at.yes,
        &opened,
        &say!("Disconnect {name}? Web access ends, and what was written goes. [y/N]", name),
    )?;
    alter(&mut database, &run, &opened, |register, now| {
        let register = online::disconnect(register, now, &who)?;
        Ok((Altered { register, declared: Declared::Goes }, ()))
    })?;
    let out = match command.format {
        Format::Text => {
            let mut page = view::disconnected(&who, &name);
            page.0.extend(view::head(database.end.as_ref()).0);
            text::print(&page, opened.out)
        }
        Format::Json => wire::to_text(&wire::deed("disconnect", 0, &online::Settled::default(), &[], &[])),
    };
    Ok(Outcome::new(out, 0))
}

pub fn handover(command: &Handover, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_for(context, None, context.company.as_deref())?;
    let who = who_acts(&opened, &command.at.acting)?;
    let to = Name::foreign(&command.to);
    let mut database = database(context, &opened, command.at.database.as_deref())?;
    let name = database.name.clone();
    let run = deed(&opened, &command.at.acting, context, &who, "handover");
    let policy = opened.policy();
    let (register, now) = registered(&mut *database.target)?;
    let reading = database.read(context)?;
    let may = online::handover(policy, &register, now, &who, &to).and_then(|after| {
        // What nobody applied yet makes nobody responsible.
        if is_in_charge(&reading.actual, &to) {
            return Ok(after);
        }
        let message = say!("{to} is no active superuser with an employee in the database", to);
        Err(Refused::new(message, say!("apply first what the policy says of {to}", to)))
    });
    let may = may.map_err(Failure::from);
    let after = recorded(&mut database, &run, &opened, may)?;
    let is_open = |register: &Register, name: &Name| register.logins.get(name).is_some_and(|it| it.closed_at.is_none());
    let before = register.connection.responsible.as_ref();
    let ended = before.filter(|before| is_open(&register, before) && !is_open(&after, before));
    let question = match ended {
        None => say!("Make {to} responsible for {name}? [y/N]", to, name),
        Some(from) => {
            say!("Make {to} responsible for {name}? {from} cannot work online then. [y/N]", to, name, from)
        }
    };
    confirmed(command.at.yes, &opened, &question)?;
    alter(&mut database, &run, &opened, |register, now| {
        online::handover(policy, register, now, &who, &to).map(|after| (after, ()))
    })?;
    let named = online::Terms::of(policy).responsible.map(|user| policy.users.key(user));
    let out = match command.format {
        Format::Text => {
            let mut page = view::handed_over(&to, ended, &name, named == Some(&to));
            page.0.extend(view::head(database.end.as_ref()).0);
            text::print(&page, opened.out)
        }
        Format::Json => wire::to_text(&wire::deed("handover", 0, &online::Settled::default(), &[], &[])),
    };
    Ok(Outcome::new(out, 0))
}
