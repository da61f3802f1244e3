//! `rightful-comment.sh`: one comment that is updated, and what a hostile pull request gets for its trouble.

use std::fs;

use serde_json::{Value, json};

use super::archive::{Entry, zip};
use super::server::{Answer, Fault, Forge, Request, Server};
use super::shell::{Ran, bash, root, stand_in};

const TOKEN: &str = "ghs_aToken0ThatNobodyShallSee";
const SHA: &str = "1111111111111111111111111111111111111111";
const OTHER_SHA: &str = "2222222222222222222222222222222222222222";
const TEXT: &str = "<!-- rightful diff -->\n### Rights diff\n\nlars gains `data.export`\n";
const API: &str = "/repos/firm/policies";

struct GitHub {
    address: String,
    artefact: Option<Vec<u8>>,
    /// What the API says of the size, if not the truth.
    size: Option<usize>,
    /// The pull request as it looks one time after the other; the last stays.
    looks: Vec<Value>,
    files: Vec<Value>,
    comments: Vec<Value>,
}

fn pull_request(sha: &str) -> Value {
    json!({ "head": { "sha": sha, "ref": "new-colleague", "repo": { "full_name": "lars/policies" } } })
}

fn by(login: &str, id: usize, text: &str) -> Value {
    json!({ "id": id, "user": { "login": login }, "body": text })
}

fn artefact(number: &str, head: &str, text: impl AsRef<[u8]>) -> Vec<u8> {
    zip(&[
        Entry::of("comment.md", text),
        Entry::of("head", head),
        Entry::of("number", number),
        Entry::of("status", "0\n"),
    ])
}

fn github() -> Server<GitHub> {
    Server::start(|address| GitHub {
        address: address.to_owned(),
        artefact: Some(artefact("7\n", &format!("{SHA}\n"), TEXT)),
        size: None,
        looks: vec![pull_request(SHA)],
        files: vec![json!({ "filename": "policies/people.yaml" })],
        comments: vec![by("anna", 1, "looks good")],
    })
}

impl Forge for GitHub {
    fn answer(&mut self, request: &Request) -> Answer {
        if request.path == "/store/5" {
            return Answer::bytes(200, self.artefact.clone().unwrap());
        }
        if request.headers.get("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Answer::bytes(401, Vec::new());
        }
        let path = request.path.strip_prefix(API).unwrap_or_default();
        match (request.method.as_str(), path) {
            ("GET", "/actions/runs/77/artifacts") => {
                let found = self.artefact.as_ref().map(|bytes| {
                    let size = self.size.unwrap_or(bytes.len());
                    json!([
                        { "id": 5, "name": "rightful", "size_in_bytes": size, "expired": false },
                        { "id": 4, "name": "rightful", "size_in_bytes": 1, "expired": false },
                        { "id": 6, "name": "rightful-diff", "size_in_bytes": 1, "expired": false },
                    ])
                });
                Answer::json(200, &json!({ "artifacts": found.unwrap_or(json!([])) }))
            }
            ("GET", "/actions/artifacts/5/zip") => Answer::redirect(format!("{}/store/5", self.address)),
            ("GET", "/pulls/7") if self.looks.len() > 1 => Answer::json(200, &self.looks.remove(0)),
            ("GET", "/pulls/7") => Answer::json(200, &self.looks[0]),
            ("GET", "/pulls/7/files") => request.page(&self.files),
            ("GET", "/issues/7/comments") => request.page(&self.comments),
            ("POST", "/issues/7/comments") => {
                let id = self.comments.len() + 1;
                self.comments.push(by("github-actions[bot]", id, &request.text()));
                Answer::json(201, &json!({ "id": id }))
            }
            ("PATCH", path) => {
                let id = path.strip_prefix("/issues/comments/").map(|id| id.parse::<usize>().unwrap());
                let Some(found) =
                    self.comments.iter_mut().find(|comment| comment["id"].as_u64() == id.map(|id| id as u64))
                else {
                    return Answer::missing();
                };
                found["body"] = json!(request.text());
                Answer::json(200, found)
            }
            _ => Answer::missing(),
        }
    }
}

