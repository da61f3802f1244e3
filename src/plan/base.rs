//! What the last apply wrote: a row for each fact, in the words in which a database keeps it. Words are compared as they
//! are, and read only where somebody asks what they say.

use std::borrow::Cow;
use std::sync::Arc;

use crate::name::Name;
use crate::state::{Fact, Key, Kind, Row, State, Value, is_plain, quote};

use super::rename::{FORMER, Former, RETIRED};

/// What the last apply wrote, in the order of kinds and keys. Whoever copies it shares it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base(Arc<Vec<Written>>);

/// What the last apply wrote of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What kind of thing.
    pub kind: Kind,
    /// Which one, as its key reads.
    pub key: Box<str>,
    /// Its fields as JSON without blanks, in the order of their names: the same words whenever the same is meant.
    fields: Box<str>,
}

impl Written {
    /// What stands in a database; `None` if its fields cannot be read.
    pub fn read(kind: Kind, key: &str, fields: &str) -> Option<Self> {
        let fields: Box<str> = if plain(fields).is_some() { fields.into() } else { text_of(&parsed(fields)?).into() };
        Some(Self { kind, key: key.into(), fields })
    }

    fn of(key: &Key, fact: &Fact) -> Self {
        let mut fields = fact.fields();
        fields.sort_by_key(|(field, _)| *field);
        let fields = text(fields.iter().map(|(field, value)| (*field, value))).into();
        Self { kind: key.kind(), key: key.to_string().into(), fields }
    }

    /// Its fields as a database keeps them.
    pub fn text(&self) -> &str {
        &self.fields
    }

