//! `diff --format markdown` and `sarif`: what a comment on a pull request and the alerts of code scanning say, and that
//! nothing from outside can change it.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::hostile::{CORPUS, is_taken, quoted};
use super::repository::Repository;

const BASE: &str = "users:\n  anna:\n  ben:\n  carl:\n  dora:\ngroups:\n  sales:\n    members: [anna, ben, carl, dora]\n    \
                    allow: [lists.print]\n  office:\n    members: [anna]\n    allow: [sms.send]\n";

const HEAD: &str = "users:\n  anna:\n    name: Anna Berg\n  ben:\n    allow: [data.import from 2090-03-01]\n  carl:\n  dora:\n\
                    groups:\n  sales:\n    members: [anna, ben, carl, dora]\n    allow:\n      - lists.print\n      \
                    - data.export\n  office:\n    members: [ben]\n    allow: [sms.send, lists.print]\n";

/// Two commits of a small firm.
pub fn firm() -> Repository {
    let firm = Repository::with(&[("rightful.yaml", "sensitive: [data.export]\n"), ("policies/a.yaml", BASE)]);
    firm.commit("a", "2026-01-01", "Begin");
    firm.write("policies/a.yaml", HEAD);
    firm.commit("a", "2026-01-02", "Go on");
    firm
}

