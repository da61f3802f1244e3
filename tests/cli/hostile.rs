//! Nasty names, reasons and paths through every output format: nothing is interpreted by a terminal, a forge, a
//! browser, or a reader of XML or SARIF.

use super::repository::Repository;

/// Texts that somebody would write to break out of an output, or who copied them from elsewhere.
pub const CORPUS: [&str; 34] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}31m",
    "\u{202e}evil\u{202c}",
    "zero\u{200b}width",
    "\u{feff}mark",
    "line\r\nbreak",
    "next\u{85}line\u{2028}",
    "back`tick``three```",
    "a|b|c",
    "</details></summary>",
    "![image](https://evil.example/x.png)",
    "[link](https://evil.example) [1](2)",
    "@team @everyone",
    "=cmd()|' /C calc'!A0",
    "+1-1",
    "\"double\" 'single' \\back\\",
    "<script>alert(1)</script>&amp;<!--",
    "]]><![CDATA[",
    "::error file=x::y",
    "100% %0A::warning::z%25",
    "{0} {name} {{ }}",
    "https://evil.example www.evil.example a@evil.example",
    "#1 GH-1 org/repo#1 !1 &1 ~bug",
    ":tada: :+1:",
    "/close",
    "# head",
    "1. item",
    "*a* _b_ ~~c~~ **d**",
    "$a$ $$b$$ $`c`$",
    "<!-- rightful diff -->",
    "-->",
    "&lt;b&gt; &#64;team",
    "a\\|b\\",
];

/// Double quotes, with everything else escaped as YAML has it.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() || !c.is_ascii() => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Whether a policy takes a text, or says that it hides something.
pub fn is_taken(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || ('\u{200b}'..='\u{2069}').contains(&c) || c == '\u{feff}')
}

/// A policy that compiles, with a text in every place that takes texts for people.
fn shown_everywhere(text: &str) -> String {
    let text = quoted(text);
    let reason = quoted(&format!(
        "data.export because \"{}\"",
        serde_json::from_str::<String>(&text).unwrap_or_default().replace('\\', "\\\\").replace('"', "\\\"")
    ));
    format!(
        "employees: {{ e: {{ name: {text}, email: {text}, phone: {text}, department: {text} }} }}\n\
         users: {{ lars: {{ employee: e, name: {text}, allow: [{reason}] }}, anna: }}\n\
         groups:\n  sales:\n    name: {text}\n    members: [anna, {{ member: lars, until: 2027-01-01, because: {text} }}]\n    \
         deny: [{{ right: data.export, because: {text} }}]\n\
         modules: {{ m: {{ name: {text} }} }}\n\
         attachments: {{ a: [{text}] }}\n\
         rights: {{ own.right: {{ name: {{ de: {text} }}, meaning: {text} }} }}\n\
         company: {{ name: {text} }}\n\
         expect: [{{ that: nobody can data.export, because: {text} }}]\n"
    )
}

/// A policy full of mistakes around a text: as a name, a field, a rule, a value.
fn mistakes(text: &str) -> String {
    let text = quoted(text);
    format!(
        "users: {{ {text}: , lars: {{ {text}: x, employee: {text}, superuser: {text}, allow: [{text}], modules: {text} }} }}\n\
         groups: {{ sales: {{ members: [{text}] }} }}\n{text}: 1\nexpect: [{text}]\n"
    )
}

fn repositories() -> Vec<Repository> {
    let nasty_path = "policies/a b#[1]%0A,x:y`|\u{202e}\u{1b}[31m\n::error::z=<b>&'\".yaml";
    let taken = CORPUS.iter().filter(|text| is_taken(text)).map(|text| shown_everywhere(text));
    let wrong = CORPUS.iter().map(|text| mistakes(text));
    let mut all: Vec<Repository> = taken.chain(wrong).map(|policy| Repository::with(&[(nasty_path, policy)])).collect();
    // The same bytes as they are, which need not even be YAML.
    all.extend(CORPUS.iter().map(|text| Repository::of(&format!("users: {{ lars: {{ name: {text} }} }}\n"))));
    all
}

/// Runs a command; what it printed, and what it complained.
fn printed(firm: &Repository, arguments: &[&str]) -> (String, String) {
    let ran = firm.command("").args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    (out, err)
}

