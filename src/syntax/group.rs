//! Section `groups`: users and groups who hold rights together.

use crate::date::Validity;
use crate::name::Name;
use crate::say;
use crate::text::{Span, Spanned};

use super::fields::Reader;
use super::grammar::{parse_member, parse_who};
use super::rule::{MemberRef, MemberText, Reference};
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

impl MemberDecl {
    /// The user or group; `None` for `everyone`.
    pub fn named(&self) -> Option<&Reference> {
        match &self.who {
            MemberRef::Everyone => None,
            MemberRef::Named(reference) => Some(reference),
        }
    }
}

/// The fields of a group.
pub const FIELDS: [&str; 5] = ["name", "members", "modules", "allow", "deny"];

/// The fields of a member that is written as a mapping.
pub const MEMBER_FIELDS: [&str; 4] = ["member", "from", "until", "because"];

/// Reads one group.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Group {
    let fields = reader.record(node, say!("a group"), &FIELDS);
    Group {
        name: fields.get("name").and_then(|node| reader.text(node)),
        members: fields.get("members").map(|node| read_members(reader, node)).unwrap_or_default(),
        modules: fields.get("modules").and_then(|node| super::module::read_set_name(reader, node)),
        rules: read_rules(reader, &fields),
    }
}

fn read_members(reader: &mut Reader<'_>, list: &Node<'_>) -> Vec<MemberDecl> {
    let nodes = items(reader, list, say!("members"), &MEMBER_FIELDS);
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
        let (text, style) = reader.scalar(node, say!("a member"))?;
        return match parse_member(&text) {
            Ok(member) => Some(declared(member)),
            Err(error) => {
                reader.grammar_error(node, &text, style, error);
                None
            }
        };
    }
    let fields = reader.record(node, say!("a member"), &MEMBER_FIELDS);
    let validity = dates(reader, node, &fields)?;
    let because = fields.get("because").and_then(|node| reader.text(node));
    let Some(who) = fields.get("member") else {
        let help = say!("say who: `member: anna`");
        reader.wrong_type(node, say!("the field `{field}` is missing", field = "member"), help);
        return None;
    };
    let (text, style) = reader.scalar(who, say!("a member"))?;
    match parse_who(&text) {
        Ok(who) => Some(MemberDecl { who, validity, because, span: node.span }),
        Err(error) => {
            reader.grammar_error(who, &text, style, error);
            None
        }
    }
}