fn run_with(server: &Server<GitHub>, changed: &[(&str, &str)]) -> Ran {
    let script = root().join("examples/github/.github/rightful-comment.sh");
    let mut environment = vec![
        ("GITHUB_API_URL", server.address.as_str()),
        ("GITHUB_REPOSITORY", "firm/policies"),
        ("GITHUB_TOKEN", TOKEN),
        ("RUN_ID", "77"),
        ("HEAD_SHA", SHA),
        ("HEAD_BRANCH", "new-colleague"),
        ("HEAD_REPOSITORY", "lars/policies"),
        ("RIGHTFUL_PAUSE", "0"),
    ];
    environment.extend(changed);
    let ran = bash(&[script.to_str().unwrap()], &environment, None);
    assert!(!ran.said.contains(TOKEN), "{ran:?}");
    assert!(ran.left.is_empty(), "{ran:?}");
    ran
}

fn run(server: &Server<GitHub>) -> Ran {
    run_with(server, &[])
}

/// The script refuses, says why, and writes nothing.
fn refuses(server: &Server<GitHub>, why: &str) {
    let ran = run(server);
    assert_eq!((ran.code, ran.said.as_str()), (1, format!("rightful-comment: refused: {why}\n").as_str()));
    assert!(server.writes().is_empty(), "{:?}", server.writes());
}

fn refuses_artefact(bytes: Vec<u8>, why: &str) {
    let server = github();
    server.forge().artefact = Some(bytes);
    refuses(&server, why);
}

#[test]
fn a_first_run_writes_a_comment_and_a_second_one_updates_it() {
    let server = github();
    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (0, "rightful-comment: commented on pull request 7\n"));
    assert_eq!(server.forge().comments[1]["body"], TEXT);

    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (0, "rightful-comment: the comment on pull request 7 says so already\n"));

    let changed = TEXT.replace("export", "import");
    server.forge().artefact = Some(artefact("7\n", &format!("{SHA}\n"), &changed));
    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (0, "rightful-comment: updated the comment on pull request 7\n"));
    assert_eq!(server.forge().comments.len(), 2);
    assert_eq!(server.forge().comments[1]["body"], changed);
    assert_eq!(server.writes(), [format!("POST {API}/issues/7/comments"), format!("PATCH {API}/issues/comments/2")]);
}

#[test]
fn of_several_comments_the_first_own_one_is_updated_whatever_others_write() {
    let server = github();
    server.forge().comments = vec![
        by("mallory", 1, TEXT),
        json!({ "id": 2, "user": null, "body": TEXT }),
        by("github-actions[bot]", 3, "another program of ours"),
        by("github-actions[bot]", 4, "<!-- rightful diff -->\nold"),
        by("github-actions[bot]", 5, "<!-- rightful diff -->\nolder"),
    ];
    assert_eq!(run(&server).code, 0);
    assert_eq!(server.writes(), [format!("PATCH {API}/issues/comments/4")]);

    server.forge().comments.truncate(3);
    assert_eq!(run(&server).code, 0);
    assert_eq!(server.writes()[1..], [format!("POST {API}/issues/7/comments")]);
}

#[test]
fn a_comment_on_the_third_page_is_found() {
    let server = github();
    let mut comments: Vec<Value> = (1..=250).map(|id| by("anna", id, "hm")).collect();
    comments[230] = by("github-actions[bot]", 231, "<!-- rightful diff -->\nold");
    server.forge().comments = comments;
    assert_eq!(run(&server).code, 0);
    assert_eq!(server.writes(), [format!("PATCH {API}/issues/comments/231")]);
}

#[test]
fn more_comments_than_are_looked_through_are_no_reason_for_a_second_one() {
    let server = github();
    server.forge().comments = (1..=5_100).map(|id| by("anna", id, "hm")).collect();
    let ran = run(&server);
    assert!(ran.code == 1 && ran.said.contains("more comments than are looked through"), "{ran:?}");
    assert!(server.writes().is_empty());
}

#[test]
fn what_stands_in_policies_goes_through_byte_for_byte() {
    let text = "<!-- rightful diff -->\n$(touch x) `touch x` ${{ github.token }} $HOME \\n %s \"'\"; touch x #\n\
                ::set-output name=x::y\n| \u{1f5dd} grønn | @anna |\t\n/close\n\n\n";
    let server = github();
    server.forge().artefact = Some(artefact("7\n", &format!("{SHA}\n"), text));
    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (0, "rightful-comment: commented on pull request 7\n"));
    assert_eq!(server.forge().comments[1]["body"], text);
}