/// Nothing that a terminal obeys, or that hides or turns text.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() && c != '\n'
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
            || c == '\u{feff}'
    })
}

#[test]
fn no_output_has_anything_that_a_terminal_obeys() {
    let commands: [&[&str]; 28] = [
        &["check"],
        &["check", "--lang", "de"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "junit"],
        &["check", "--format", "github"],
        &["why", "lars", "data.export"],
        &["why", "lars", "data.export", "--format", "json"],
        &["why", "group:sales", "data.export"],
        &["what", "lars"],
        &["what", "lars", "--versus", "anna"],
        &["what", "lars", "--versus", "anna", "--format", "json"],
        &["upcoming", "--on", "2026-11-23", "--days", "3650"],
        &["upcoming", "--on", "2026-11-23", "--days", "3650", "--lang", "de"],
        &["upcoming", "--on", "2026-11-23", "--days", "3650", "--format", "json"],
        &["who", "data.export"],
        &["who", "data.export", "and", "calendar.see", "of", "everyone", "--format", "json"],
        &["what", "lars", "--format", "json"],
        &["matrix", "--scoped"],
        &["matrix", "--scoped", "--format", "json"],
        &["rights", "--lang", "de"],
        &["rights", "--format", "json"],
        &["plan"],
        &["plan", "--format", "json"],
        &["apply", "--yes", "--format", "json"],
        &["can", "lars", "data.export"],
        &["new", "user", "kim", "--like", "lars"],
        &["new", "user", "kit", "--like", "lars", "--format", "json"],
    ];
    for firm in repositories() {
        for arguments in commands {
            let (out, err) = printed(&firm, arguments);
            assert!(is_harmless(&out), "{arguments:?}: {out:?}");
            assert!(is_harmless(&err), "{arguments:?}: {err:?}");
            if arguments.contains(&"json") && !out.is_empty() {
                serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
            }
        }
    }
    for text in CORPUS {
        let firm = Repository::of("users: { lars: }");
        for question in [["why", text], ["what", text], ["who", text], ["explain", text], ["can", text]] {
            let (out, err) = printed(&firm, &question);
            assert!(is_harmless(&out) && is_harmless(&err), "{question:?}: {out:?} {err:?}");
        }
    }
}

#[test]
fn every_annotation_is_one_line_whose_properties_end_where_they_should() {
    for firm in repositories() {
        let (out, _) = printed(&firm, &["check", "--format", "github"]);
        let (json, _) = printed(&firm, &["check", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(out.lines().count(), json["findings"].as_array().unwrap().len(), "{out}");
        for line in out.lines() {
            let rest = line.strip_prefix("::error ").or_else(|| line.strip_prefix("::warning ")).unwrap();
            let (properties, _) = rest.split_once("::").unwrap();
            for property in properties.split(',') {
                let (name, value) = property.split_once('=').unwrap();
                assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&name), "{line}");
                assert!(!value.contains(':'), "{line}");
                let escapes = value
                    .split('%')
                    .skip(1)
                    .all(|rest| ["25", "0A", "0D", "3A", "2C"].iter().any(|code| rest.starts_with(code)));
                assert!(escapes, "{line}");
            }
        }
    }
}

#[test]
fn junit_is_xml_with_a_case_for_each_finding() {
    for firm in repositories() {
        let (out, _) = printed(&firm, &["check", "--format", "junit"]);
        let report = quick_junit::Report::deserialize_from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
        assert!(report.test_suites.iter().all(|suite| !suite.test_cases.is_empty()), "{out}");
    }
}

#[test]
fn sarif_texts_have_no_links_and_its_paths_are_references() {
    for firm in repositories() {
        let (out, _) = printed(&firm, &["check", "--format", "sarif"]);
        let log: serde_json::Value = serde_json::from_str(&out).unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let text = result["message"]["text"].as_str().unwrap();
            let bare =
                text.replace("\\\\", "").replace("\\[", "").replace("\\]", "").replace("{{", "").replace("}}", "");
            assert!(!bare.contains(['[', ']', '{', '}']), "{text}");
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
        }
    }
}

