//! The log of a random history is that of compiling every commit from scratch.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prop_assert_eq;
use proptest::strategy::{Just, Strategy};
use rightful::history::{Asked, log};
use rightful::language::Language;
use rightful::question::{answer, bind, read};
use rightful::repository::{RepositoryError, compile};
use rightful::resolve::InForce;
use rightful::tree::TreeError;
use rightful::tree::blame::Blame;
use rightful::tree::git::Revision;
use rightful::tree::history::History;

use super::subject::runner;

/// Paths inside and outside of the policy folders; `shared` is where links lead.
const PATHS: [&str; 8] = [
    "crm/policies/a.yaml",
    "crm/policies/b.yaml",
    "crm/policies/deep/c.yaml",
    "crm/other/d.yaml",
    "crm/shared/e.yaml",
    "crm/README.md",
    "crm/rightful.yaml",
    "outside.yaml",
];

/// What files say: good, broken, contradictory, declared again, nothing.
const TEXTS: [&str; 14] = [
    "users: { lars: , anna: }\n",
    "users: { lars: { allow: [data.export] }, anna: }\n",
    "users: { anna: }\n",
    "users: { lars: { allow: [data.export], deny: [data.export] } }\n",
    "groups: { sales: { members: [everyone], allow: [data.export] } }\n",
    "groups:\n  sales:\n    members: [lars]\n    deny: [data.export]\n",
    "groups: { inner: { members: [lars] }, outer: { members: [inner], allow: [data.export until 2020-01-01] } }\n",
    "groups: { sales: { members: [nobody] } }\n",
    "users: { lars: { allow: [data.exprot] } }\n",
    "users: [\n",
    "unknown: {}\n",
    "",
    "companies: { nord: { policies: [policies] } }\n",
    "companies: { nord: { policies: [policies/deep, other] }, sued: { policies: [policies] } }\n",
];

