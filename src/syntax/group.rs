//! Section `groups`: users and groups who hold rights together.

use crate::date::Validity;
use crate::name::Name;
use crate::text::{Span, Spanned};

use super::fields::Reader;
use super::rule::{MemberRef, MemberText, parse_member, parse_who};
use super::rules::{RuleDecl, dates, items, read_rules};
use super::yaml::{Node, Value};

/// A group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The name to show.
    pub name: Option<Box<str>>,
    /// Who is in it.
    pub members: Vec<MemberDecl>,
    /// The module set prescribed to its members.
    pub modules: Option<Spanned<Name>>,
    /// What is given to it and taken from it.
    pub rules: Vec<RuleDecl>,
}

/// A membership as written.
#[derive(Debug, Clone)]
pub struct MemberDecl {
    /// Who.
    pub who: MemberRef,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where the whole stands.
    pub span: Span,
}

/// Reads one group.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Group {
    let fields = reader.record(node, "a group", &["name", "members", "modules", "allow", "deny"]);
    Group {
        name: fields.get("name").and_then(|node| reader.text(node)),
        members: fields.get("members").map(|node| read_members(reader, node)).unwrap_or_default(),
        modules: fields.get("modules").and_then(|node| super::module::read_set_name(reader, node)),
        rules: read_rules(reader, &fields),
    }
}

fn read_members(reader: &mut Reader<'_>, list: &Node<'_>) -> Vec<MemberDecl> {
    let nodes = items(reader, list, "members", &["member", "from", "until", "because"]);
    nodes.into_iter().filter_map(|node| read_member(reader, node)).collect()
}

fn read_member(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<MemberDecl> {
    let declared = |text: MemberText| MemberDecl {
        who: text.who.value,
        validity: text.validity,
        because: text.because.map(Into::into),
        span: node.span,
    };
    if !matches!(node.value, Value::Mapping(_)) {
        let (text, style) = reader.scalar(node, "a member")?;
        return match parse_member(&text) {
            Ok(member) => Some(declared(member)),
            Err(error) => {
                reader.grammar_error(node, &text, style, error);
                None
            }
        };
    }
    let fields = reader.record(node, "a member", &["member", "from", "until", "because"]);
    let validity = dates(reader, node, &fields)?;
    let because = fields.get("because").and_then(|node| reader.text(node));
    let Some(who) = fields.get("member") else {
        reader.wrong_type(node, "the field `member` is missing", "say who: `member: anna`");
        return None;
    };
    let (text, style) = reader.scalar(who, "a member")?;
    match parse_who(&text) {
        Ok(who) => Some(MemberDecl { who, validity, because, span: node.span }),
        Err(error) => {
            reader.grammar_error(who, &text, style, error);
            None
        }
    }
}