#[test]
fn nothing_in_a_history_is_obeyed_by_a_terminal() {
    let firm = Repository::of("users: { lars: }");
    for (index, text) in CORPUS.iter().enumerate() {
        // Each commit changes the answer.
        let name = if is_taken(text) { text } else { "-" };
        let rule = if index % 2 == 0 { "allow: [data.export]" } else { "allow: [lists.print]" };
        firm.write("policies/a.yaml", format!("users:\n  lars: {{ name: {}, {rule} }}\n", quoted(name)));
        firm.commit(&format!("a {}", text.replace(['\n', '\r', '<', '>'], "")), "2026-01-01", text);
        for arguments in [
            ["log", "lars", "data.export"].as_slice(),
            &["log", "lars", "data.export", "--format", "json"],
            &["why", "lars", "data.export", "--blame"],
            &["why", "lars", "lists.print", "--blame", "--format", "json"],
        ] {
            let (out, err) = printed(&firm, arguments);
            assert!(is_harmless(&out) && is_harmless(&err), "{arguments:?}: {out:?} {err:?}");
            if arguments.contains(&"json") && !out.is_empty() {
                serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
            }
        }
    }
    let (out, _) = printed(&firm, &["log", "lars", "data.export"]);
    assert!(out.contains("\\u{1b}[31mred") && out.contains("\\u{202e}evil"), "{out}");
}

#[test]
fn no_difference_has_anything_that_a_terminal_obeys() {
    for firm in repositories() {
        firm.write("before/policies/a.yaml", "users: { lars: }\n");
        firm.write("rightful.yaml", "gates: [no change]\nreviewers: { data.export: [anna] }\n");
        for arguments in [
            ["diff", "before/", "."].as_slice(),
            &["diff", "before/", ".", "--unfold", "--lang", "de"],
            &["diff", ".", "before/", "--format", "json"],
            &["diff", "before/", ".", "--format", "json"],
            &["diff", "--since", "2020-01-01"],
            &["reviewers", ".", "before/"],
            &["reviewers", "before/", ".", "--format", "json"],
        ] {
            let (out, err) = printed(&firm, arguments);
            assert!(is_harmless(&out) && is_harmless(&err), "{arguments:?}: {out:?} {err:?}");
            if arguments.contains(&"json") && !out.is_empty() {
                serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
            }
        }
    }
    for text in CORPUS {
        let firm = Repository::of("users: { lars: { allow: [data.export] } }\n");
        firm.write("before/policies/a.yaml", "users: { lars: }\n");
        let text = text.replace('\0', "");
        for arguments in [
            ["diff", &text].as_slice(),
            &["diff", &text, "."],
            &["diff", &format!("{text}...{text}")],
            &["diff", "before/", ".", "--expect", &text],
            &["diff", "before/", ".", "--fail-on", &format!("gain:{text}")],
            &["diff", "before/", ".", "--company", &text],
            &["reviewers", "before/", ".", "--approved-by", &text],
            &["reviewers", &text],
        ] {
            let (out, err) = printed(&firm, arguments);
            assert!(is_harmless(&out) && is_harmless(&err), "{arguments:?}: {out:?} {err:?}");
        }
        // In the settings of a base and of a head.
        let quoted = quoted(&text);
        let settings = format!(
            "gates: [{quoted}]\nsensitive: [{quoted}]\nreviewers: {{ {quoted}: [{quoted}], data.export: [{quoted}] }}\nguards: {{ lose_rights: {quoted} }}\n"
        );
        firm.write("before/rightful.yaml", &settings);
        for arguments in
            [["diff", "before/", "."].as_slice(), &["diff", ".", "before/"], &["reviewers", "before/", "."]]
        {
            let (out, err) = printed(&firm, arguments);
            assert!(is_harmless(&out) && is_harmless(&err), "{arguments:?}: {out:?} {err:?}");
        }
    }
}

const HARMLESS: &str = "users: { lars: }\n";
const EXPORT: &str = "users: { lars: { allow: [data.export] } }\n";

