//! The cache: an answer with it is the answer without it, whatever stands in it and whoever put it there.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::diff::DAY;
use super::repository::Repository;

const PEOPLE: &str = "employees: { e-anna: { name: Anna Lund } }
users:
  anna: { employee: e-anna, superuser: true, allow: [program.start] }
  karin: { modules: desk, allow: [program.start, 'data.export because \"Größe\"'] }
  lars: { active: false }
modules: { mail: , contacts: { name: Kontakte } }
module_sets: { desk: [mail, contacts] }
";

const GROUPS: &str = "groups:
  sales:
    name: Vertrieb
    members: [anna, karin until 2027-12-31]
    allow: [lists.print, calendar.see+edit of sales, data.import from 2027-01-01]
  all: { members: [everyone, group:sales], deny: [sms.send] }
";

const RULES: &str = "expect:
  - anna can lists.print
  - nobody can data.import and data.export
";

/// What commands say that read a policy: of the working tree, of a revision, and of two sides.
const COMMANDS: [&str; 11] = [
    "check",
    "check --strict --format json",
    "check --format sarif",
    "check --format junit --lang de",
    "check --format github --at HEAD",
    "check --color always",
    "why anna can lists.print --format json",
    "matrix --scoped --format csv",
    "diff --format json",
    "diff HEAD~1 HEAD",
    "plan",
];

struct Firm {
    firm: Repository,
    beside: tempfile::TempDir,
}

impl Firm {
    fn new() -> Self {
        let settings = "companies: { nord: { policies: [policies], database: 'sqlite:crm.db' } }\n";
        let files = [("a/people.yaml", PEOPLE), ("b/groups.yaml", GROUPS), ("rules.yaml", RULES)];
        let files = files.map(|(path, text)| (format!("policies/{path}"), text));
        let firm = Repository::with(&files.each_ref().map(|(path, text)| (path.as_str(), *text)));
        firm.write("rightful.yaml", settings);
        firm.commit("Rolf Lund", DAY, "Begin");
        firm.write("policies/b/groups.yaml", GROUPS.replace("lists.print, ", ""));
        firm.commit("Rolf Lund", DAY, "Print less");
        Self { firm, beside: tempfile::tempdir().unwrap() }
    }

    fn cache(&self) -> PathBuf {
        self.beside.path().join("cache")
    }

    /// Where the files are.
    fn folder(&self) -> PathBuf {
        self.cache().join("rightful")
    }

    /// Exit code and both streams, with the cache at a path.
    fn with(&self, cache: &Path, arguments: &str) -> String {
        shown(self.firm.command(&format!("{arguments} --on 2026-11-22")).env("RIGHTFUL_CACHE", cache))
    }

    /// Holds every command to the one without a cache, twice: what the first run left, the second one takes.
    fn holds(&self, step: &str) {
        for command in COMMANDS {
            let cold = self.with(Path::new(""), command);
            for warm in [self.with(&self.cache(), command), self.with(&self.cache(), command)] {
                assert_eq!(warm, cold, "{step}: {command}");
            }
        }
    }

    /// The files of the cache with an ending.
    fn kept(&self, ending: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut kept: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
        kept.sort();
        kept
    }
}

fn shown(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let streams = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(!streams[1].contains("panicked"), "{}", streams[1]);
    format!("{:?}\n{}\n{}", ran.status.code(), streams[0], streams[1])
}

#[test]
fn an_answer_with_the_cache_is_the_answer_without_it() {
    let firm = Firm::new();
    let people = |text: &str| firm.firm.write("policies/a/people.yaml", text);
    firm.holds("as committed");
    people(&PEOPLE.replace("'data.export", "'data.import"));
    firm.holds("changed");
    fs::rename(firm.firm.path("policies/b/groups.yaml"), firm.firm.path("policies/z.yaml")).unwrap();
    firm.holds("renamed");
    people("users: { anna: { allow: [program.strat");
    firm.holds("broken");
    people(&PEOPLE.replace("superuser", "superusr"));
    firm.holds("with findings");
    firm.firm.write("policies/a/people.yaml", b"users: { anna: \xff }\n");
    firm.holds("not UTF-8");
    people(PEOPLE);
    fs::remove_file(firm.firm.path("policies/rules.yaml")).unwrap();
    firm.holds("deleted");
    firm.firm.write("rightful.yaml", "lints: { cannot-start: error, no-module-set: nothing }\n");
    firm.holds("other settings");
    firm.firm.commit("Rolf Lund", DAY, "All of it");
    firm.holds("committed");
    fs::remove_dir_all(firm.firm.path("policies")).unwrap();
    firm.holds("without policies");
    assert!(!firm.kept("pack").is_empty() && !firm.kept("done").is_empty());
    assert!(firm.kept("new").is_empty());
}

#[test]
fn a_day_is_part_of_an_outcome() {
    let firm = Firm::new();
    let on = |day: &str| shown(firm.firm.command(&format!("check --on {day}")).env("RIGHTFUL_CACHE", firm.cache()));
    let early = on("2026-11-22");
    assert!(on("2028-02-01").contains("expired-rule") && !early.contains("expired-rule"));
    assert_eq!(on("2026-11-22"), early);
}

