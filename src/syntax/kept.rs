//! A document as bytes and back, for whoever keeps what was parsed. Reading it again costs a tenth of parsing.
//!
//! The bytes mean something to the build that wrote them only. What is not such bytes gives nothing, and never fails; the
//! findings of a file are not kept.

use std::collections::BTreeMap;

use crate::date::{Date, Validity};
use crate::name::Name;
use crate::text::{FileId, Span, Spanned};

use super::attachment::Attachment;
use super::company::{Company, Licence, Once};
use super::duration::Duration;
use super::employee::Employee;
use super::expectation::{Bound, Crowd, ExpectationDecl, ExpectationText, Spans};
use super::group::{Group, MemberDecl};
use super::module::{Module, ModuleSet};
use super::online::{Access, Online};
use super::right::{Right, Scope};
use super::role::Role;
use super::rule::{At, MemberRef, Prefix, Reference, RightPattern, TargetRef, What};
use super::rules::{Effect, RuleDecl};
use super::user::User;
use super::{Declared, Document};

/// What was parsed of one file, as bytes.
pub fn to_bytes(document: &Document) -> Vec<u8> {
    let mut out = Out::default();
    document.put(&mut out);
    out.bytes
}

/// What was parsed of a file; `None` if these are no such bytes.
pub fn from_bytes(file: FileId, bytes: &[u8]) -> Option<Document> {
    let mut from = In { rest: bytes, at: 0 };
    let document = Document::take(&mut from)?;
    from.rest.is_empty().then_some(Document { file, ..document })
}

/// Bytes that are written. Places are told by their distance from the one before.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    at: u32,
}

/// Bytes that are read.
struct In<'b> {
    rest: &'b [u8],
    at: u32,
}

impl In<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn text(&mut self) -> Option<&str> {
        let length = u32::take(self)? as usize;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }
}

