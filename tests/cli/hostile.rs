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
