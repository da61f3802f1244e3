//! Whatever happens between the program and its server, at whichever request, the database says the old or the new.

use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rightful::target::postgres::Postgres;
use rightful::target::{Target, TargetError};

use super::firm::{Home, OLD, Pendulum, Remote, apply, planned, record, run};
use super::proxy::{Act, Proxy};
use super::repository::Repository;
use super::server::Server;

/// Whether an error says that the connection broke, and not something about the inside.
fn is_about_the_connection(error: &TargetError) -> bool {
    matches!(error, TargetError::Lost(_) | TargetError::Unconfirmed(_) | TargetError::Unreachable { .. })
}

/// Before the server hears of it, and before the program hears the answer, by turns.
fn act(turn: usize) -> Act {
    if turn.is_multiple_of(2) { Act::CutBefore } else { Act::CutAfter }
}

/// Does something with a pendulum for each number until it says that it is done. Each time the record is read as a whole,
/// so that it begins anew now and then.
fn for_each_number(mut swing: impl FnMut(&Remote<'_>, &mut Pendulum<'_>, usize) -> bool) {
    let mut numbers = 1..;
    loop {
        let remote = Remote::new(Server::shared());
        let mut pendulum = Pendulum::new(&remote);
        for number in numbers.by_ref().take(20) {
            if swing(&remote, &mut pendulum, number) {
                return;
            }
        }
    }
}

#[test]
fn a_connection_that_breaks_at_any_request_leaves_the_old_state_or_the_new() {
    let (mut cut, mut done) = (0, 0);
    for_each_number(|remote, pendulum, number| {
        let mut whole = 0;
        // To and fro, until both ways nothing breaks any more.
        for way in 0..2 {
            let mut error = None;
            let mut is_whole = false;
            let went_through = pendulum.swing(|policy| {
                let plan = planned(&mut *remote.target(), policy);
                let has_cut = Arc::new(AtomicBool::new(false));
                let has = has_cut.clone();
                let proxy = Proxy::to(remote.server.address(), move |message| {
                    let is_here = message.request == number && message.is_last;
                    match is_here && !has.swap(true, Ordering::SeqCst) {
                        true if message.says("COMMIT") => Act::CutAfter,
                        true => act(number + way),
                        false => Act::Forward,
                    }
                });
                let mut target = Postgres::at(&proxy.url(remote.database.url())).unwrap();
                error = target.apply(&plan, &run()).err();
                is_whole = !has_cut.load(Ordering::SeqCst);
            });
            whole += u32::from(is_whole);
            cut += u32::from(!is_whole);
            done += u32::from(went_through && !is_whole);
            match error {
                // What was said to be lost is not there, and what was done is not said to have failed.
                Some(TargetError::Lost(_) | TargetError::Unreachable { .. }) => assert!(!went_through),
                Some(error) => assert!(is_about_the_connection(&error), "{number}: {error}"),
                None => assert!(went_through),
            }
        }
        whole == 2
    });
    // What makes everything lasting was cut off, behind it too; after that only the farewell is left to be cut off.
    assert!(cut > 100 && (1..=4).contains(&done), "{cut} cut, {done} done");
}

#[test]
fn a_first_apply_that_breaks_off_leaves_nothing_or_everything() {
    let remote = Remote::new(Server::shared());
    let plan = planned(&mut *remote.target(), OLD);
    for number in 1.. {
        let proxy = Proxy::to(remote.server.address(), move |message| {
            if message.request == number && message.is_last { act(number) } else { Act::Forward }
        });
        let done = Postgres::at(&proxy.url(remote.database.url())).unwrap().apply(&plan, &run());
        remote.settle();
        // Each begins where the one before broke off: had that left anything, it would not come as far.
        let found = remote.target().read().unwrap();
        if found.actual == plan.after {
            // The answer that all is done may be what was cut off.
            assert!(number > 50 && matches!(done, Ok(_) | Err(TargetError::Unconfirmed(_))), "{number}: {done:?}");
            assert_eq!(record(&mut *remote.target()).iter().filter(|entry| entry.part == "run").count(), 1);
            return;
        }
        assert!(found == rightful::plan::Reading::default(), "neither nothing nor everything");
        assert!(is_about_the_connection(&done.unwrap_err()));
    }
}

