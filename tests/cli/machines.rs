//! Every JSON output fits its schema, and SARIF the schema of its standard.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::repository::Repository;

fn validator(path: &Path) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn fits(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// A firm with much to find, a database that somebody changed, and a plan with conflicts.
fn firm_with_findings() -> Repository {
    Repository::with(&[
        ("rightful.yaml", "lints: { redundant-rule: warning }\nsensitive: [data.export]\n"),
        (
            "policies/a.yaml",
            "users: { lars: { allow: [data.export, calendar.see of everyone] }, anna: { active: false } }\n\
             groups:\n  all: { members: [everyone, anna until 2020-01-01], allow: [program.start], deny: [data.export] }\n\
             expect:\n  - nobody can data.export\n  - all can program.start\n  - anna can program.start\n",
        ),
    ])
}

fn firm_with_companies() -> Repository {
    Repository::with(&[
        (
            "rightful.yaml",
            "companies:\n  a: { policies: [policies/common], database: \"sqlite:a.db\" }\n  \
             b: { policies: [policies/common, policies/b], database: \"sqlite:b.db\" }\n",
        ),
        ("policies/common/a.yaml", "users: { lars: { alow: [data.export] } }\n"),
        ("policies/b/b.yaml", "groups: { empty: }\n"),
    ])
}

#[test]
fn every_json_output_fits_its_schema() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/output");
    let mut seen = Vec::new();
    for firm in [Repository::sample(), firm_with_findings(), firm_with_companies()] {
        for (schema, arguments) in [
            ("check", "check --on 2026-11-22"),
            ("why", "why lars data.export"),
            ("why", "why lars calendar.see of everyone"),
            ("why", "why group:sales data.export"),
            ("can", "can lars data.export"),
            ("what", "what lars"),
            ("what", "what group:sales"),
            ("versus", "what lars --versus anna"),
            ("versus", "what group:sales --versus lars"),
            ("upcoming", "upcoming --on 2026-11-23 --days 365"),
            ("who", "who data.export"),
            ("who", "who calendar.see of everyone and data.export"),
            ("matrix", "matrix --scoped"),
            ("plan", "plan"),
            ("apply", "apply --yes"),
            ("apply", "apply --yes"),
            ("plan", "plan"),
            ("rights", "rights"),
            ("explain", "explain"),
            ("explain", "explain inert-rule --lang nl"),
            ("new-user", "new user kim --like lars"),
            ("fix", "why lars data.export --fix 1"),
        ] {
            let ran = firm.command(arguments).args(["--format", "json"]).output().unwrap();
            let out = String::from_utf8(ran.stdout).unwrap();
            if out.is_empty() {
                continue;
            }
            let value: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(value["version"], 1, "{arguments}");
            fits(&validator(&folder.join(format!("{schema}.json"))), &value, arguments);
            seen.push(format!("{schema}.json"));
        }
    }
    let firm = super::online::connected();
    for (schema, arguments) in [
        ("online", "online"),
        ("invite", "invite list"),
        ("online-deed", "invite resend lars --as anna"),
        ("online-deed", "disconnect --as anna --yes"),
        ("online-deed", "connect --as anna --on 2026-11-22"),
    ] {
        let ran = firm.command(arguments).args(["--format", "json"]).output().unwrap();
        let value: Value = serde_json::from_slice(&ran.stdout).unwrap();
        fits(&validator(&folder.join(format!("{schema}.json"))), &value, arguments);
        seen.push(format!("{schema}.json"));
    }
    let ran = Repository::with(&[("x", "")]).command("init --format json").output().unwrap();
    fits(&validator(&folder.join("init.json")), &serde_json::from_slice(&ran.stdout).unwrap(), "init");
    seen.push("init.json".to_owned());
    let firm = firm_with_findings();
    firm.commit("t", "2026-01-01", "Begin");
    for (schema, arguments) in [("log", "log lars data.export"), ("why", "why lars data.export --blame")] {
        let (_, value) = firm.json(arguments);
        fits(&validator(&folder.join(format!("{schema}.json"))), &value, arguments);
        seen.push(format!("{schema}.json"));
    }
    firm.run("plan --keep-drift -o saved.json");
    let saved = serde_json::from_slice(&fs::read(firm.path("saved.json")).unwrap()).unwrap();
    fits(&validator(&folder.join("saved-plan.json")), &saved, "plan -o");
    seen.push("saved-plan.json".to_owned());
    let firm = Repository::of("users: { lars: { allow: [data.export] }, anna: }\n");
    firm.run("apply");
    let database = rusqlite::Connection::open(firm.path("crm.db")).unwrap();
    database.execute("UPDATE users SET name = 'Lars K.' WHERE id = 'lars'", []).unwrap();
    for (schema, arguments) in [
        ("pull", "pull --yes"),
        ("audit", "audit"),
        ("audit-verify", "audit verify"),
        ("history", "history"),
        ("status", "status"),
        ("doctor", "doctor"),
    ] {
        let (_, value) = firm.json(arguments);
        fits(&validator(&folder.join(format!("{schema}.json"))), &value, arguments);
        seen.push(format!("{schema}.json"));
    }
    let (_, value) = super::merging::harmless().json("merge-check ours theirs");
    fits(&validator(&folder.join("merge-check.json")), &value, "merge-check");
    seen.push("merge-check.json".to_owned());
    for (schema, arguments, value) in differences() {
        let path = folder.join(format!("{schema}.json"));
        assert_eq!(value["version"], 1, "{arguments}");
        fits(&validator(&path), &value, &arguments);
        seen.push(format!("{schema}.json"));
    }
    // Every schema was needed.
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(seen.contains(&name), "nothing was held to {name}");
    }
}