    /// Its fields, by name.
    pub fn row(&self) -> Row {
        let owned = |(field, value): (&str, Said<'_>)| (Cow::Owned(field.to_owned()), value.owned());
        match plain(&self.fields) {
            Some(fields) => fields.into_iter().map(owned).collect(),
            None => parsed(&self.fields).unwrap_or_default(),
        }
    }

    /// What one field says.
    pub fn get(&self, field: &str) -> Option<Value> {
        match plain(&self.fields) {
            Some(fields) => fields.into_iter().find(|(known, _)| *known == field).map(|(_, value)| value.owned()),
            None => self.row().remove(field),
        }
    }

    /// Whether a field says yes, or no.
    pub fn is(&self, field: &str, flag: bool) -> bool {
        self.get(field) == Some(Value::Flag(flag))
    }

    /// Tells how many fields there are, and then each, in the order of their names.
    pub fn tell(&self, to: &mut dyn FnMut(Told<'_>)) {
        if let Some(fields) = plain(&self.fields) {
            to(Told::Number(fields.len()));
            fields.iter().for_each(|(field, value)| to(Told::Field(field, value)));
            return;
        }
        let fields = self.row();
        to(Told::Number(fields.len()));
        fields.iter().for_each(|(field, value)| to(Told::Field(field, &Said::of(value))));
    }

    /// Whether it says something of an account that is no field of the account.
    fn has_more(&self) -> bool {
        self.kind == Kind::User && (self.fields.contains(FORMER) || self.fields.contains(RETIRED))
    }

    /// The fields of the thing itself.
    pub fn own(&self) -> Row {
        let mut row = self.row();
        if self.has_more() {
            row.remove(FORMER);
            row.remove(RETIRED);
        }
        row
    }

    /// Whether another one says the same of the thing itself.
    pub fn says_same(&self, other: &Self) -> bool {
        self.fields == other.fields || (self.has_more() || other.has_more()) && self.own() == other.own()
    }
}

impl Base {
    /// Rows in any order. Of several with one key the last counts.
    pub fn of(mut rows: Vec<Written>) -> Self {
        rows.reverse();
        rows.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
        rows.dedup_by(|later, first| later.kind == first.kind && later.key == first.key);
        Self(Arc::new(rows))
    }

    /// What an apply of a state writes.
    pub fn of_state(state: &State) -> Self {
        let mut rows: Vec<Written> = state.facts.iter().map(|(key, fact)| Written::of(key, fact)).collect();
        rows.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
        Self(Arc::new(rows))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All rows, in order.
    pub fn rows(&self) -> &[Written] {
        &self.0
    }

    /// What it says of a key.
    pub fn find(&self, kind: Kind, key: &str) -> Option<&Written> {
        self.place(kind, key).map(|place| &self.0[place])
    }

    fn place(&self, kind: Kind, key: &str) -> Option<usize> {
        self.0.binary_search_by(|row| (row.kind, &*row.key).cmp(&(kind, key))).ok()
    }

    /// Both side by side, in order: what each says under a key.
    pub fn beside<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = [Option<&'b Written>; 2]> {
        let (mut these, mut those) = (self.0.iter().peekable(), other.0.iter().peekable());
        std::iter::from_fn(move || {
            let order = match (these.peek(), those.peek()) {
                (Some(this), Some(that)) => (this.kind, &this.key).cmp(&(that.kind, &that.key)),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return None,
            };
            let this = if order.is_le() { these.next() } else { None };
            let that = if order.is_ge() { those.next() } else { None };
            Some([this, that])
        })
    }

    /// What it remembers of accounts beside what they are.
    pub fn former(&self) -> Former {
        let mut former = Former::default();
        for written in self.0.iter().filter(|written| written.has_more()) {
            let name = Name::foreign(&written.key);
            let mut row = written.row();
            if row.remove(RETIRED).is_some() {
                former.retired.insert(name.clone());
            }
            if let Some(Value::List(names)) = row.remove(FORMER) {
                former.names.insert(name, names.iter().map(|name| Name::foreign(name)).collect());
            }
        }
        former
    }

    /// Puts it beside what they are.
    pub(super) fn put(&mut self, former: &Former) {
        let names = former.names.iter().map(|(name, names)| (name, FORMER, Value::list(names)));
        let retired = former.retired.iter().map(|name| (name, RETIRED, Value::Flag(true)));
        for (name, field, value) in names.chain(retired) {
            let Some(place) = self.place(Kind::User, name.as_str()) else { continue };
            let written = &mut Arc::make_mut(&mut self.0)[place];
            let mut row = written.row();
            row.insert(Cow::Borrowed(field), value);
            written.fields = text_of(&row).into();
        }
    }
}

/// What is told of a row.
#[derive(Debug)]
pub enum Told<'w> {
    /// How many fields it has.
    Number(usize),
    /// One of them, and what it says.
    Field(&'w str, &'w Said<'w>),
}

/// What a field says, in the words of the row that it stands in.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'w> {
    /// Nothing.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(&'w str),
    /// Texts in order.
    List(Vec<&'w str>),
}

impl<'w> Said<'w> {
    fn of(value: &'w Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Flag(flag) => Self::Flag(*flag),
            Value::Text(text) => Self::Text(text),
            Value::List(items) => Self::List(items.iter().map(String::as_str).collect()),
        }
    }

    fn owned(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Text(text) => Value::Text((*text).to_owned()),
            Self::List(items) => Value::list(items),
        }
    }
}

/// Fields of JSON that somebody may have written by hand.
fn parsed(text: &str) -> Option<Row> {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    Some(fields.into_iter().map(|(field, value)| (Cow::Owned(field), Value::from_json(&value))).collect())
}

fn text_of(row: &Row) -> String {
    text(row.iter().map(|(field, value)| (&**field, value)))
}

fn text<'v>(fields: impl Iterator<Item = (&'v str, &'v Value)>) -> String {
    let mut out = String::from("{");
    for (field, value) in fields {
        if out.len() > 1 {
            out.push(',');
        }
        quote(field, &mut out);
        out.push(':');
        value.write_json(&mut out);
    }
    out.push('}');
    out
}

