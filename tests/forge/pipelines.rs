//! The pipelines as they are written: pinned, with few permissions, and nothing of a pull request in the text of a
//! script.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::shell::{Ran, bash, root, stand_in};

/// Every YAML file of a pipeline, in the examples and wherever `init` keeps one.
fn pipelines() -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join("examples"), root().join("src/cli/init")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn github(name: &str) -> Value {
    yaml(&format!("examples/github/.github/workflows/{name}.yml"))
}

/// All values under a key, however deep.
fn values<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key));
            fields.values().for_each(|value| values(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| values(value, key, found)),
        _ => {}
    }
}

#[test]
fn every_pipeline_is_yaml_and_every_action_is_pinned() {
    let mut used = 0;
    let pipelines = pipelines();
    for (path, text) in &pipelines {
        serde_yaml::from_str::<Value>(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for line in text.lines().filter(|line| line.trim_start_matches([' ', '-']).starts_with("uses:")) {
            let (_, pin) = line.split_once('@').unwrap_or_else(|| panic!("{line}"));
            let (hash, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
            assert!(hash.len() == 40 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{line}");
            assert!(
                version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok()),
                "{line}"
            );
            used += 1;
        }
        // What one pull request leaves there would be run by the next.
        assert!(!text.contains("actions/cache") && !text.contains("cache:"), "{}", path.display());
        assert!(!text.contains("pull_request_target"), "{}", path.display());
    }
    assert_eq!((pipelines.len(), used), (3, 4));
}

#[test]
fn nothing_is_put_into_the_text_of_a_script() {
    for (path, text) in pipelines() {
        let pipeline: Value = serde_yaml::from_str(&text).unwrap();
        for key in ["run", "script", "before_script"] {
            let mut scripts = Vec::new();
            values(&pipeline, key, &mut scripts);
            let spoiled = scripts.into_iter().map(Value::to_string).find(|script| script.contains("${{"));
            assert_eq!(spoiled, None, "{}", path.display());
        }
    }
}

#[test]
fn the_half_that_runs_a_pull_request_can_only_read() {
    let workflow = github("rightful");
    assert_eq!(workflow["permissions"], json!({ "contents": "read" }));
    assert_eq!(workflow["on"], json!({ "pull_request": null, "push": { "branches": ["main"] } }));
    let mut permissions = Vec::new();
    values(&workflow["jobs"], "permissions", &mut permissions);
    assert!(permissions.is_empty());
    let text = workflow.to_string();
    assert!(!text.contains("secrets.") && !text.contains("token"), "{text}");
    let steps = workflow["jobs"]["rightful"]["steps"].as_array().unwrap();
    let checkout = steps.iter().position(|step| step["id"] == "checkout").unwrap();
    assert_eq!(steps[checkout]["with"], json!({ "fetch-depth": 0, "persist-credentials": false }));
    let install = steps.iter().position(|step| step["name"] == "Install").unwrap();
    assert!(install < checkout && steps[install]["working-directory"] == "${{ runner.temp }}");
}

#[test]
fn the_half_that_may_write_runs_only_the_default_branch() {
    let workflow = github("rightful-comment");
    assert_eq!(workflow["permissions"], json!({}));
    assert_eq!(workflow["on"], json!({ "workflow_run": { "workflows": ["rightful"], "types": ["completed"] } }));
    let job = &workflow["jobs"]["comment"];
    assert_eq!(job["permissions"], json!({ "actions": "read", "contents": "read", "pull-requests": "write" }));
    let steps = job["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["with"]["ref"], "${{ github.event.repository.default_branch }}");
    assert_eq!(steps[0]["with"]["persist-credentials"], false);
    assert_eq!(steps[1]["run"], "bash .github/rightful-comment.sh");
    assert!(!workflow.to_string().contains("secrets."));

    let gitlab = yaml("examples/gitlab/.gitlab-ci.yml");
    let note = &gitlab["rightful-comment"];
    let schedule = "$CI_PIPELINE_SOURCE == \"schedule\" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH";
    assert_eq!(note["rules"], json!([{ "if": schedule }]));
    assert_eq!(note["script"], json!(["bash .gitlab/rightful-note.sh"]));
    assert!(!gitlab["rightful"].to_string().contains("TOKEN"));
}

/// Runs a step with a stand-in for the program.
fn step(script: &str, program: &str, environment: &[(&str, &str)]) -> Ran {
    let folder = stand_in("rightful", program);
    bash(&["--noprofile", "--norc", "-eo", "pipefail", "-c", script], environment, Some(folder.path()))
}

const GITHUB: [(&str, &str); 8] = [
    ("BASE", "b"),
    ("HEAD", "h"),
    ("NUMBER", "7"),
    ("GITHUB_SERVER_URL", "https://forge.example"),
    ("GITHUB_REPOSITORY", "firm/policies"),
    ("GITHUB_RUN_ID", "77"),
    ("GITHUB_STEP_SUMMARY", "summary"),
    ("LC_ALL", "C"),
];

fn github_step(id: &str) -> String {
    let workflow = github("rightful");
    let steps = workflow["jobs"]["rightful"]["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == id || step["name"] == id).unwrap();
    found["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_closed_gate_is_handed_over_complete() {
    for status in ["0", "1"] {
        let program = format!("echo \"$*\"; exit {status}");
        let ran = step(&github_step("diff"), &program, &GITHUB);
        assert_eq!(ran.code, 0, "{ran:?}");
        let text = "diff b...h --format markdown --full https://forge.example/firm/policies/actions/runs/77\n";
        let expected = [
            "rightful-diff/diff.json: diff b...h --format json\n".to_owned(),
            format!("rightful/comment.md: {text}"),
            "rightful/head: h\n".to_owned(),
            "rightful/number: 7\n".to_owned(),
            format!("rightful/status: {status}\n"),
            format!("summary: {text}"),
        ];
        assert_eq!(ran.left, expected);
    }
    let gate = format!("mkdir rightful; echo 1 > rightful/status\n{}", github_step("Gate"));
    assert_eq!(step(&gate, "", &[]).code, 1);
}

#[test]
fn what_cannot_be_compared_is_said_and_replaces_what_was_there() {
    let ran = step(&github_step("diff"), "echo nonsense >&2; exit 2", &GITHUB);
    assert_eq!(ran.code, 0, "{ran:?}");
    let comment = ran.left.iter().find_map(|file| file.strip_prefix("rightful/comment.md: ")).unwrap();
    assert!(
        comment.starts_with("<!-- rightful diff -->\n") && comment.contains("(https://forge.example/"),
        "{comment}"
    );
    assert!(ran.left.contains(&"rightful/status: 2\n".to_owned()), "{ran:?}");
    assert!(!ran.left.iter().any(|file| file.contains("diff.json")), "{ran:?}");
}

#[test]
fn on_gitlab_a_check_or_a_gate_fails_the_job_after_the_artefact_is_made() {
    let pipeline = yaml("examples/gitlab/.gitlab-ci.yml");
    let script = pipeline["rightful"]["script"][1].as_str().unwrap();
    let environment =
        [("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b"), ("CI_COMMIT_SHA", "h"), ("CI_JOB_URL", "https://forge.example/j")];
    let program = |check: u8, diff: u8| {
        format!(
            "if [ \"$1\" = check ]; then exit {check}; fi\nif [ {diff} = 2 ]; then exit 2; fi\necho \"$*\"; exit {diff}"
        )
    };
    for (check, diff, code) in [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1), (0, 2, 2), (2, 2, 2)] {
        let ran = step(script, &program(check, diff), &environment);
        assert_eq!(ran.code, code, "{ran:?}");
        let comment = ran.left.iter().find_map(|file| file.strip_prefix("rightful/comment.md: ")).unwrap();
        if diff == 2 {
            assert!(comment.starts_with("<!-- rightful diff -->\n") && comment.contains("(https://forge.example/j)"));
        } else {
            assert_eq!(comment, "diff b...h --format markdown --full https://forge.example/j/artifacts/browse\n");
            assert!(ran.left.contains(&"rightful/diff.json: diff b...h --format json\n".to_owned()), "{ran:?}");
        }
    }
    // Outside of a merge request there is nothing to compare.
    let ran = step(script, &program(0, 2), &[]);
    assert_eq!((ran.code, ran.left), (0, vec!["rightful.xml: ".to_owned()]));
}

#[test]
fn the_scripts_are_the_ones_that_the_pipelines_name() {
    for (pipeline, script) in [
        ("examples/github/.github/workflows/rightful-comment.yml", "examples/github/.github/rightful-comment.sh"),
        ("examples/gitlab/.gitlab-ci.yml", "examples/gitlab/.gitlab/rightful-note.sh"),
    ] {
        let root = root();
        let text = fs::read_to_string(root.join(pipeline)).unwrap();
        let folder = script.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let named = Path::new(script).strip_prefix(folder).unwrap();
        assert!(text.contains(&format!("bash {}\n", named.display())), "{script}");
        assert_eq!(bash(&["-n", root.join(script).to_str().unwrap()], &[], None).code, 0, "{script}");
    }
}