/// Differences of every kind: with companies, later days, gates, weakenings, and one policy on two days.
fn differences() -> Vec<(&'static str, String, Value)> {
    let sample = Repository::sample();
    sample.commit("t", "2026-01-01", "Begin");
    sample.write("policies/kim.yaml", "users: { kim: { allow: [data.export, calendar.see of everyone] } }\n");
    let changes = firm_with_findings();
    changes.write(
        "rightful.yaml",
        "sensitive: [data.export]\ngates: [nobody gains sensitive, expectations hold, at most 3 users lose anything]\n\
         reviewers: { data.export: [anna, \"@nordwind/it\"], group:all: [anna], access to lars: [anna] }\n",
    );
    changes.commit("t", "2026-01-01", "Begin");
    changes.write("rightful.yaml", "lints: { inert-rule: off }\n");
    changes.write(
        "policies/a.yaml",
        "users: { lars: { deny: [data.export] }, kim: { allow: [data.export, calendar.see of everyone] } }\n\
         groups:\n  all: { members: [everyone from 2126-01-01], allow: [program.start, sms.send from 2126-02-01] }\n  \
         new: { members: [kim, group:all], deny: [sms.send] }\n",
    );
    let companies = Repository::with(&[
        (
            "rightful.yaml",
            "companies: { a: { policies: [common] }, b: { policies: [common, b] } }\ngates: [no change]\n",
        ),
        ("common/a.yaml", "users: { lars: }\nexpect: [nobody can data.export]\n"),
        ("b/b.yaml", "users: { ben: { allow: [sms.send] } }\n"),
    ]);
    companies.commit("t", "2026-01-01", "Begin");
    companies.write("rightful.yaml", "companies: { a: { policies: [common] }, c: { policies: [common, c] } }\n");
    companies.write("common/a.yaml", "users: { lars: { allow: [data.export from 2126-01-01] } }\n");
    companies.write("c/c.yaml", "users: { cleo: { allow: [sms.send] } }\n");
    let mut all = Vec::new();
    for firm in [sample, changes, companies] {
        for (schema, arguments) in [
            ("diff", "diff"),
            ("diff", "diff HEAD . --on 2026-11-22"),
            ("diff", "diff HEAD HEAD"),
            ("diff", "diff --lang de --fail-on gain:sensitive --expect no-change --unfold"),
            ("diff", "diff --since 2026-01-01 --on 2126-06-01"),
            ("reviewers", "reviewers"),
            ("reviewers", "reviewers --approved-by anna"),
        ] {
            let (code, value) = firm.json(arguments);
            assert!(code < 2, "{arguments}");
            all.push((schema, arguments.to_owned(), value));
        }
    }
    // There is something of everything to hold the schemas to.
    for list in ["gains", "losses", "reasons", "declared", "edits", "joined", "left", "later", "gates", "weakenings"] {
        let found = all.iter().any(|(.., value)| value[list].as_array().is_some_and(|list| !list.is_empty()));
        assert!(found, "{list}");
    }
    all
}

/// The JSON Schema of SARIF 2.1.0, as it comes with a package that the tests depend on for it.
fn sarif_schema() -> PathBuf {
    // Without the platform it would ask for packages that nothing here is built with.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let ran = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let metadata: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("src").join("schema.json")
}

#[test]
fn sarif_fits_the_schema_of_its_standard() {
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(sarif_schema()).unwrap()).unwrap();
    // The published schema has a pattern with a bracket too many, about a property that is not used here.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for firm in [Repository::sample(), firm_with_findings(), firm_with_companies()] {
        let ran = firm.command("check --format sarif --lang de").output().unwrap();
        let log: Value = serde_json::from_slice(&ran.stdout).unwrap();
        fits(&validator, &log, "check --format sarif");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let translated = |rule: &Value| {
            let english = rightful::diag::Code::of(rule["id"].as_str().unwrap()).unwrap().page();
            rule["fullDescription"]["text"] != *english.means
        };
        assert!(rules.iter().all(translated));
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(result["partialFingerprints"]["rightfulFinding/v1"].is_string());
        }
    }
    let firm = super::diff_formats::firm();
    let ran = firm.command("diff HEAD~1 HEAD --format sarif --on 2026-11-22").output().unwrap();
    fits(&validator, &serde_json::from_slice(&ran.stdout).unwrap(), "diff --format sarif");
    // The schema does refuse what is wrong.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": {} }] })));
}

#[test]
fn a_fingerprint_stays_when_lines_move() {
    let prints = |policy: &str| {
        let firm = Repository::of(policy);
        let ran = firm.command("check --format sarif").output().unwrap();
        let log: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect::<Vec<_>>()
    };
    let policy = "groups:\n  a: { deny: [data.export, data.export] }\n  b: { deny: [data.export] }\nusers: { lars: }\n";
    let before = prints(policy);
    assert_eq!(before, prints(&format!("# a comment\n\n{policy}")));
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
}
