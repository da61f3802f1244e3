//! The lists `allow` and `deny`: rules as one text or as a mapping, and the three ways in which YAML breaks them.

use crate::date::{Date, Validity, parse_date};
use crate::diag::{Code, Diagnostic};
use crate::language::Text;
use crate::say;
use crate::text::{Span, Spanned};

use super::fields::{Reader, Record, shorten};
use super::grammar::{parse_right, parse_rule, parse_target};
use super::rule::{RightPattern, TargetRef};
use super::yaml::{Layout, Node, Style, Value, locate};

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It gives.
    Allow,
    /// It takes.
    Deny,
}

impl Effect {
    /// The word for it in files and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Allow => Self::Deny,
            Self::Deny => Self::Allow,
        }
    }
}

/// A rule as written, on the subject in whose declaration it stands.
#[derive(Debug, Clone)]
pub struct RuleDecl {
    /// Whether it gives or takes.
    pub effect: Effect,
    /// The right or rights.
    pub right: Spanned<RightPattern>,
    /// Over whom or what.
    pub target: Option<Spanned<TargetRef>>,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where the whole stands.
    pub span: Span,
}

/// The fields of a rule that is written as a mapping.
pub const FIELDS: [&str; 5] = ["right", "of", "from", "until", "because"];

/// Reads the fields `allow` and `deny` of a declaration.
pub fn read_rules(reader: &mut Reader<'_>, fields: &Record<'_, '_>) -> Vec<RuleDecl> {
    let mut rules = Vec::new();
    for effect in [Effect::Allow, Effect::Deny] {
        let Some(list) = fields.get(effect.as_str()) else { continue };
        for node in items(reader, list, say!("rules"), &FIELDS) {
            rules.extend(read_rule(reader, node, effect));
        }
    }
    rules
}

fn read_rule(reader: &mut Reader<'_>, node: &Node<'_>, effect: Effect) -> Option<RuleDecl> {
    if matches!(node.value, Value::Mapping(_)) {
        return read_mapping(reader, node, effect);
    }
    let (text, style) = reader.scalar(node, say!("a rule"))?;
    let rule = match parse_rule(&text) {
        Ok(rule) => rule,
        Err(error) => {
            reader.grammar_error(node, &text, style, error);
            return None;
        }
    };
    let span = |start: usize, end: usize| {
        let place = |at| locate(reader.source, node.span, style, &text, at) as usize;
        Span::new(place(start)..place(end))
    };
    Some(RuleDecl {
        effect,
        right: Spanned::new(rule.right.value, span(rule.right.start, rule.right.end)),
        target: rule.target.map(|target| Spanned::new(target.value, span(target.start, target.end))),
        validity: rule.validity,
        because: rule.because.map(Into::into),
        span: node.span,
    })
}

fn read_mapping(reader: &mut Reader<'_>, node: &Node<'_>, effect: Effect) -> Option<RuleDecl> {
    let fields = reader.record(node, say!("a rule"), &FIELDS);
    let validity = dates(reader, node, &fields);
    let because = fields.get("because").and_then(|node| reader.text(node));
    let target = match fields.get("of") {
        None => None,
        Some(node) => Some(part(reader, node, say!("a target"), parse_target)?),
    };
    let Some(right) = fields.get("right") else {
        let help = say!("say which: `right: data.export`");
        reader.wrong_type(node, say!("the field `{field}` is missing", field = "right"), help);
        return None;
    };
    let right = part(reader, right, say!("a right"), parse_right)?;
    Some(RuleDecl { effect, right, target, validity: validity?, because, span: node.span })
}

fn part<T>(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    noun: Text,
    parse: impl Fn(&str) -> Result<T, super::rule::SyntaxError>,
) -> Option<Spanned<T>> {
    let (text, style) = reader.scalar(node, noun)?;
    match parse(&text) {
        Ok(value) => Some(Spanned::new(value, node.span)),
        Err(error) => {
            reader.grammar_error(node, &text, style, error);
            None
        }
    }
}

/// The fields `from` and `until` of a rule or member that is written as a mapping.
pub fn dates(reader: &mut Reader<'_>, whole: &Node<'_>, fields: &Record<'_, '_>) -> Option<Validity> {
    let from = fields.get("from").map(|node| read_date(reader, node));
    let until = fields.get("until").map(|node| read_date(reader, node));
    let (from, until) = match (from, until) {
        (Some(None), _) | (_, Some(None)) => return None,
        (from, until) => (from.flatten(), until.flatten()),
    };
    let period = Validity::new(from, until);
    if period.is_none() {
        let place = reader.place(whole.span);
        reader.push(
            Diagnostic::new(Code::RuleSyntax, place, say!("the period ends before it begins"))
                .help(say!("both days are included; write the earlier one after `from`")),
        );
    }
    period
}