#[test]
fn what_is_no_cache_of_this_build_is_not_believed() {
    let firm = Firm::new();
    let commands = ["check", "diff HEAD~1 HEAD"];
    let cold = commands.map(|command| firm.with(Path::new(""), command));
    let fill = || commands.map(|command| firm.with(&firm.cache(), command));
    fill();
    let kept: Vec<PathBuf> = ["pack", "done"].into_iter().flat_map(|ending| firm.kept(ending)).collect();
    assert!(kept.len() >= 2, "{kept:?}");
    let whole: Vec<Vec<u8>> = kept.iter().map(|path| fs::read(path).unwrap()).collect();
    let put_back = || {
        fs::remove_dir_all(firm.folder()).unwrap();
        fs::create_dir_all(firm.folder()).unwrap();
        fs::set_permissions(firm.folder(), Permissions::from_mode(0o700)).unwrap();
        for (path, bytes) in kept.iter().zip(&whole) {
            fs::write(path, bytes).unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        }
    };
    // Every byte of it is tried beside the code; here is what the commands make of some.
    for (path, bytes) in kept.iter().zip(&whole) {
        for at in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            put_back();
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            fs::write(path, changed).unwrap();
            assert_eq!(fill(), cold, "{} at {at}", path.display());
        }
        for length in [0, 1, 40, bytes.len() - 1] {
            put_back();
            fs::write(path, &bytes[..length]).unwrap();
            assert_eq!(fill(), cold, "{} cut at {length}", path.display());
        }
    }
    put_back();
    // Another build, whose files somebody gave the names of this one.
    for (path, bytes) in kept.iter().zip(&whole) {
        let mut other = bytes.clone();
        other[20] = if other[20] == b'0' { b'1' } else { b'0' };
        fs::write(path, other).unwrap();
    }
    assert_eq!(fill(), cold);
    // Folders and pipes where files were.
    for path in &kept {
        let _ = fs::remove_file(path);
        fs::create_dir(path).unwrap();
    }
    assert_eq!(fill(), cold);
}

#[test]
fn only_a_directory_that_nobody_else_writes_to_is_used() {
    let firm = Firm::new();
    let cold = firm.with(Path::new(""), "check");
    let noted = |path: &Path, why: &str| {
        let note = format!("note: nothing is kept in `{}`, which RIGHTFUL_CACHE names: {why}", path.display());
        let said = firm.with(path, "check");
        let (answer, said) = said.split_at(cold.len());
        assert_eq!(answer, cold, "{}", path.display());
        assert_eq!(said.split_whitespace().collect::<Vec<_>>().join(" "), note);
    };
    fs::create_dir_all(firm.cache()).unwrap();
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(firm.cache(), Permissions::from_mode(mode)).unwrap();
        noted(&firm.cache(), "others may write to it");
        assert!(fs::read_dir(firm.cache()).unwrap().next().is_none(), "{mode:o}");
    }
    // A file of ours in which others may write is not believed either, though it is whole.
    fs::set_permissions(firm.cache(), Permissions::from_mode(0o700)).unwrap();
    firm.with(&firm.cache(), "check");
    let [outcome] = &firm.kept("done")[..] else { panic!("one outcome") };
    let modes = [firm.folder(), outcome.clone()].map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o700, 0o600]);
    // Neither a file nor a place that cannot be made is in anybody's way.
    let file = firm.beside.path().join("file");
    fs::write(&file, "x").unwrap();
    noted(&file, "it is no directory");
    noted(&file.join("below"), "it is no directory");
    noted(Path::new("/proc/nowhere"), "No such file or directory (os error 2)");
    fs::create_dir_all(firm.beside.path().join("home/rightful/notes")).unwrap();
    noted(&firm.beside.path().join("home"), "the folder rightful in it holds other files");
    // It stands beside JSON, in the language of the settings, and only where something was read.
    firm.firm.write("rightful.yaml", "language: de\n");
    let run = |arguments: &str| firm.firm.command(arguments).env("RIGHTFUL_CACHE", &file).output().unwrap();
    let json = run("check --format json");
    serde_json::from_slice::<serde_json::Value>(&json.stdout).unwrap();
    assert!(String::from_utf8(json.stderr).unwrap().starts_with("Hinweis: "));
    assert!(run("schema").stderr.is_empty());
}