/// A checkout of a base, and a branch `fork` of somebody whom nobody knows, on which something was done.
fn forked(work: impl Fn(&Repository)) -> Repository {
    let firm = Repository::of(HARMLESS);
    firm.commit("Rolf Lund", "2026-01-01", "Begin");
    firm.git("switch -q -c fork");
    firm.write("policies/a.yaml", EXPORT);
    work(&firm);
    firm.git("add -A -f");
    firm.git("commit -q -m Fork");
    firm
}

#[test]
fn a_fork_leads_nobody_out_of_its_tree() {
    let outside = Repository::with(&[
        ("secret.yaml", "users: { secret: }\n"),
        ("policies/secret.yaml", "users: { secret: }\n"),
        ("rightful.yaml", "gates: [nobody gains data.secret]\n"),
    ]);
    let link = |firm: &Repository, at: &str, to: &str| {
        let path = firm.path(at);
        let _ = std::fs::remove_dir_all(&path);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(to, path).unwrap();
    };
    let absolute = outside.path(".").canonicalize().unwrap().display().to_string();
    let relative = format!("../../{}", outside.path(".").canonicalize().unwrap().file_name().unwrap().display());
    for (at, to) in [
        ("policies/x.yaml", format!("{absolute}/secret.yaml")),
        ("policies/x.yaml", format!("{relative}/secret.yaml")),
        ("policies/x.yaml", "/proc/self/environ".to_owned()),
        ("policies/x", absolute.clone()),
        ("policies/x", relative.clone()),
        ("policies", format!("{absolute}/policies")),
        ("rightful.yaml", format!("{absolute}/rightful.yaml")),
        ("rightful.yaml", "/dev/zero".to_owned()),
        ("policies/x.yaml", "x.yaml".to_owned()),
    ] {
        let firm = forked(|firm| link(firm, at, &to));
        for arguments in ["diff main...fork", "diff main", "reviewers main...fork", "diff main .", "diff fork main"] {
            let said = firm.run(arguments);
            assert!(said.starts_with("exit 2\n") && said.contains("symbolic link"), "{at} {to} {arguments}: {said}");
            assert!(!said.contains("secret:") && !said.contains("data.secret"), "{at} {to} {arguments}: {said}");
        }
    }
    // Paths in the settings lead out no more than links do.
    for folder in ["../policies", "/etc", "policies/../../x", "~", "policies\\..\\.."] {
        let firm =
            forked(|firm| firm.write("rightful.yaml", format!("companies: {{ a: {{ policies: ['{folder}'] }} }}\n")));
        let said = firm.run("diff main...fork");
        assert!(said.starts_with("exit 2\n"), "{folder}: {said}");
    }
    // What names a place outside is only said.
    let firm = forked(|firm| {
        firm.write("rightful.yaml", "companies: { a: { policies: [policies], database: \"env:HOME\" } }\n")
    });
    assert!(!firm.run("diff main...fork").contains("root"));
}

#[test]
fn a_fork_brings_submodules_and_odd_files() {
    // A submodule is a folder of which nothing is here, whatever it is called; among the policies it is refused.
    for at in ["policies/sub", "policies/sub.yaml", "sub"] {
        let firm = forked(|_| {});
        let id = firm.git("rev-parse HEAD");
        firm.git(&format!("update-index --add --cacheinfo 160000,{id},{at}"));
        firm.write(".gitmodules", format!("[submodule \"x\"]\n\tpath = {at}\n\turl = ext::sh -c touch% trace\n"));
        firm.git("add .gitmodules");
        firm.git("commit -q -m Submodule");
        if at.starts_with("policies/") {
            // What it would say once it is there, nobody who compares commits could see.
            let said = firm.run("diff main...fork");
            assert!(said.starts_with("exit 2\n") && said.contains("is a git repository of its own"), "{said}");
        } else {
            let (code, value) = firm.json("diff main...fork");
            assert_eq!((code, &value["gains"][0]["right"]), (0, &serde_json::json!("data.export")), "{at}");
        }
        assert!(!firm.path("trace").exists());
    }
    // Names that a terminal or a forge would read otherwise.
    let name = "policies/a\n::error::x\u{1b}[31m\u{202e}b.yaml";
    let firm = forked(|firm| firm.write(name, "users: { kim: { allow: [sms.send] } }\n"));
    for arguments in [["diff", "main...fork"].as_slice(), &["diff", "main"], &["diff", "main", "fork", "--unfold"]] {
        let (out, err) = printed(&firm, arguments);
        assert!(is_harmless(&out) && out.contains("kim"), "{out:?} {err:?}");
        assert!(!out.lines().any(|line| line.trim_start().starts_with("::error")), "{out}");
    }
    let (_, value) = firm.json("diff main...fork");
    assert_eq!(value["gains"][0]["user"], "kim");
    // A file of many times the memory that anybody would read.
    let firm = forked(|_| {});
    firm.write("policies/big.yaml", "");
    std::fs::File::options().write(true).open(firm.path("policies/big.yaml")).unwrap().set_len(1 << 40).unwrap();
    let said = firm.run("diff main");
    assert!(said.starts_with("exit 2\n") && said.contains("`policies/big.yaml` is larger than"), "{said}");
    // Deep and wide ones are refused, not followed to the end of the stack.
    for text in ["[".repeat(200_000), format!("users: {}", "{ a: ".repeat(100_000)), "- ".repeat(100_000)] {
        let firm = forked(|firm| firm.write("policies/deep.yaml", &text));
        assert!(firm.run("diff main...fork").starts_with("exit 2\n"));
    }
}