/// What can be kept.
trait Kept: Sized {
    fn put(&self, out: &mut Out);
    fn take(from: &mut In<'_>) -> Option<Self>;
}

/// Small numbers take one byte, others seven bits a byte.
impl Kept for u32 {
    fn put(&self, out: &mut Out) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.bytes.push(rest as u8);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = from.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Kept for usize {
    fn put(&self, out: &mut Out) {
        u32::try_from(*self).unwrap_or(u32::MAX).put(out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(u32::take(from)? as Self)
    }
}

impl Kept for bool {
    fn put(&self, out: &mut Out) {
        out.bytes.push(u8::from(*self));
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(from.byte()? == 1)
    }
}

fn put_text(text: &str, out: &mut Out) {
    text.len().put(out);
    out.bytes.extend_from_slice(text.as_bytes());
}

impl Kept for Box<str> {
    fn put(&self, out: &mut Out) {
        put_text(self, out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        from.text().map(Into::into)
    }
}

/// It was checked when it was parsed.
impl Kept for Name {
    fn put(&self, out: &mut Out) {
        put_text(self.as_str(), out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        from.text().map(Self::foreign)
    }
}

impl Kept for Span {
    fn put(&self, out: &mut Out) {
        // Ahead by an even number, back by an odd one.
        let ahead = self.start.wrapping_sub(out.at).cast_signed();
        ((ahead << 1) ^ (ahead >> 31)).cast_unsigned().put(out);
        self.end.wrapping_sub(self.start).put(out);
        out.at = self.start;
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        let number = u32::take(from)?;
        let ahead = (number >> 1) ^ (number & 1).wrapping_neg();
        let start = from.at.wrapping_add(ahead);
        from.at = start;
        Some(Self { start, end: start.wrapping_add(u32::take(from)?) })
    }
}

impl Kept for Date {
    fn put(&self, out: &mut Out) {
        out.bytes.extend_from_slice(&self.year().to_le_bytes());
        out.bytes.extend([self.month(), self.day()].map(i8::cast_unsigned));
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        let year = i16::from_le_bytes([from.byte()?, from.byte()?]);
        let [month, day] = [from.byte()?, from.byte()?].map(u8::cast_signed);
        Self::new(year, month, day).ok()
    }
}

impl Kept for Validity {
    fn put(&self, out: &mut Out) {
        let dated = (*self != Self::ALWAYS).then_some((self.from, self.until));
        dated.put(out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(<Option<(Date, Date)> as Kept>::take(from)?.map_or(Self::ALWAYS, |(from, until)| Self { from, until }))
    }
}

impl Kept for Duration {
    fn put(&self, out: &mut Out) {
        self.seconds().put(out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Self::of_seconds(u32::take(from)?)
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put(&self, out: &mut Out) {
        self.is_some().put(out);
        if let Some(inner) = self {
            inner.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put(&self, out: &mut Out) {
        self.len().put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        let count = usize::take(from)?;
        // Each item takes a byte at least.
        let mut items = Self::with_capacity(count.min(from.rest.len()));
        for _ in 0..count {
            items.push(T::take(from)?);
        }
        Some(items)
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put(&self, out: &mut Out) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl Kept for BTreeMap<Box<str>, Box<str>> {
    fn put(&self, out: &mut Out) {
        self.len().put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(Vec::<(Box<str>, Box<str>)>::take(from)?.into_iter().collect())
    }
}

/// Things that are kept field by field. A field that is missing here does not compile.
macro_rules! records {
    ($($type:ident $(<$inner:ident>)? { $($field:ident),* $(,)? })*) => {$(
        impl$(<$inner: Kept>)? Kept for $type$(<$inner>)? {
            fn put(&self, out: &mut Out) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }

            fn take(from: &mut In<'_>) -> Option<Self> {
                Some(Self { $($field: Kept::take(from)?),* })
            }
        }
    )*};
}

/// Things that are one of several, each with a number.
macro_rules! choices {
    ($($type:ident { $($number:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* })?),* $(,)? })*) => {$(
        impl Kept for $type {
            fn put(&self, out: &mut Out) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        out.bytes.push($number);
                        $($inner.put(out);)?
                        $($($field.put(out);)*)?
                    })*
                }
            }

            fn take(from: &mut In<'_>) -> Option<Self> {
                Some(match from.byte()? {
                    $($number => {
                        $(let $inner = Kept::take(from)?;)?
                        $($(let $field = Kept::take(from)?;)*)?
                        Self::$variant $(($inner))? $({ $($field),* })?
                    })*
                    _ => return None,
                })
            }
        }
    )*};
}

impl Kept for FileId {
    fn put(&self, _out: &mut Out) {}

    fn take(_from: &mut In<'_>) -> Option<Self> {
        Some(Self::default())
    }
}

impl Kept for Spans {
    fn put(&self, out: &mut Out) {
        self.0.put(out);
    }

    fn take(from: &mut In<'_>) -> Option<Self> {
        Kept::take(from).map(Self)
    }
}

records! {
    Document {
        file, employees, users, groups, modules, module_sets, attachments, rights, roles, company, licence, online, expect,
        incomplete,
    }
    Declared<T> { name, body }
    Spanned<T> { value, span }
    At<T> { value, start, end }
    Once<T> { body, span }
    Employee { name, email, phone, department, language }
    User { employee, name, superuser, inactive, modules, renamed_from, rules }
    Group { name, members, modules, rules }
    MemberDecl { who, validity, because, span }
    Module { name }
    ModuleSet { modules }
    Attachment { patterns }
    Right { names, meaning, of, own_data_allowed }
    Role { name, rules }
    Company { name, street, postal_code, city, country, phone, email, organisation_number }
    Licence { name, contact, phone, company_databases, invitations, services }
    Online {
        responsible, machines, interval, take_over_after, idle_logout, failed_logins, invitation_valid, access, span,
    }
    Access { role, message, email, services }
    ExpectationDecl { text, meant, on, because, span, spans }
    Crowd { everyone, subjects, except }
    What { right, target }
    RuleDecl { effect, right, target, validity, because, span }
    Reference { prefix, name }
    RightPattern { area, actions }
}

choices! {
    Effect { 0 => Allow, 1 => Deny }
    Scope { 0 => People, 1 => Modules, 2 => Attachments }
    Bound { 0 => AtLeast, 1 => AtMost, 2 => Exactly }
    Prefix { 0 => User, 1 => Group, 2 => Role, 3 => Module, 4 => ModuleSet, 5 => Attachment }
    TargetRef { 0 => Everyone, 1 => Everything, 2 => Named(reference) }
    MemberRef { 0 => Everyone, 1 => Named(reference) }
    ExpectationText {
        0 => Can { crowd, what },
        1 => Cannot { crowd, what },
        2 => Only { crowd, what },
        3 => Nobody { whats },
        4 => Count { bound, number, what },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;
    use crate::text::SourceFile;

    const EVERYTHING: &str = r#"
employees: { e: { name: Anna Ä, email: a@n.example, phone: "1", department: d, language: de } }
users:
  anna: { employee: e, superuser: true, modules: desk, renamed_from: anja, allow: [data.export until 2027-01-01] }
  lars: { name: "L \"x\"", active: false, deny: ['calendar.see+edit of group:sales because "a, b"'] }
groups:
  sales: { name: S, members: [anna, everyone, group:x from 2026-01-01 because "y"], modules: desk, allow: [data.*] }
modules: { mail: , bank: { name: Bank } }
module_sets: { desk: [mail, bank] }
attachments: { programs: ["*.exe"] }
rights: { invoices.approve: { name: { en: A, de: B }, meaning: m }, documents.see: { of: people, own: allow } }
roles: { accountant: { name: B, allow: [modules.use of everything] } }
company: { name: N, address: { street: s, postal_code: "1", city: c, country: d }, phone: "2", email: e }
licence: { name: N, contact: c, phone: "3", company_databases: 1, invitations: 1000000, services: [crm] }
online:
  responsible: anna
  machines: [m]
  interval: 15m
  failed_logins: 5
  access: { lars: { role: accountant, message: hi, email: l@n.example, services: [crm] } }
expect:
  - only group:sales can data.export
  - { that: at most 3 users can calendar.see of everyone, on: 2027-01-01, because: z }
  - nobody can data.import and data.export
  - everyone except anna, group:sales cannot sms.send
  - anna can sms.send
"#;

    #[test]
    fn a_document_comes_back_as_it_was() {
        let file = SourceFile::new("a.yaml", EVERYTHING);
        let (document, found) = parse(FileId(7), &file);
        assert!(found.is_empty(), "{found:?}");
        let document = document.unwrap();
        let bytes = to_bytes(&document);
        let again = from_bytes(FileId(7), &bytes).unwrap();
        assert_eq!(format!("{document:#?}"), format!("{again:#?}"));
        assert_eq!(to_bytes(&again), bytes);
    }

    #[test]
    fn bytes_of_something_else_give_nothing_and_never_fail() {
        let (document, _) = parse(FileId(0), &SourceFile::new("a.yaml", EVERYTHING));
        let bytes = to_bytes(&document.unwrap());
        for end in 0..bytes.len() {
            assert!(from_bytes(FileId(0), &bytes[..end]).is_none(), "{end}");
        }
        for at in 0..bytes.len() {
            for other in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = other;
                drop(from_bytes(FileId(0), &changed));
            }
        }
    }
}