#[test]
fn the_number_is_only_a_number() {
    for number in ["", "x", "-7", "07", "7 8", "7\n8", "7;touch x", "$(touch x)", "../7", "7\0", "12345678901"] {
        refuses_artefact(artefact(number, SHA, TEXT), "the number in the artefact is no number");
    }
    refuses_artefact(artefact(&"7".repeat(21), SHA, TEXT), "number in the artefact is too large");
    refuses_artefact(artefact("8", SHA, TEXT), "there is no such pull request");
}

#[test]
fn the_pull_request_must_be_that_of_the_run() {
    refuses_artefact(artefact("7", OTHER_SHA, TEXT), "the artefact is not of the commit of its run");
    // The same commit in somebody else's fork or on another branch is another pull request.
    for (place, value) in [("/head/repo/full_name", "mallory/policies"), ("/head/ref", "other")] {
        let server = github();
        *server.forge().looks[0].pointer_mut(place).unwrap() = json!(value);
        refuses(&server, "the artefact names a pull request that is not of its run");
    }
    let server = github();
    server.forge().looks[0]["head"]["repo"] = Value::Null;
    refuses(&server, "the artefact names a pull request that is not of its run");
}

#[test]
fn what_moved_on_is_left_to_the_next_run() {
    for looks in [vec![pull_request(OTHER_SHA)], vec![pull_request(SHA), pull_request(OTHER_SHA)]] {
        let server = github();
        server.forge().looks = looks;
        let ran = run(&server);
        let moved = "rightful-comment: pull request 7 has moved on, so nothing is posted\n";
        assert_eq!((ran.code, ran.said.as_str()), (0, moved));
        assert!(server.writes().is_empty());
    }
}

#[test]
fn nothing_to_post_is_no_fault() {
    let server = github();
    server.forge().artefact = None;
    let ran = run(&server);
    assert!(ran.code == 0 && ran.said.contains("left no artefact"), "{ran:?}");
    let ran = run_with(&server, &[("HEAD_REPOSITORY", "")]);
    assert!(ran.code == 0 && ran.said.contains("the fork is gone"), "{ran:?}");
}

#[test]
fn an_artefact_that_is_too_large_is_refused_whatever_it_says_of_itself() {
    let server = github();
    server.forge().size = Some(1_000_000);
    refuses(&server, "the artefact is too large");
    assert!(!server.seen().iter().any(|request| request.path.contains("zip")), "not even asked for");

    let server = github();
    server.forge().artefact = Some(artefact("7", SHA, TEXT.repeat(10_000)));
    server.forge().size = Some(100);
    refuses(&server, "the artefact is too large");

    let files = |comment| zip(&[comment, Entry::of("head", SHA), Entry::of("number", "7")]);
    // Forty megabytes in two hundred kilobytes, said to be that or ten bytes.
    refuses_artefact(
        files(Entry::bomb("comment.md", 160_000, 258 * 160_000 + 1)),
        "comment.md in the artefact is too large",
    );
    refuses_artefact(files(Entry::bomb("comment.md", 160_000, 10)), "comment.md in the artefact is too large");
}

#[test]
fn an_artefact_holds_the_known_files_once_and_nothing_else() {
    let strange = "the artefact has a file that does not belong there";
    for name in ["../evil", "/etc/evil", "sub/comment.md", "evil", "*", "comment.md/", "-p", "head\nevil"] {
        let files =
            [Entry::of("comment.md", TEXT), Entry::of("head", SHA), Entry::of("number", "7"), Entry::of(name, "evil")];
        refuses_artefact(zip(&files), strange);
    }
    let twice = [Entry::of("number", "7"), Entry::of("number", "7")];
    refuses_artefact(zip(&twice), "the artefact has a file twice");
    refuses_artefact(zip(&[Entry::of("number", "7")]), "head in the artefact is missing or damaged");
    refuses_artefact(b"no zip at all".to_vec(), "the artefact is no zip file");
    refuses_artefact(zip(&[]), "the artefact is no zip file");
    let mut damaged = artefact("7", SHA, TEXT);
    let place = damaged.windows(4).position(|bytes| bytes == b"lars").unwrap();
    damaged[place] = b'k';
    refuses_artefact(damaged, "comment.md in the artefact is missing or damaged");
}