#[test]
fn what_looks_like_an_option_is_none() {
    let firm = forked(|_| {});
    let names = ["--upload-pack=touch trace", "-x", "--output=trace", "--exec=touch", "-C", "--", "-"];
    for name in names {
        for words in [vec!["diff", "--", name], vec!["diff", "--", name, "fork"], vec!["reviewers", "--", name]] {
            let ran = firm.command("").args(&words).output().unwrap();
            let err = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(ran.status.code(), Some(2), "{words:?}: {err}");
        }
        let range = format!("{name}...fork");
        assert_eq!(firm.command("diff").args(["--", &range]).output().unwrap().status.code(), Some(2), "{name}");
        assert_eq!(
            firm.command("diff").arg(name).output().unwrap().status.code().unwrap() == 0,
            name == "--",
            "{name}"
        );
    }
    assert!(!firm.path("trace").exists());
    // Git has such names for branches, if somebody insists; they are what they say.
    for name in ["-x", "--upload-pack=x", "--output=trace"] {
        firm.git(&format!("update-ref refs/heads/{name} main"));
        let ran = firm.command("diff --format json").args(["--", name, "fork"]).output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(value["gains"][0]["right"], "data.export", "{name}");
        let ran = firm.command("diff --format json").args(["--", &format!("{name}...fork")]).output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{name}");
    }
    assert!(!firm.path("trace").exists());
}

#[test]
fn nothing_of_a_fork_is_executed() {
    let outside = Repository::with(&[("x", "")]);
    let trace = outside.path("trace");
    let firm = forked(|firm| {
        firm.write(".gitattributes", "* filter=evil diff=evil merge=evil text eol=crlf ident\n");
        firm.write(".gitconfig", "[core]\n\tfsmonitor = touch trace\n");
    });
    let run = format!("touch {}", trace.display());
    for key in [
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.command",
        "diff.evil.textconv",
        "diff.external",
        "merge.evil.driver",
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.gitProxy",
        "credential.helper",
        "alias.diff",
    ] {
        let set = std::process::Command::new("git").current_dir(firm.path(".")).args(["config", key, &run]).status();
        assert!(set.unwrap().success(), "{key}");
    }
    for hook in ["post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-commit"] {
        firm.write(&format!(".git/hooks/{hook}"), format!("#!/bin/sh\n{run}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(firm.path(&format!(".git/hooks/{hook}")), mode).unwrap();
    }
    for arguments in
        ["diff main...fork", "diff", "diff main", "reviewers main...fork", "diff main .", "diff --since 2026-01-01"]
    {
        let said = firm.run(arguments);
        assert!(said.starts_with("exit 0\n"), "{arguments}: {said}");
        assert!(!trace.exists(), "{arguments}");
    }
    // The files are read as they are committed, whatever attributes say of them.
    assert_eq!(firm.json("diff main...fork").1["gains"][0]["line"], 1);
    assert_eq!(firm.json("diff fork").1["no_change"], true);
}