/// A calendar day.
pub fn read_date(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Date> {
    let (text, _) = reader.scalar(node, say!("a date"))?;
    let date = parse_date(&text);
    if date.is_none() {
        let message = say!("`{text}` is not a day of the calendar", text = shorten(&text));
        let place = reader.place(node.span);
        reader.push(Diagnostic::new(Code::RuleSyntax, place, message).help(say!("write a date as YYYY-MM-DD")));
    }
    date
}

/// The items of a list of rules or members, without those that YAML tore apart, which become findings.
pub fn items<'n, 's>(reader: &mut Reader<'_>, list: &'n Node<'s>, noun: Text, known: &[&str]) -> Vec<&'n Node<'s>> {
    let nodes = reader.list(list, noun);
    let flow = matches!(list.value, Value::Sequence(_, Layout::Flow));
    let mut kept = Vec::with_capacity(nodes.len());
    let mut rest = nodes.iter();
    while let Some(node) = rest.next() {
        if flow
            && opens_quote(reader, node)
            && reader.source.text()[node.span.range().end..].trim_start().starts_with(',')
        {
            let closing = rest.clone().position(|node| opens_quote(reader, node));
            let last = closing.and_then(|index| rest.nth(index)).unwrap_or(node);
            split_at_comma(reader, node.span.start..last.span.end.max(node.span.end));
            continue;
        }
        if taken_for_mapping(reader, node, known, flow) || cut_at_hash(reader, node) {
            continue;
        }
        kept.push(node);
    }
    kept
}

/// Whether a plain text, or what YAML took for a mapping of such texts, has a double quote that is not closed.
fn opens_quote(reader: &Reader<'_>, node: &Node<'_>) -> bool {
    let text = match &node.value {
        Value::Scalar(text, Style::Plain) => text,
        Value::Mapping(entries) if entries.len() == 1 => reader.source.slice(node.span),
        _ => return false,
    };
    let mut open = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' if open => drop(rest.next()),
            '"' => open = !open,
            _ => {}
        }
    }
    open
}

fn taken_for_mapping(reader: &mut Reader<'_>, node: &Node<'_>, known: &[&str], flow: bool) -> bool {
    let Value::Mapping(entries) = &node.value else { return false };
    let Some((key, _)) = entries.first() else { return false };
    let Value::Scalar(text, _) = &key.value else { return false };
    let looks_like_text = text.contains([' ', '.', '"']) && !known.contains(&&**text);
    if looks_like_text {
        let message = say!("YAML takes this item for a mapping, because of the `: ` in it");
        let meant = if flow { reader.source.slice(node.span).to_owned() } else { whole_line(reader, node.span) };
        broken(reader, node.span, message, meant);
    }
    looks_like_text
}

fn cut_at_hash(reader: &mut Reader<'_>, node: &Node<'_>) -> bool {
    if !opens_quote(reader, node) {
        return false;
    }
    let rest = &reader.source.text()[node.span.range().end..];
    let cut = rest.trim_start_matches([' ', '\t']).starts_with('#');
    if cut {
        let message = say!("YAML cuts this item at ` #` and takes the rest for a comment");
        broken(reader, node.span, message, whole_line(reader, node.span));
    }
    cut
}

fn split_at_comma(reader: &mut Reader<'_>, bytes: std::ops::Range<u32>) {
    let span = Span { start: bytes.start, end: bytes.end };
    let text = reader.source.slice(span).to_owned();
    broken(reader, span, say!("YAML splits this item at the comma in its reason"), text);
}

/// The item up to the end of its line, as the author meant it.
fn whole_line(reader: &Reader<'_>, span: Span) -> String {
    let line = reader.source.line_range(reader.source.line_of(span.start));
    reader.source.text()[span.range().start..line.end.max(span.range().start)].trim_end().to_owned()
}

fn broken(reader: &mut Reader<'_>, span: Span, message: Text, meant: String) {
    let quoted = meant.replace('\'', "''");
    let place = reader.place(span);
    reader.push(
        Diagnostic::new(Code::RuleSyntax, place, message)
            .help(say!("quote the whole item: '{quoted}'", quoted = shorten_long(&quoted))),
    );
}

