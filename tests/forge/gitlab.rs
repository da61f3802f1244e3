//! `rightful-note.sh`: one note for each open merge request, and what a hostile one gets for its trouble.

use serde_json::{Value, json};

use super::server::{Answer, Fault, Forge, Request, Server};
use super::shell::{Ran, bash, root};

const TOKEN: &str = "glpat-aToken0ThatNobodyShallSee";
const SHA: &str = "1111111111111111111111111111111111111111";
const OTHER_SHA: &str = "2222222222222222222222222222222222222222";
const TEXT: &str = "<!-- rightful diff -->\n### Rights diff\n\nlars gains `data.export`";
const NOTES: &str = "/projects/3/merge_requests/7/notes";

struct GitLab {
    /// Where artefacts are, if elsewhere.
    store: Option<String>,
    /// What a job left, by its number.
    texts: Vec<(u64, Vec<u8>)>,
    /// Merge request 7 as it looks one time after the other; the last stays. Others look like the last.
    looks: Vec<Value>,
    open: Vec<u64>,
    pipelines: Vec<Value>,
    jobs: Vec<Value>,
    diffs: Vec<Value>,
    notes: Vec<Value>,
}

fn merge_request(sha: &str) -> Value {
    json!({ "state": "opened", "sha": sha, "source_project_id": 3, "target_project_id": 3 })
}

fn pipeline(id: u64, sha: &str, source: &str, project: u64) -> Value {
    json!({ "id": id, "sha": sha, "source": source, "project_id": project })
}

fn by(author: u64, id: usize, text: &str) -> Value {
    json!({ "id": id, "author": { "id": author }, "system": false, "body": text })
}

fn gitlab() -> Server<GitLab> {
    Server::start(|_| GitLab {
        store: None,
        texts: vec![(50, TEXT.into())],
        looks: vec![merge_request(SHA)],
        open: vec![7],
        pipelines: vec![
            pipeline(93, SHA, "push", 3),
            pipeline(92, OTHER_SHA, "merge_request_event", 3),
            pipeline(91, SHA, "merge_request_event", 3),
            pipeline(90, SHA, "merge_request_event", 3),
        ],
        jobs: vec![
            json!({ "id": 52, "name": "another", "status": "success" }),
            json!({ "id": 51, "name": "rightful", "status": "canceled" }),
            json!({ "id": 50, "name": "rightful", "status": "failed" }),
        ],
        diffs: vec![json!({ "old_path": "policies/people.yaml", "new_path": "policies/people.yaml" })],
        notes: vec![by(1, 1, "looks good")],
    })
}

impl Forge for GitLab {
    fn answer(&mut self, request: &Request) -> Answer {
        let number = |text: &str| text.parse::<u64>().ok();
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let text = |id: &str| {
            let found = self.texts.iter().find(|(job, _)| number(id) == Some(*job));
            found.map_or_else(Answer::missing, |(_, text)| Answer::bytes(200, text.clone()))
        };
        if let ["store", id] = parts[..] {
            return text(id);
        }
        if request.headers.get("private-token").map(String::as_str) != Some(TOKEN) {
            return Answer::bytes(401, Vec::new());
        }
        match (request.method.as_str(), &parts[..]) {
            ("GET", ["user"]) => Answer::json(200, &json!({ "id": 99 })),
            ("GET", ["projects", "3", "merge_requests"]) => {
                request.page(&self.open.iter().map(|iid| json!({ "iid": iid })).collect::<Vec<_>>())
            }
            ("GET", ["projects", "3", "merge_requests", "7"]) if self.looks.len() > 1 => {
                Answer::json(200, &self.looks.remove(0))
            }
            ("GET", ["projects", "3", "merge_requests", iid]) if number(iid).is_some_and(|iid| iid < 100) => {
                Answer::json(200, &self.looks[0])
            }
            ("GET", ["projects", "3", "merge_requests", iid, "pipelines"]) => match number(iid) {
                Some(7) => request.page(&self.pipelines),
                Some(iid) => request.page(&[pipeline(iid * 10, SHA, "merge_request_event", 3)]),
                None => Answer::missing(),
            },
            ("GET", ["projects", "3" | "4", "pipelines", "91", "jobs"]) => request.page(&self.jobs),
            ("GET", ["projects", "3", "pipelines", id, "jobs"]) => {
                request.page(&[json!({ "id": number(id), "name": "rightful", "status": "success" })])
            }
            ("GET", ["projects", "3" | "4", "jobs", id, "artifacts", "rightful", "comment.md"]) => match &self.store {
                Some(store) => Answer::redirect(format!("{store}/store/{id}")),
                None => text(id),
            },
            ("GET", ["projects", "3", "merge_requests", _, "diffs"]) => request.page(&self.diffs),
            ("GET", ["projects", "3", "merge_requests", _, "notes"]) => request.page(&self.notes),
            ("POST", ["projects", "3", "merge_requests", _, "notes"]) => {
                let id = self.notes.len() + 1;
                self.notes.push(by(99, id, request.text().trim_end()));
                Answer::json(201, &json!({ "id": id }))
            }
            ("PUT", ["projects", "3", "merge_requests", _, "notes", id]) => {
                match self.notes.iter_mut().find(|note| note["id"].as_u64() == number(id)) {
                    Some(note) => {
                        note["body"] = json!(request.text());
                        Answer::json(200, note)
                    }
                    None => Answer::missing(),
                }
            }
            _ => Answer::missing(),
        }
    }
}