#[test]
fn a_comment_begins_with_the_marker_and_fits() {
    let unmarked = "the comment does not begin with the marker";
    for text in ["", "hello", "\n<!-- rightful diff -->\n", "<!-- rightful diff --> x\n", "<!-- rightful diff -->\r\n"]
    {
        refuses_artefact(artefact("7", SHA, text), unmarked);
    }
    let long = |length: usize| format!("<!-- rightful diff -->\n{}", "ø".repeat(length - 23));
    refuses_artefact(artefact("7", SHA, long(65_537)), "the comment is too long");
    let server = github();
    server.forge().artefact = Some(artefact("7", SHA, long(65_536)));
    assert_eq!(run(&server).code, 0);
}

#[test]
fn who_changes_the_pipeline_is_not_believed() {
    let far: Vec<Value> = (0..150).map(|count| json!({ "filename": format!("policies/{count}.yaml") })).collect();
    let near = |file: Value| far.iter().cloned().chain([file]).collect::<Vec<_>>();
    for (files, warned) in [
        (near(json!({ "filename": ".github/workflows/other.yml" })), true),
        (near(json!({ "filename": "x", "previous_filename": ".github/rightful-comment.sh" })), true),
        (near(json!({ "filename": "policies/.github/x" })), false),
    ] {
        let server = github();
        server.forge().files = files;
        assert_eq!(run(&server).code, 0);
        let text = server.forge().comments[1]["body"].as_str().unwrap().to_owned();
        assert_eq!(text.contains("> [!WARNING]"), warned, "{text}");
        let rest = TEXT.split_once('\n').unwrap().1;
        assert!(text.starts_with("<!-- rightful diff -->\n") && text.ends_with(rest), "{text}");
    }
}

#[test]
fn a_passing_fault_is_tried_again_and_nothing_is_written_twice() {
    for request in ["/actions/runs", "/actions/artifacts", "/pulls/7", "/pulls/7/files", "/issues/7/comments"] {
        let server = github();
        server.fail(&format!("GET {API}{request}"), Fault::Before, 500);
        server.fail(&format!("GET {API}{request}"), Fault::Before, 429);
        assert_eq!(run(&server).code, 0, "{request}");
        assert_eq!(server.writes().len(), 1, "{request}");
    }
    let server = github();
    server.fail("GET /store", Fault::Before, 503);
    server.fail(&format!("POST {API}"), Fault::Before, 502);
    assert_eq!(run(&server).code, 0);
    assert_eq!((server.writes().len(), server.forge().comments.len()), (2, 2));

    // Written, but the answer is lost.
    let server = github();
    server.fail(&format!("POST {API}"), Fault::After, 502);
    assert_eq!(run(&server).code, 0);
    assert_eq!((server.writes().len(), server.forge().comments.len()), (1, 2));

    // Deleted between the look and the update.
    let server = github();
    server.forge().comments.push(by("github-actions[bot]", 2, "<!-- rightful diff -->\nold"));
    server.fail(&format!("PATCH {API}"), Fault::Before, 404);
    assert_eq!(run(&server).code, 0);
}

#[test]
fn a_lasting_fault_is_said_and_ends() {
    let server = github();
    (0..9).for_each(|_| server.fail(&format!("GET {API}/pulls"), Fault::Before, 500));
    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (1, "rightful-comment: the API answers 500 to the pull request\n"));

    let server = github();
    server.fail(&format!("POST {API}"), Fault::Before, 403);
    let ran = run(&server);
    assert_eq!((ran.code, ran.said.as_str()), (1, "rightful-comment: the API answers 403 to the comment: broken\n"));
    assert_eq!(server.writes().len(), 1);

    let ran = run_with(&server, &[("RUN_ID", "77/../78")]);
    assert_eq!((ran.code, ran.said.as_str()), (1, "rightful-comment: RUN_ID is no number\n"));
}

#[test]
fn the_token_goes_to_the_api_and_nowhere_else() {
    let server = github();
    let log = tempfile::NamedTempFile::new().unwrap();
    let curl =
        format!("{{ printf '%s\\n' \"$@\"; env; }} >> {}\nPATH=${{PATH#*:}} exec curl \"$@\"", log.path().display());
    let folder = stand_in("curl", &curl);
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    assert_eq!(run_with(&server, &[("PATH", &path)]).code, 0);
    let seen = fs::read_to_string(log.path()).unwrap();
    assert!(seen.contains("--write-out") && !seen.contains(TOKEN), "{seen}");
    for request in server.seen() {
        assert_eq!(request.headers.contains_key("authorization"), request.path.starts_with(API), "{request:?}");
    }
}