#[test]
fn the_environment_says_where_the_cache_is() {
    let firm = Firm::new();
    let home = firm.beside.path().join("home");
    fs::create_dir(&home).unwrap();
    let run = |variables: &[(&str, &Path)]| {
        let mut command = firm.firm.command("check");
        command.env_remove("RIGHTFUL_CACHE").env_remove("XDG_CACHE_HOME").env("HOME", &home);
        shown(command.envs(variables.iter().copied()))
    };
    let is_there = |path: &str| home.join(path).is_dir();
    let cold = run(&[("RIGHTFUL_CACHE", Path::new("off"))]);
    for word in ["", "Off", "OFF", "0", "no", "NO", "false", "none"] {
        assert_eq!(run(&[("RIGHTFUL_CACHE", Path::new(word))]), cold, "{word}");
    }
    assert!(!is_there(".cache"));
    assert_eq!(run(&[]), cold);
    assert!(is_there(".cache/rightful"));
    run(&[("XDG_CACHE_HOME", &home.join("xdg"))]);
    assert!(is_there("xdg/rightful"));
    assert_eq!(run(&[("RIGHTFUL_CACHE", &home.join("own"))]), cold);
    assert!(is_there("own/rightful"));
    // Whoever proposes a change to the policy could put files into the checkout.
    let inside = run(&[("RIGHTFUL_CACHE", &firm.firm.path("policies/.cache"))]);
    let notes = |said: &str, why: &str| {
        let note = said.strip_prefix(&*cold).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(note.starts_with("note: ") && note.contains(why), "{said}");
    };
    notes(&inside, "it is inside of the checkout");
    for relative in ["cache", "./cache", "../cache", "on", "nope"] {
        let said = run(&[("RIGHTFUL_CACHE", Path::new(relative))]);
        notes(&said, "it is no absolute path");
        assert!(!firm.firm.path(relative).exists());
    }
    assert!(!firm.firm.path("policies/.cache").exists());
    // In the usual place, nobody asked for it.
    fs::set_permissions(home.join(".cache/rightful"), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(run(&[]), cold);
}

#[test]
fn a_revision_that_cannot_be_read_fails_as_without_the_cache() {
    let firm = Firm::new();
    firm.with(&firm.cache(), "matrix --at HEAD");
    let diff = firm.with(&firm.cache(), "diff HEAD~1 HEAD");
    assert!(!firm.kept("pack").is_empty());
    for file in ["a/people.yaml", "b/groups.yaml"] {
        let mut git = Command::new("git");
        let id =
            git.current_dir(firm.firm.path("")).args(["rev-parse", &format!("HEAD:policies/{file}")]).output().unwrap();
        let id = String::from_utf8(id.stdout).unwrap();
        let object = firm.firm.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
        let mut bytes = fs::read(&object).unwrap();
        // The checksum at its end: kind and size can still be read.
        *bytes.last_mut().unwrap() ^= 1;
        fs::set_permissions(&object, Permissions::from_mode(0o600)).unwrap();
        fs::write(&object, bytes).unwrap();
    }
    let saved = firm.beside.path().join("plan.json");
    let save = format!("plan --at HEAD -o {}", saved.display());
    for command in [
        "check --at HEAD",
        "check --at HEAD --format json",
        "why anna can lists.print --at HEAD",
        "who data.export --at HEAD",
        "plan --at HEAD",
        &save,
        "apply --at HEAD --yes",
        "apply --at HEAD --yes --format json",
    ] {
        let cold = firm.with(Path::new(""), command);
        assert!(cold.starts_with("Some(2)\n\nerror: git: "), "{command}: {cold}");
        for _ in 0..2 {
            assert_eq!(firm.with(&firm.cache(), command), cold, "{command}");
        }
    }
    assert!(firm.with(&firm.cache(), "plan --at HEAD --format json").starts_with("Some(2)"));
    // What stands in files that nobody damaged can be told.
    assert_eq!(firm.with(&firm.cache(), "diff HEAD~1 HEAD"), diff);
    assert!(!saved.exists() && !firm.firm.path("crm.db").exists());
    assert!(firm.kept("done").is_empty());
}

#[test]
fn runs_at_once_and_a_cache_that_goes_are_no_harm() {
    let firm = Firm::new();
    let cold = COMMANDS.map(|command| firm.with(Path::new(""), command));
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..3).map(|_| scope.spawn(|| COMMANDS.map(|command| firm.with(&firm.cache(), command)))).collect();
        let taker = scope.spawn(|| {
            for _ in 0..40 {
                let _ = fs::remove_dir_all(firm.folder());
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        for run in runs {
            assert_eq!(run.join().unwrap(), cold);
        }
        taker.join().unwrap();
    });
    firm.holds("afterwards");
}

#[test]
fn many_files_are_read_by_several_threads_to_the_same_end() {
    let firm = Firm::new();
    for number in 0..300 {
        let text = format!("groups:\n  team-{number}: {{ members: [anna, nobody-{number}], allow: [data.export] }}\n");
        firm.firm.write(&format!("policies/c/{number:03}.yaml"), text);
    }
    firm.firm.commit("Rolf Lund", DAY, "Teams");
    let worktree = firm.with(Path::new(""), "check --format json");
    assert!(worktree.contains("nobody-299") && worktree.contains("policies/c/000.yaml"));
    for cache in [Path::new(""), &firm.cache(), &firm.cache()] {
        assert_eq!(firm.with(cache, "check --format json"), worktree);
        assert_eq!(firm.with(cache, "check --format json --at HEAD"), worktree);
    }
    fs::write(firm.firm.path("policies/c/150.yaml"), "groups: {\n").unwrap();
    firm.firm.commit("Rolf Lund", DAY, "Broken");
    firm.holds("many files");
}