/// What a commit does to a file.
#[derive(Debug, Clone)]
enum Edit {
    Write(usize, usize),
    Delete(usize),
    Rename(usize, usize),
    /// A symbolic link in the policies to `shared`, or out of the repository.
    Link(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    let path = || 0..PATHS.len();
    proptest::prop_oneof![
        6 => (path(), 0..TEXTS.len()).prop_map(|(path, text)| Edit::Write(path, text)),
        // Settings that name companies leave a question without --company open, so they are rarer.
        4 => (0usize..3, 0usize..8).prop_map(|(path, text)| Edit::Write(path, text)),
        2 => path().prop_map(Edit::Delete),
        2 => (path(), path()).prop_map(|(from, to)| Edit::Rename(from, to)),
        1 => proptest::prop_oneof![4 => Just(false), 1 => Just(true)].prop_map(Edit::Link),
    ]
}

/// The edits of a commit, and whether it merges a branch that has some of its own.
type Step = (Vec<Edit>, Option<Vec<Edit>>);

fn history() -> impl Strategy<Value = Vec<Step>> {
    let edits = || proptest::collection::vec(edit(), 0..3);
    let step = || (edits(), proptest::option::weighted(0.1, edits()));
    proptest::prop_oneof![
        3 => proptest::collection::vec(step(), 1..20),
        1 => proptest::collection::vec(step(), 130..160),
    ]
}

/// Writes a history as git reads it.
fn import(root: &Path, policy_root: &str, history: &[Step]) {
    let at = |path: usize| PATHS[path].replace("crm/", policy_root);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(root).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    };
    assert!(git(&["init", "-q", "-b", "main"]).status().expect("git").success());
    let mut stream = String::new();
    let mut mark = 0;
    let mut present: Vec<bool> = vec![false; PATHS.len()];
    let mut commit = |edits: &[Edit], branch: &str, parents: &[usize], present: &mut Vec<bool>| {
        mark += 1;
        stream +=
            &format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter t <t@t> {} +0000\n", 1_700_000_000 + mark);
        stream += &format!("data 2\nc{}\n", mark % 10);
        for (index, parent) in parents.iter().enumerate() {
            stream += &format!("{} :{parent}\n", if index == 0 { "from" } else { "merge" });
        }
        for edit in edits {
            match edit {
                Edit::Write(path, text) => {
                    let (text, known) = (TEXTS[*text], &mut present[*path]);
                    *known = true;
                    stream += &format!("M 100644 inline {}\ndata {}\n{text}\n", at(*path), text.len());
                }
                Edit::Delete(path) => {
                    present[*path] = false;
                    stream += &format!("D {}\n", at(*path));
                }
                Edit::Rename(from, to) if present[*from] && from != to => {
                    (present[*from], present[*to]) = (false, true);
                    stream += &format!("R {} {}\n", at(*from), at(*to));
                }
                Edit::Rename(..) => {}
                Edit::Link(outside) => {
                    let target = if *outside { "../../../etc" } else { "../shared" };
                    stream += &format!("M 120000 inline {policy_root}policies/link\ndata {}\n{target}\n", target.len());
                }
            }
        }
        stream += "\n";
        mark
    };
    let mut last: Option<usize> = None;
    for (edits, side) in history {
        let parents: Vec<usize> = last.into_iter().collect();
        let merged = side.as_ref().map(|side| commit(side, "side", &parents, &mut present.clone()));
        let parents: Vec<usize> = parents.into_iter().chain(merged.filter(|_| last.is_some())).collect();
        last = Some(commit(edits, "main", &parents, &mut present));
    }
    let mut running = git(&["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn().expect("git");
    running.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("git reads");
    assert!(running.wait().expect("git ends").success(), "{stream}");
}

/// Commit, answer before, answer, step, file and line of the rule, and whether there is a message.
type Seen = (String, Option<bool>, Option<bool>, Option<&'static str>, Option<(String, usize)>, bool);

/// Every commit compiled for itself; nothing if none can answer.
fn naive(root: &Path, asked: &Asked) -> Option<Vec<Seen>> {
    let ran = Command::new("git").current_dir(root).args(["rev-list", "--first-parent", "--reverse", "main"]).output();
    let ids = String::from_utf8(ran.expect("git").stdout).expect("ids");
    let mut events: Vec<Seen> = Vec::new();
    let (mut answered, mut all_broken) = (false, true);
    for id in ids.lines() {
        let nobody = (Some(false), Some("default"), None, true);
        let (allowed, step, rule, message) = match compile(&Revision::open(root, id).expect("a commit")) {
            Err(RepositoryError::NoDeclarations(_) | RepositoryError::Tree(TreeError::NoFolder(_))) => nobody,
            Err(_) => (None, None, None, true),
            Ok(repository) => {
                let mut companies = repository.companies.iter();
                let company = match &asked.company {
                    None => companies.next().filter(|_| repository.companies.len() == 1),
                    Some(name) => companies.find(|company| company.name.as_ref().is_some_and(|n| n.as_str() == name)),
                };
                match company.map(|company| (company.compiles(), bind(&asked.question, &company.policy), company)) {
                    None => nobody,
                    Some((false, ..)) => (None, None, None, true),
                    Some((true, Err(_), _)) => nobody,
                    Some((true, Ok(question), company)) => {
                        answered = true;
                        let in_force = InForce::new(&company.policy, asked.on);
                        let answer = answer(&in_force, &question);
                        let proof = answer.proof(&in_force);
                        let place = proof.and_then(|proof| company.policy.rule(proof.rules.first()?.rule).place);
                        let place = place.map(|place| {
                            let file = repository.sources.file(place.file);
                            (file.path().to_owned(), file.position(place.span.start).line)
                        });
                        (Some(answer.allowed), Some(answer.step.as_str()), place, false)
                    }
                }
            }
        };
        all_broken &= allowed.is_none();
        if events.last().is_none_or(|(_, _, before, ..)| *before != allowed) {
            let before = events.last().and_then(|(_, _, before, ..)| *before);
            events.push((id.to_owned(), before, allowed, step, rule, message));
        }
    }
    events.reverse();
    (answered || all_broken).then_some(events)
}

#[test]
fn a_log_is_that_of_compiling_every_commit() {
    let law =
        |(history, policy_root, company, question): (Vec<Step>, &'static str, Option<&'static str>, &'static str)| {
            let folder = tempfile::tempdir().expect("a folder");
            import(folder.path(), policy_root, &history);
            let root = folder.path().join(policy_root);
            std::fs::create_dir_all(&root).expect("a folder");
            let question = read(question, None, Language::English).expect("a question");
            let on = rightful::date::parse_date("2026-11-22").expect("a day");
            let asked = Asked { question, company: company.map(str::to_owned), on };
            let opened = History::open(&root, Some("main")).expect("a history");
            prop_assert_eq!(opened.len(), history.len());
            let found = log(&opened, &asked).ok().map(|log| {
                let seen = log.events.into_iter().map(|event| {
                    let (found, rule) = (event.found, |rule: rightful::history::Rule| rule.place);
                    let step = found.step.map(|step| step.as_str());
                    (
                        event.commit.id,
                        event.before,
                        found.allowed,
                        step,
                        found.rule.and_then(rule),
                        !found.message.is_empty(),
                    )
                });
                seen.collect::<Vec<Seen>>()
            });
            prop_assert_eq!(found, naive(&root, &asked));
            Ok(())
        };
    let company = proptest::prop_oneof![3 => Just(None), 1 => Just(Some("nord"))];
    let question =
        proptest::prop_oneof![Just("lars data.export"), Just("group:sales data.export"), Just("anna data.export")];
    let root = proptest::prop_oneof![Just(""), Just("crm/")];
    runner(96).run(&(history(), root, company, question), law).unwrap_or_else(|error| panic!("{error}"));
}

/// A change to one of two files of lines that stand there once: one file is written on the main branch, the other on a
/// branch that is merged now and then.
#[derive(Debug, Clone)]
struct Change {
    on_side: bool,
    at: usize,
    removed: usize,
    added: usize,
    merge: bool,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (proptest::bool::ANY, 0usize..30, 0usize..4, 0usize..4, proptest::bool::weighted(0.2));
    let change = change.prop_map(|(on_side, at, removed, added, merge)| Change { on_side, at, removed, added, merge });
    proptest::collection::vec(change, 1..30)
}

#[test]
fn where_no_line_moves_blame_is_that_of_git() {
    let law = |changes: Vec<Change>| {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(root).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
            command
        };
        assert!(git(&["init", "-q", "-b", "main"]).status().expect("git").success());
        let mut files = [vec!["first".to_owned()], vec!["first".to_owned()]];
        let mut stream = String::new();
        let (mut mark, mut next, mut heads) = (0, 0, [0; 2]);
        for change in &changes {
            let side = usize::from(change.on_side && heads[0] > 0);
            let lines = &mut files[side];
            let start = change.at % (lines.len() + 1);
            let end = (start + change.removed).min(lines.len());
            let new: Vec<String> = (0..change.added).map(|index| format!("line {}", next + index)).collect();
            next += change.added;
            lines.splice(start..end, new);
            mark += 1;
            let branch = ["main", "side"][side];
            stream +=
                &format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter t <t@t> {} +0000\ndata 0\n", mark * 60);
            let from = if heads[side] > 0 { heads[side] } else { heads[0] };
            if from > 0 {
                stream += &format!("from :{from}\n");
            }
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            stream += &format!("M 100644 inline {side}.yaml\ndata {}\n{text}\n", text.len());
            heads[side] = mark;
            if change.merge && heads[1] > 0 {
                mark += 1;
                let text = files[1].iter().map(|line| format!("{line}\n")).collect::<String>();
                stream +=
                    &format!("commit refs/heads/main\nmark :{mark}\ncommitter t <t@t> {} +0000\ndata 0\n", mark * 60);
                stream += &format!("from :{}\nmerge :{}\n", heads[0], heads[1]);
                stream += &format!("M 100644 inline 1.yaml\ndata {}\n{text}\n", text.len());
                heads[0] = mark;
            }
        }
        let mut running = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git");
        running.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("git reads");
        assert!(running.wait().expect("git ends").success(), "{stream}");
        for file in ["0.yaml", "1.yaml"] {
            let ran = git(&["blame", "-l", "--root", "-s", "main", "--", file]).output().expect("git");
            let shown = String::from_utf8(ran.stdout).expect("ids");
            let mut blame = Blame::open(root, Some("main")).expect("a history");
            for (index, line) in shown.lines().enumerate() {
                let commit = blame.newest(file, index + 1..=index + 1).expect("a line").expect("a commit");
                prop_assert_eq!(&commit.id[..], line.split(' ').next().unwrap_or_default(), "{} {}", file, line);
            }
        }
        Ok(())
    };
    runner(48).run(&changes(), law).unwrap_or_else(|error| panic!("{error}"));
}