fn run_with(server: &Server<GitLab>, arguments: &[&str], changed: &[(&str, &str)]) -> Ran {
    let script = root().join("examples/gitlab/.gitlab/rightful-note.sh");
    let mut environment = vec![
        ("CI_API_V4_URL", server.address.as_str()),
        ("CI_PROJECT_ID", "3"),
        ("RIGHTFUL_TOKEN", TOKEN),
        ("RIGHTFUL_PAUSE", "0"),
    ];
    environment.extend(changed);
    let ran = bash(&[&[script.to_str().unwrap()], arguments].concat(), &environment, None);
    assert!(!ran.said.contains(TOKEN), "{ran:?}");
    assert!(ran.left.is_empty(), "{ran:?}");
    ran
}

fn says(server: &Server<GitLab>, code: i32, expected: &str) {
    let ran = run_with(server, &[], &[]);
    assert_eq!((ran.code, ran.said), (code, format!("rightful-note: merge request 7: {expected}\n")));
}

fn refuses(server: &Server<GitLab>, why: &str) {
    says(server, 1, &format!("refused: {why}"));
    assert!(server.writes().is_empty(), "{:?}", server.writes());
}

fn with_text(text: impl Into<Vec<u8>>) -> Server<GitLab> {
    let server = gitlab();
    server.forge().texts = vec![(50, text.into())];
    server
}

#[test]
fn a_first_run_writes_a_note_and_a_second_one_updates_it() {
    let server = with_text(format!("{TEXT}\n"));
    says(&server, 0, "has a note now");
    says(&server, 0, "has the note already");
    server.forge().texts = vec![(50, TEXT.replace("export", "import").into())];
    says(&server, 0, "has a new text in its note");
    assert_eq!(server.forge().notes.len(), 2);
    assert_eq!(server.forge().notes[1]["body"], TEXT.replace("export", "import"));
    assert_eq!(server.writes(), [format!("POST {NOTES}"), format!("PUT {NOTES}/2")]);
}

#[test]
fn of_several_notes_the_first_own_one_is_updated_whatever_others_write() {
    let server = gitlab();
    let mut notes: Vec<Value> = (1..=250).map(|id| by(1, id, TEXT)).collect();
    notes[229] = json!({ "id": 230, "author": { "id": 99 }, "system": true, "body": TEXT });
    notes[230] = by(99, 231, "<!-- rightful diff -->\nold");
    notes[231] = by(99, 232, "<!-- rightful diff -->\nolder");
    server.forge().notes = notes;
    says(&server, 0, "has a new text in its note");
    assert_eq!(server.writes(), [format!("PUT {NOTES}/231")]);
}

#[test]
fn one_that_is_refused_does_not_keep_the_others_waiting() {
    let server = gitlab();
    server.forge().open = vec![6, 7, 8, 9];
    server.forge().texts = vec![(50, "no marker".into()), (80, TEXT.into()), (90, TEXT.into())];
    let ran = run_with(&server, &[], &[]);
    assert_eq!(ran.code, 1);
    for line in [
        "6: its job left no artefact, so nothing is posted",
        "7: refused: the text does not begin with the marker",
        "8: has a note now",
        "9: has the note already",
    ] {
        assert!(ran.said.contains(&format!("rightful-note: merge request {line}\n")), "{ran:?}");
    }
    // Only those that are named.
    let ran = run_with(&server, &["8"], &[]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "rightful-note: merge request 8: has the note already\n"));
    let ran = run_with(&server, &["8/../9"], &[]);
    assert_eq!((ran.code, ran.said.as_str()), (1, "rightful-note: the number of a merge request is no number\n"));
}

