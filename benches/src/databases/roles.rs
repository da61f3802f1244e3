//! Plan and apply of a firm on a server, beside `pgroles` on its own equivalent of the same firm: whole processes, one after
//! the other in turn. It is compared if it is on the path: `cargo install pgroles-cli`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Problem;
use crate::server::Server;
use crate::table::{OURS, Table};

/// How often each thing is done, in turn.
const PAIRS: usize = 12;

/// As many as pgroles takes, which is 1,024 roles of users and groups together.
const USERS: usize = 950;
const GROUPS: usize = 64;
const MEMBERSHIPS: usize = 2_783;

/// What both do, in this order.
const WHAT: [&str; 3] = ["plan, nothing there yet", "apply, everything", "plan, nothing to do"];

/// How long each of [`WHAT`] took, each time.
type Times = [Vec<Duration>; 3];

/// Prints how long both take.
pub fn measure(table: &mut Table, program: &Path, server: &Server, with_peers: bool) -> Result<(), Problem> {
    let folder = tempfile::tempdir()?;
    write(folder.path())?;
    let is_there = Command::new("pgroles").arg("--version").stdout(Stdio::null()).status().is_ok();
    let has_peer = with_peers && is_there;
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for pair in 0..PAIRS {
        let database = server.fresh_database();
        for (number, words) in [&["plan"][..], &["apply", "--yes"], &["plan"]].into_iter().enumerate() {
            let mut own = Command::new(program);
            own.args(words).arg("-C").arg(folder.path()).args(["--database", database.url()]);
            let mut peer = Command::new("pgroles");
            let said: &[&str] = if words == ["plan"] { &["diff", "--no-exit-code"] } else { &["apply"] };
            // The server's own roles are nobody's business.
            peer.args(said).arg("-f").arg(folder.path().join("pgroles.yaml"));
            peer.args(["--mode", "adopt", "--database-url", &server.url("postgres")]);
            let mut turns = [(&mut own, &mut ours), (&mut peer, &mut theirs)];
            if pair % 2 == 1 {
                turns.reverse();
            }
            for (command, times) in turns {
                if has_peer || command.get_program() == program {
                    times[number].push(timed(command)?);
                }
            }
        }
        if has_peer {
            server.sql("postgres", &format!("DROP ROLE {}", roles().join(", ")));
        }
    }
    for (number, what) in WHAT.iter().enumerate() {
        let size = format!("{USERS} users");
        let faster = ours[number].iter().zip(&theirs[number]).filter(|(ours, theirs)| ours < theirs).count();
        let beside = if has_peer { format!(", faster in {faster} of {PAIRS} pairs") } else { String::new() };
        table.row(
            &size,
            what,
            OURS,
            &best_and_median(&mut ours[number]),
            &format!("{MEMBERSHIPS} memberships{beside}"),
        );
        if has_peer {
            table.row(&size, what, "pgroles", &best_and_median(&mut theirs[number]), "");
        }
    }
    Ok(())
}

fn best_and_median(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |place: usize| times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    format!("{:.1} ms, median {:.1} ms", at(0), at(times.len() / 2))
}

/// How long a command takes; it must end well.
fn timed(command: &mut Command) -> Result<Duration, Problem> {
    command.env("RIGHTFUL_CACHE", "off").stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let done = command.output()?;
    let took = start.elapsed();
    if done.status.success() { Ok(took) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
}

/// The users of each group.
fn members() -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); GROUPS];
    let each = MEMBERSHIPS.div_ceil(USERS);
    let pairs = (0..each).flat_map(|round| (0..USERS).map(move |user| (user, round)));
    for (user, round) in pairs.take(MEMBERSHIPS) {
        // Another group in each round, as long as there are more groups than rounds.
        groups[(user * 31 + round * (GROUPS / each)) % GROUPS].push(user);
    }
    groups
}

fn roles() -> Vec<String> {
    let groups = (0..GROUPS).map(|group| format!("g{group}"));
    groups.chain((0..USERS).map(|user| format!("u{user}"))).collect()
}

/// A policy repository with a right for each group, and the same as roles of a server, which is what pgroles knows.
fn write(folder: &Path) -> Result<(), Problem> {
    let mut policy = String::from("users:\n");
    let mut peer = String::from("roles:\n");
    for user in 0..USERS {
        writeln!(policy, "  u{user}: {{ name: User {user} }}")?;
    }
    for role in roles() {
        writeln!(peer, "  - name: {role}\n    login: {}", role.starts_with('u'))?;
    }
    policy.push_str("groups:\n");
    peer.push_str("memberships:\n");
    for (group, members) in members().iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        writeln!(policy, "  g{group}:\n    members:")?;
        writeln!(peer, "  - role: g{group}\n    members:")?;
        for user in members {
            writeln!(policy, "      - u{user}")?;
            writeln!(peer, "      - name: u{user}")?;
        }
        policy.push_str("    allow: [program.start, data.export]\n");
    }
    fs::create_dir_all(folder.join("policies"))?;
    fs::write(folder.join("policies/firm.yaml"), policy)?;
    fs::write(folder.join("pgroles.yaml"), peer)?;
    Ok(())
}