#[test]
fn a_comment_says_the_essential_first() {
    insta::assert_snapshot!(firm().run("diff HEAD~1 HEAD --format markdown --on 2026-11-22"), @r#"
    exit 0
    <!-- rightful diff -->
    ### 4 people gain rights, among them the sensitive `data.export`; 1 person loses rights

    from `HEAD~1 (b223265)` to `HEAD (3f09ad3)`

    <details open>
    <summary><strong>4 people gain <code>data.export</code> (sensitive)</strong> – added: <code>group:sales</code> allows <code>data.export</code></summary>

    `policies/a.yaml:13`

    | right | who |
    | --- | --- |
    | `data.export` **(sensitive)** | all 4 users |

    </details>

    <details open>
    <summary><strong><code>ben</code> gains <code>sms.send</code></strong> – added: <code>user:ben</code> in <code>group:office</code></summary>

    `policies/a.yaml:15`

    | right | who |
    | --- | --- |
    | `sms.send` | `ben`, by `group:office`, `policies/a.yaml:16` |

    </details>

    <details open>
    <summary><strong><code>anna</code> loses <code>sms.send</code></strong> – taken out: <code>user:anna</code> in <code>group:office</code></summary>

    `policies/a.yaml:11`

    | right | who |
    | --- | --- |
    | `sms.send` | `anna`, was by `group:office`, `policies/a.yaml:12` |

    </details>

    <details>
    <summary>2 edits change no answer of anybody</summary>

    - `policies/a.yaml:16` added: `group:office` allows `lists.print`
    - `policies/a.yaml:5` added: `user:ben` allows `data.import from 2090-03-01` (not in force on this day)

    </details>

    <details>
    <summary>1 answer stays the same, for another reason</summary>

    | right | who | before | after |
    | --- | --- | --- | --- |
    | `lists.print` | `ben` | yes by `group:sales`, `policies/a.yaml:9` | yes by `group:office`, `policies/a.yaml:16` |

    </details>

    <details>
    <summary>6 entries are declared otherwise</summary>

    | | | | |
    | --- | --- | --- | --- |
    | taken out | `member` | `group:office user:anna` | `policies/a.yaml:11` |
    | added | `member` | `group:office user:ben` | `policies/a.yaml:15` |
    | added | `rule` | `group:office allow lists.print` | `policies/a.yaml:16` |
    | added | `rule` | `group:sales allow data.export` | `policies/a.yaml:13` |
    | added | `rule` | `user:ben allow data.import from 2090-03-01` | `policies/a.yaml:5` |
    | changed | `user` | `anna`: `name` nothing -\> `"Anna Berg"` | `policies/a.yaml:2` |

    </details>
    "#);
    insta::assert_snapshot!(firm().run("diff HEAD HEAD --format markdown --full the-run"), @"
    exit 0
    <!-- rightful diff -->
    ### No effective change

    from `HEAD (3f09ad3)` to `HEAD (3f09ad3)`

    everything: `the-run`
    ");
}

#[test]
fn a_comment_speaks_the_language_of_the_reader() {
    for (language, headline) in [
        ("de", "### 4 Personen gewinnen Rechte, darunter sensible: `data.export`; 1 Person verliert Rechte"),
        ("nb", "### 4 personer får rettigheter, blant dem sensitive: `data.export`; 1 person mister rettigheter"),
        ("nl", "### 4 personen krijgen rechten, waaronder gevoelige: `data.export`; 1 persoon verliest rechten"),
    ] {
        let comment = firm().run(&format!("diff HEAD~1 HEAD --format markdown --on 2026-11-22 --lang {language}"));
        assert_eq!(comment.lines().nth(2), Some(headline));
    }
}

/// The rule, the place and the text of each alert.
fn alerts(firm: &Repository, arguments: &str) -> Vec<String> {
    let ran = firm.command(&format!("diff --format sarif {arguments}")).output().unwrap();
    let log: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let shown = |result: &serde_json::Value| {
        let location = &result["locations"][0]["physicalLocation"];
        let (file, line) = (location["artifactLocation"]["uri"].as_str(), &location["region"]["startLine"]);
        let (id, text) = (result["ruleId"].as_str(), result["message"]["text"].as_str());
        format!("{} {}:{line} {}", id.unwrap(), file.unwrap(), text.unwrap())
    };
    log["runs"][0]["results"].as_array().unwrap().iter().map(shown).collect()
}

#[test]
fn alerts_stand_at_the_lines_that_give_and_take() {
    let firm = firm();
    let before = alerts(&firm, "HEAD~1 HEAD");
    insta::assert_snapshot!(before.join("\n"), @"
    sensitive-right-gained policies/a.yaml:13 4 people gain data.export – added: group:sales allows data.export
    rights-gained policies/a.yaml:15 ben gains sms.send – added: user:ben in group:office
    rights-lost policies/a.yaml:1 anna loses sms.send – taken out: user:anna in group:office (was at policies/a.yaml:11)
    rights-gained policies/a.yaml:5 from 2090-03-01 on ben gains data.import – added: user:ben allows data.import from 2090-03-01
    inert-edit policies/a.yaml:16 this edit changes no answer of anybody: added: group:office allows lists.print
    ");
    let prints = |firm: &Repository| {
        let ran = firm.command("diff --format sarif HEAD~1").output().unwrap();
        let log: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    // Lines above move nothing.
    let known = prints(&firm);
    firm.write("policies/a.yaml", format!("# A firm\n\n{HEAD}"));
    assert_eq!(prints(&firm), known);
    // A file that is gone still has its name.
    firm.write("policies/b.yaml", "users: { eve: { allow: [sms.send] } }\n");
    firm.commit("a", "2026-01-03", "Eve");
    std::fs::remove_file(firm.path("policies/b.yaml")).unwrap();
    let gone = "rights-lost policies/b.yaml:1 eve loses sms.send – gone: eve (was at policies/b.yaml:1)";
    assert_eq!(alerts(&firm, ""), [gone]);
}

/// All HTML of a comment, tag by tag, and everything else that is more than text.
fn read(comment: &str) -> (Vec<String>, Vec<String>) {
    let (mut html, mut more) = (String::new(), Vec::new());
    let extensions = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    for event in Parser::new_ext(comment, extensions) {
        match event {
            Event::Html(text) => html.push_str(&text),
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::HtmlBlock
                | Tag::List(None)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::Strong,
            )
            | Event::End(_)
            | Event::Code(_)
            | Event::SoftBreak => {}
            Event::Text(text) if !text.contains(['@', '#', '$', '<', '`', '|']) => {}
            other => more.push(format!("{other:?}")),
        }
    }
    let tags = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap().to_owned()).collect();
    (tags, more)
}

#[test]
fn nothing_in_a_policy_a_path_or_a_branch_changes_a_comment() {
    let known = ["details", "details open", "/details", "summary", "/summary", "strong", "/strong", "code", "/code"];
    for (index, text) in CORPUS.iter().enumerate() {
        let taken = if is_taken(text) { text } else { "-" };
        let name = quoted(taken);
        let because = taken.replace('\\', "\\\\").replace('"', "\\\"");
        let because = quoted(&format!("data.export because \"{because}\""));
        let path = format!("policies/{text}.yaml");
        let firm = Repository::with(&[
            ("rightful.yaml", "sensitive: [data.export]\n"),
            (&path, "users: { anna.www.evil.example: }\n"),
        ]);
        firm.commit("a", "2026-01-01", "Begin");
        firm.write(
            &path,
            format!(
                "users:\n  anna.www.evil.example: {{ name: {name}, allow: [{because}, data.import from 2090-01-01] }}\n  a@b.example: {{ name: {name} }}\n  \
                 GH-1:\ngroups:\n  sales:\n    name: {name}\n    members: [a@b.example, GH-1]\n    allow: [lists.print]\n    deny: [data.import]\n\
                 rights: {{ own.right: {{ name: {{ de: {name} }}, meaning: {name} }} }}\n\
                 modules: {{ m: {{ name: {name} }} }}\nexpect: [{{ that: GH-1 can lists.print, because: {name} }}]\n"
            ),
        );
        firm.git_as("a", "2026-01-02", &["checkout", "-q", "-b", &format!("a`{index}`<b>|@team#1$x$&amp;")]);
        for arguments in [
            vec!["--format", "markdown"],
            vec!["--format", "markdown", "--lang", "de"],
            vec!["--format", "markdown", "main", ".", &format!("--full={text}")],
        ] {
            let ran = firm.command("diff").args(&arguments).output().unwrap();
            let comment = String::from_utf8(ran.stdout).unwrap();
            assert!(ran.status.success(), "{text:?}: {}", String::from_utf8_lossy(&ran.stderr));
            let sarif = firm.command("diff --format sarif").output().unwrap();
            let log: serde_json::Value = serde_json::from_slice(&sarif.stdout).unwrap();
            for result in log["runs"][0]["results"].as_array().unwrap() {
                let text = result["message"]["text"].as_str().unwrap();
                let bare =
                    text.replace("\\\\", "").replace("\\[", "").replace("\\]", "").replace("{{", "").replace("}}", "");
                assert!(!bare.contains(['[', ']', '{', '}']), "{text}");
            }
            let (tags, more) = read(&comment);
            assert_eq!(more, Vec::<String>::new(), "{comment}");
            assert_eq!(tags[0], "!-- rightful diff --");
            assert!(tags[1..].iter().all(|tag| known.contains(&tag.as_str())), "{tags:?}\n{comment}");
            assert_eq!(comment.matches("<!--").count(), 1, "{comment}");
            let opened = tags.iter().filter(|tag| tag.starts_with("details")).count();
            assert_eq!(tags.iter().filter(|tag| *tag == "/details").count(), opened);
            assert!(!comment.lines().any(|line| line.starts_with('/')), "{comment}");
        }
    }
}
