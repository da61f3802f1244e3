//! Section `reviewers`: who must approve when somebody gains something.

use std::collections::HashMap;
use std::fmt;

use crate::diag::{Code, Diagnostic};
use crate::name::continues_name;
use crate::say;
use crate::syntax::expectation::Spans;
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::gate::Object;
use crate::syntax::grammar::parse_object;
use crate::syntax::yaml::{Node, Style, Value};
use crate::text::{Span, Spanned};

/// The most bytes that the handle of an approver may have.
pub const MAX_APPROVER_BYTES: usize = 128;

/// Who must approve when somebody gains something: one of them.
#[derive(Debug, Clone)]
pub struct Reviewers {
    /// The text of what somebody gains.
    pub text: Box<str>,
    /// What somebody gains.
    pub object: Object,
    /// The approvers, at least one, none twice.
    pub approvers: Vec<Spanned<Approver>>,
    /// Where the object stands.
    pub span: Span,
    /// Where the bytes of its names stand in the file.
    pub spans: Spans,
}

/// Somebody who approves, as the forge knows them: `@nordwind/security`, `anna`, `anna@nordwind.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Approver(Box<str>);

impl Approver {
    /// Checks a text. A name without a letter, digit or `_` at its beginning, or with anything that could mean
    /// something to a shell or a page of the forge, is none.
    pub fn new(text: &str) -> Option<Self> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let begins = name.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let fits = begins && text.len() <= MAX_APPROVER_BYTES && name.chars().all(|c| continues_name(c) || c == '/');
        fits.then(|| Self(text.into()))
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Reviewers> {
    if node.is_absent() {
        return Vec::new();
    }
    let entries = reader.entries(node, say!("the field `{field}`", field = "reviewers")).unwrap_or_default();
    let mut all: Vec<Reviewers> = Vec::with_capacity(entries.len());
    for (text, span, value) in entries {
        let approvers = approvers(reader, value);
        let Some(key) = key_at(node, span) else { continue };
        let Value::Scalar(_, style) = &key.value else { continue };
        let object = match parse_object(text) {
            Ok(object) => object,
            Err(error) => {
                reader.grammar_error(key, text, *style, error);
                continue;
            }
        };
        if let Some(first) = all.iter().find(|first| first.object.to_string() == object.to_string()) {
            let message = say!("`{name}` is written twice here", name = object);
            let finding = Diagnostic::new(Code::DuplicateName, reader.place(span), message)
                .label(say!("again"))
                .also(reader.place(first.span), say!("first"))
                .help(say!("join the two, or rename one"));
            reader.push(finding);
            continue;
        }
        let spans = Spans::new(reader, key, *style, text, object.bytes());
        all.push(Reviewers { text: text.trim().into(), object, approvers, span, spans });
    }
    // Where no approver is left each has a finding.
    all.retain(|reviewers| !reviewers.approvers.is_empty());
    all
}

/// The key of a mapping that stands at a span.
fn key_at<'n, 's>(mapping: &'n Node<'s>, span: Span) -> Option<&'n Node<'s>> {
    let Value::Mapping(entries) = &mapping.value else { return None };
    entries.iter().map(|(key, _)| key).find(|key| key.span == span)
}

/// One approver, or a list of them.
fn approvers(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Spanned<Approver>> {
    let nodes = match &node.value {
        Value::Scalar(..) if !node.is_absent() => std::slice::from_ref(node),
        _ => reader.list(node, say!("approvers")),
    };
    let mut seen: HashMap<Approver, Span> = HashMap::new();
    let mut approvers = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(approver) = approver(reader, node) else { continue };
        if let Some(first) = seen.insert(approver.clone(), node.span) {
            let message = say!("`{name}` stands in this list twice", name = approver);
            let finding = Diagnostic::new(Code::DuplicateName, reader.place(node.span), message)
                .label(say!("again"))
                .also(reader.place(first), say!("first"))
                .help(say!("remove one of the two"));
            reader.push(finding);
            continue;
        }
        approvers.push(Spanned::new(approver, node.span));
    }
    approvers
}

fn approver(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Approver> {
    let (text, _): (_, Style) = reader.scalar(node, say!("an approver"))?;
    let approver = Approver::new(&text);
    if approver.is_none() {
        let message = say!("`{text}` is no approver", text = shorten(&text));
        let help = say!(
            "write a user or a team as the forge knows them, such as `anna` or `\"@nordwind/security\"`: letters, digits, `.`, `-`, `_`, `/` and `@`, at most {most} bytes",
            most = MAX_APPROVER_BYTES
        );
        reader.wrong_type(node, message, help);
    }
    approver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings, repository};

    const FIRM: &str = "
//- policies/a.yaml
users: { lars: { superuser: true, allow: [program.start, data.export] } }
groups: { management: { members: [lars], allow: [sms.send] } }
";

    #[test]
    fn an_approver_is_a_handle_and_nothing_else() {
        for good in ["anna", "@anna", "@nordwind/security", "anna.b-c_d@nordwind.example", "jürgen", "007", "_bot"] {
            assert!(Approver::new(good).is_some(), "{good}");
        }
        let long = "x".repeat(129);
        for bad in
            ["", "@", "@@anna", "an na", "anna,lars", "-rf", "/anna", "`anna`", "anna|", "<anna>", "a\u{200b}b", &long]
        {
            assert!(Approver::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn one_approver_needs_no_list() {
        let firm = repository(&format!(
            "//- rightful.yaml\nreviewers:\n  access to group:management: karin\n  calendar.*: [anna, \"@nordwind/security\"]{FIRM}"
        ));
        let shown: Vec<String> = firm
            .settings
            .reviewers
            .iter()
            .map(|reviewers| {
                let approvers: Vec<&str> = reviewers.approvers.iter().map(|approver| approver.value.as_str()).collect();
                format!("{}: {}", reviewers.object, approvers.join(" "))
            })
            .collect();
        assert_eq!(shown, ["access to group:management: karin", "calendar.*: anna @nordwind/security"]);
    }

    #[test]
    fn what_is_wrong_with_reviewers_is_found_where_it_stands() {
        insta::assert_snapshot!(findings(&format!("
//- rightful.yaml
reviewers:
  data.export: [anna, karin, anna]
  management: [anna]
  data.*: []
  data.import:
  sensitive: [anna,  b c, [x], \"a`b`\", 007]
  sms.send: {{ anna: }}
  lists.print: anna, karin
  access to  management: anna
  access to management: karin
{FIRM}")), @r#"
        duplicate-name rightful.yaml:2:30 "anna" (again) + rightful.yaml:2:17 "anna" (first) `anna` stands in this list twice | remove one of the two
        rule-syntax rightful.yaml:3:3 "management" `management` cannot stand here | expected a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`
        wrong-type rightful.yaml:4:11 "[]" the list is empty | take the field out: an empty list is too easily a mistake
        wrong-type rightful.yaml:5:14 "" a list of approvers is missing here | write `- item` lines, or [item, item]
        wrong-type rightful.yaml:6:22 "b c" `b c` is no approver | write a user or a team as the forge knows them, such as `anna` or `"@nordwind/security"`: letters, digits, `.`, `-`, `_`, `/` and `@`, at most 128 bytes
        wrong-type rightful.yaml:6:27 "[x]" an approver is expected here, not a list | write one text here
        wrong-type rightful.yaml:6:32 "\"a`b`\"" `a`b`` is no approver | write a user or a team as the forge knows them, such as `anna` or `"@nordwind/security"`: letters, digits, `.`, `-`, `_`, `/` and `@`, at most 128 bytes
        wrong-type rightful.yaml:7:13 "{ anna: }" this is a list of approvers, not a mapping | write `- item` lines, or [item, item]
        wrong-type rightful.yaml:8:16 "anna, karin" `anna, karin` is no approver | write a user or a team as the forge knows them, such as `anna` or `"@nordwind/security"`: letters, digits, `.`, `-`, `_`, `/` and `@`, at most 128 bytes
        duplicate-name rightful.yaml:10:3 "access to management" (again) + rightful.yaml:9:3 "access to  management" (first) `access to management` is written twice here | join the two, or rename one
        "#);
        insta::assert_snapshot!(findings(&format!("
//- rightful.yaml
reviewers:
  data.exprot: [anna]
  'access to   group:mangement': [anna]
  group:mangement: [anna]
  sms.send of lars: anna
{FIRM}")), @r#"
        superuser-without-employee a.yaml:1:10 "lars" the superuser `lars` is not linked to an employee | add `employee:`, or take `superuser: true` out
        unknown-right rightful.yaml:2:3 "data.exprot" there is no right `data.exprot` | did you mean `data.export`?
        unknown-target rightful.yaml:3:16 "group:mangement" there is no group called `mangement` | did you mean `group:management`?
        unknown-group rightful.yaml:4:3 "group:mangement" there is no group `mangement` | did you mean `group:management`?
        unexpected-target rightful.yaml:5:15 "lars" `sms.send` is a plain right and takes no target | take out the part after `of`
        "#);
        insta::assert_snapshot!(findings(&format!("//- rightful.yaml\nreviewers: [anna]{FIRM}")), @r#"wrong-type rightful.yaml:1:12 "[anna]" the field `reviewers` is a mapping, not a list | write `key: value` lines here"#);
        insta::assert_snapshot!(findings(&format!("//- rightful.yaml\nreviewers:\n  data.export: [@nordwind/security]{FIRM}")), @r#"yaml-syntax rightful.yaml:2:17 "@nordwind/security" this is not YAML: a text cannot begin with `@` | write `"@nordwind/security"`"#);
        insta::assert_snapshot!(findings(&format!("//- rightful.yaml\nreviewers:\n  data.export: @anna{FIRM}")), @r#"yaml-syntax rightful.yaml:2:16 "@anna" this is not YAML: a text cannot begin with `@` | write `"@anna"`"#);
    }
}