#[test]
fn what_was_confirmed_without_our_hearing_it_is_found_out() {
    let remote = Remote::new(Server::shared());
    let mut pendulum = Pendulum::new(&remote);
    // The first one makes the lease lasting, the second what is written.
    for (number, act, arrives) in
        [(2, Act::CutAfter, true), (2, Act::CutBefore, false), (1, Act::CutAfter, false), (1, Act::CutBefore, false)]
    {
        let mut done = None;
        let went_through = pendulum.swing(|policy| {
            let count = AtomicUsize::new(0);
            let proxy = Proxy::to(remote.server.address(), move |message| {
                let is_it = message.says("COMMIT") && count.fetch_add(1, Ordering::SeqCst) + 1 == number;
                if is_it { act } else { Act::Forward }
            });
            done = Some(apply(&mut Postgres::at(&proxy.url(remote.database.url())).unwrap(), policy));
        });
        assert_eq!(went_through, arrives, "{number} {act:?}");
        match done.unwrap() {
            Ok(receipt) => assert!(arrives && receipt.end.is_some()),
            Err(error) => assert!(!arrives && matches!(error, TargetError::Lost(_)), "{number} {act:?}: {error}"),
        }
    }
}

/// Runs the program through a proxy that kills it at a request: whether it did.
fn killed(remote: &Remote<'_>, repository: &Repository, number: usize) -> bool {
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let shared = child.clone();
    let proxy = Proxy::to(remote.server.address(), move |message| {
        if message.request != number || !message.is_last {
            return Act::Forward;
        }
        // It may come here before the one who started it has written it down.
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if let Some(child) = shared.lock().unwrap().as_mut() {
                child.kill().unwrap();
                return if number.is_multiple_of(2) { Act::CutBefore } else { Act::Forward };
            }
            thread::yield_now();
        }
        panic!("nobody to kill");
    });
    let mut command = repository.command("apply --yes --format json --database env:CRM_DATABASE_URL");
    command.env("CRM_DATABASE_URL", proxy.url(remote.database.url()));
    *child.lock().unwrap() = Some(command.stdout(std::process::Stdio::null()).spawn().unwrap());
    let status = loop {
        // Not waited for under the lock, which the one who kills needs.
        if let Some(status) = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    assert!(matches!(status.code(), None | Some(0)), "{status}");
    status.code().is_none()
}

#[test]
fn a_program_that_is_killed_at_any_request_leaves_the_old_state_or_the_new() {
    let repository = Repository::of("");
    let (mut kills, mut alive) = (0, 0);
    for_each_number(|remote, pendulum, number| {
        pendulum.swing(|policy| {
            repository.write("policies/a.yaml", policy);
            let was_killed = killed(remote, &repository, number);
            kills += u32::from(was_killed);
            alive = if was_killed { 0 } else { alive + 1 };
        });
        // One way may need fewer requests than the other.
        alive == 2
    });
    assert!(kills > 100, "{kills}");
}

/// Lets something happen to the server at some requests spread over an apply.
fn with_the_server(happens: fn(&Server)) {
    let server = Arc::new(Server::start());
    let remote = Remote::new(&server);
    let mut pendulum = Pendulum::new(&remote);
    let (mut broken, mut number) = (0, 1);
    loop {
        let mut is_whole = false;
        pendulum.swing(|policy| {
            let plan = planned(&mut *remote.target(), policy);
            let (happened, own) = (Arc::new(Mutex::new(false)), server.clone());
            let has = happened.clone();
            let proxy = Proxy::to(server.address(), move |message| {
                if message.request == number && message.is_last {
                    let mut has = has.lock().unwrap();
                    if !std::mem::replace(&mut *has, true) {
                        happens(&own);
                    }
                }
                Act::Forward
            });
            let error = Postgres::at(&proxy.url(remote.database.url())).unwrap().apply(&plan, &run()).err();
            // Returns when the server is there again.
            is_whole = !*happened.lock().unwrap();
            assert!(error.as_ref().is_none_or(is_about_the_connection), "{number}: {error:?}");
            broken += u32::from(error.is_some());
        });
        if is_whole {
            break;
        }
        number += 17;
    }
    assert!(broken > 4, "{broken}");
}

#[test]
fn a_server_that_is_restarted_during_an_apply_has_the_old_state_or_the_new() {
    with_the_server(Server::restart);
}

#[test]
fn a_server_that_is_killed_during_an_apply_has_the_old_state_or_the_new() {
    with_the_server(|server| {
        server.kill();
        server.start_again();
    });
}