#[test]
fn what_stands_in_policies_goes_through_byte_for_byte() {
    let text = "<!-- rightful diff -->\n$(touch x) `touch x` $RIGHTFUL_TOKEN \\n %s \"'\"; touch x #\n| grønn | a/merge |\n\
                - /x and `/y`\n> /z\n// no order\n/ nor this\n\t\u{1f5dd}";
    let server = with_text(text);
    says(&server, 0, "has a note now");
    assert_eq!(server.forge().notes[1]["body"], text);
}

#[test]
fn an_order_to_gitlab_is_refused() {
    for order in ["\n/merge", "\n\n  /approve", "\n\t/close\n", "\r/label ~x", "\u{2028}/assign @x", "\n\u{200b}/MERGE"]
    {
        let server = with_text(format!("{TEXT}{order}"));
        refuses(&server, "the text has a line that GitLab would take for a quick action");
    }
}

#[test]
fn a_text_begins_with_the_marker_and_fits() {
    for text in ["", "hello", "\n<!-- rightful diff -->\n", "<!-- rightful diff --> x\n"] {
        refuses(&with_text(text), "the text does not begin with the marker");
    }
    let long = |length: usize| format!("<!-- rightful diff -->\n{}", "ø".repeat(length - 23));
    refuses(&with_text(long(65_537)), "the text is too long");
    refuses(&with_text(long(3_000_000)), "the text in the artefact is too large");
    says(&with_text(long(65_536)), 0, "has a note now");
}

#[test]
fn only_a_finished_job_of_the_last_commit_counts() {
    let none = "has no finished job for its last commit, so nothing is posted";
    for pipelines in [
        vec![],
        vec![pipeline(91, OTHER_SHA, "merge_request_event", 3)],
        vec![pipeline(91, SHA, "push", 3)],
        vec![pipeline(91, SHA, "merge_request_event", 5)],
    ] {
        let server = gitlab();
        server.forge().pipelines = pipelines;
        says(&server, 0, none);
    }
    let server = gitlab();
    server.forge().jobs.truncate(2);
    says(&server, 0, none);
    assert!(server.writes().is_empty());
}

#[test]
fn what_moved_on_is_left_to_the_next_run() {
    let closed = json!({ "state": "merged", "sha": SHA, "source_project_id": 3, "target_project_id": 3 });
    for looks in
        [vec![closed.clone()], vec![merge_request(SHA), closed], vec![merge_request(SHA), merge_request(OTHER_SHA)]]
    {
        let server = gitlab();
        server.forge().looks = looks;
        says(&server, 0, "is closed or has moved on, so nothing is posted");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn who_makes_the_pipeline_is_not_believed() {
    let warned = |server: &Server<GitLab>| {
        says(server, 0, "has a note now");
        let text = server.forge().notes[1]["body"].as_str().unwrap().to_owned();
        assert!(
            text.starts_with("<!-- rightful diff -->\n") && text.ends_with(TEXT.split_once('\n').unwrap().1),
            "{text}"
        );
        text.contains("> [!WARNING]")
    };
    assert!(!warned(&gitlab()));
    for path in [".gitlab-ci.yml", ".gitlab/rightful-note.sh"] {
        for (old, new) in [(path, "x"), ("x", path)] {
            let server = gitlab();
            server.forge().diffs.push(json!({ "old_path": old, "new_path": new }));
            assert!(warned(&server), "{path}");
        }
    }
    let server = gitlab();
    server.forge().looks[0]["source_project_id"] = json!(4);
    server.forge().pipelines = vec![pipeline(91, SHA, "merge_request_event", 4)];
    assert!(warned(&server));
}

#[test]
fn a_passing_fault_is_tried_again_and_nothing_is_written_twice() {
    let server = gitlab();
    for request in ["/user", "/projects/3/merge_requests", "/projects/3/jobs", NOTES] {
        server.fail(&format!("GET {request}"), Fault::Before, 500);
        server.fail(&format!("GET {request}"), Fault::Before, 429);
    }
    server.fail("POST", Fault::Before, 503);
    server.fail("POST", Fault::After, 502);
    says(&server, 0, "has the note already");
    assert_eq!((server.writes().len(), server.forge().notes.len()), (2, 2));

    let server = gitlab();
    server.fail("POST", Fault::Before, 403);
    says(&server, 1, "the API answers 403 to the note: broken");
}

#[test]
fn the_token_goes_to_the_api_and_nowhere_else() {
    let server = gitlab();
    let store = gitlab();
    server.forge().store = Some(store.address.clone());
    says(&server, 0, "has a note now");
    assert_eq!(store.seen().len(), 1);
    assert!(!store.seen()[0].headers.contains_key("private-token"));

    let ran = run_with(&server, &[], &[("RIGHTFUL_TOKEN", "")]);
    assert!(ran.code == 1 && ran.said.contains("RIGHTFUL_TOKEN is not set"), "{ran:?}");
}