/// The fields of a row as an apply writes it; `None` if it is written otherwise, or has a text that JSON writes in other
/// signs.
fn plain(text: &str) -> Option<Vec<(&str, Said<'_>)>> {
    let mut rest = text.strip_prefix('{')?;
    let mut found: Vec<(&str, Said<'_>)> = Vec::with_capacity(8);
    if rest == "}" {
        return Some(found);
    }
    loop {
        let (field, behind) = plain_text(rest)?;
        if found.last().is_some_and(|(last, _)| *last >= field) {
            return None;
        }
        let (value, behind) = plain_value(behind.strip_prefix(':')?)?;
        found.push((field, value));
        match behind.as_bytes() {
            b"}" => return Some(found),
            [b',', ..] => rest = &behind[1..],
            _ => return None,
        }
    }
}

fn plain_text(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let end = inside.bytes().position(|byte| !is_plain(byte))?;
    let behind = inside[end..].strip_prefix('"')?;
    Some((&inside[..end], behind))
}

fn plain_value(text: &str) -> Option<(Said<'_>, &str)> {
    for (word, value) in [("null", Said::Null), ("true", Said::Flag(true)), ("false", Said::Flag(false))] {
        if let Some(behind) = text.strip_prefix(word) {
            return Some((value, behind));
        }
    }
    let Some(mut rest) = text.strip_prefix('[') else {
        return plain_text(text).map(|(text, behind)| (Said::Text(text), behind));
    };
    let mut items = Vec::new();
    if let Some(behind) = rest.strip_prefix(']') {
        return Some((Said::List(items), behind));
    }
    loop {
        let (item, behind) = plain_text(rest)?;
        items.push(item);
        match behind.as_bytes().first()? {
            b']' => return Some((Said::List(items), &behind[1..])),
            b',' => rest = &behind[1..],
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> Option<Written> {
        Written::read(Kind::User, "anna", fields)
    }

    #[test]
    fn the_same_is_said_in_the_same_words_whoever_wrote_it() {
        let own = r#"{"active":true,"employee":null,"modules":["a","b"],"name":"Ann\"a"}"#;
        for words in [
            own,
            r#"{ "name": "Ann\u0022a", "modules": ["a", "b"], "employee": null, "active": true }"#,
            r#"{"active":false,"active":true,"employee":7,"modules":["a",1,"b"],"name":"Ann\"a"}"#,
        ] {
            assert_eq!(read(words).unwrap().text(), own);
        }
        for wrong in ["", "[]", "{", r#"{"a":}"#, r#"{"a":1,}"#, "null", r#"{"a":"b"}x"#] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_read_quickly_is_what_a_reader_of_json_reads() {
        for words in [
            "{}",
            r#"{"a":null}"#,
            r#"{"a":"","b":[],"c":["x"],"d":false}"#,
            r#"{"a":"é\\n","b":["\t"]}"#,
            r#"{"b":"1","a":"2"}"#,
        ] {
            let written = read(words).unwrap();
            assert_eq!(written.row(), parsed(words).unwrap(), "{words}");
            assert_eq!(parsed(written.text()).unwrap(), parsed(words).unwrap(), "{words}");
            let mut told = Row::new();
            let mut number = 0;
            written.tell(&mut |part| match part {
                Told::Number(count) => number = count,
                Told::Field(field, value) => drop(told.insert(Cow::Owned(field.to_owned()), value.owned())),
            });
            assert_eq!((number, told), (written.row().len(), written.row()), "{words}");
            assert!(written.row().iter().all(|(field, value)| written.get(field).as_ref() == Some(value)), "{words}");
        }
    }

    #[test]
    fn what_stands_beside_an_account_is_no_field_of_it() {
        let (one, other) = (read(r#"{"name":"Anna","retired":true}"#).unwrap(), read(r#"{"name":"Anna"}"#).unwrap());
        assert!(one != other && one.says_same(&other) && one.own() == other.row());
    }
}