fn shorten_long(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{errors, findings};

    #[test]
    fn a_rule_that_yaml_took_apart_says_how_to_write_it() {
        insta::assert_snapshot!(findings(r#"
users:
  lars:
    allow:
      - lists.print because "see: CRM-142"
      - sms.send because "ticket #5"
      - data.export
    deny: [campaigns.create because "one, two", data.import, articles.create because "a: b", sms.send because "c: d, e"]
"#), @r#"
        rule-syntax a.yaml:5:9 "lists.print because \"see: CRM-142\"" YAML takes this item for a mapping, because of the `: ` in it | quote the whole item: 'lists.print because "see: CRM-142"'
        rule-syntax a.yaml:6:9 "sms.send because \"ticket" YAML cuts this item at ` #` and takes the rest for a comment | quote the whole item: 'sms.send because "ticket #5"'
        rule-syntax a.yaml:8:12 "campaigns.create because \"one, two\"" YAML splits this item at the comma in its reason | quote the whole item: 'campaigns.create because "one, two"'
        rule-syntax a.yaml:8:62 "articles.create because \"a: b\"" YAML takes this item for a mapping, because of the `: ` in it | quote the whole item: 'articles.create because "a: b"'
        rule-syntax a.yaml:8:94 "sms.send because \"c: d, e\"" YAML splits this item at the comma in its reason | quote the whole item: 'sms.send because "c: d, e"'
        "#);
    }

    #[test]
    fn a_reason_that_breaks_the_whole_file_is_pointed_at() {
        insta::assert_snapshot!(findings("users: { lars: { allow: [sms.send because \"y #3\"] } }\n"), @r#"yaml-syntax a.yaml:1:26 "sms.send because \"y #3\"" this is not YAML, because of the ` #` in the reason of this item | quote the whole item: 'sms.send because "y #3"'"#);
        insta::assert_snapshot!(findings(r#"
groups:
  sales:
    allow: [lists.print, data.export because "see {b} or [y]", data.import]
    members: [lars]
"#), @r#"yaml-syntax a.yaml:4:26 "data.export because \"see {b} or [y]\"" this is not YAML, because of the `{` in the reason of this item | quote the whole item: 'data.export because "see {b} or [y]"'"#);
    }

    #[test]
    fn quoted_as_a_whole_the_same_rules_are_fine() {
        let fixture = r#"
users:
  lars:
    allow:
      - 'lists.print because "see: CRM-142"'
      - 'sms.send because "ticket #5, it''s so"'
    deny: ['campaigns.create because "one, two"', 'articles.create because "a: b"']
"#;
        assert_eq!(errors(fixture), "");
    }

    #[test]
    fn a_rule_may_be_a_mapping() {
        let fixture = r#"
users: { lars: , anna: }
groups:
  sales:
    members: [{ member: lars, until: 2026-12-31, because: "CRM-1" }, { member: everyone }]
    allow: [{ right: calendar.see+edit, of: user:anna, from: 2026-01-01 }, { right: data.*, because: x }]
"#;
        assert_eq!(errors(fixture), "");
        insta::assert_snapshot!(findings(r#"
users: { lars: }
groups:
  sales:
    members: [{ member: lars, untill: 2026-12-31 }, { from: 2026-01-01 }]
    allow: [{ right: calendar.see, of: lars, from: 2026-02-01, until: 2026-01-01 }, { of: lars }, { right: data }]
"#), @r#"
        unknown-field a.yaml:5:31 "untill" there is no field `untill` | did you mean `until`?
        wrong-type a.yaml:5:53 "{ from: 2026-01-01 }" the field `member` is missing | say who: `member: anna`
        rule-syntax a.yaml:6:13 "{ right: calendar.see, of: lars, from: 2026-02-01, until: 2026-01-01 }" the period ends before it begins | both days are included; write the earlier one after `from`
        wrong-type a.yaml:6:85 "{ of: lars }" the field `right` is missing | say which: `right: data.export`
        rule-syntax a.yaml:6:108 "data" `data` cannot stand here | expected a right such as `data.export`
        "#);
    }

    #[test]
    fn grammar_errors_point_into_the_scalar() {
        insta::assert_snapshot!(findings(r#"
users:
  lars:
    allow:
      - data.export until 2026-02-30
      - "data.export to everyone"
      - lists.print
        because no
"#), @r#"
        rule-syntax a.yaml:5:27 "2026-02-30" `2026-02-30` is not a day of the calendar | write a date as YYYY-MM-DD
        rule-syntax a.yaml:6:22 "to" `to` cannot stand here | expected `because`, `from`, `of`, `until` or the end
        rule-syntax a.yaml:8:17 "no" `no` cannot stand here | expected a reason in double quotes
        "#);
    }
}
