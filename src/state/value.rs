//! The values of fields, as they are compared, stored and printed.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// Texts in order.
    List(Vec<String>),
}

/// Fields with their values, in a fixed order.
pub type Fields = Vec<(&'static str, Value)>;

/// Fields with their values, by name.
pub type Row = BTreeMap<Cow<'static, str>, Value>;

impl Value {
    /// A text, or nothing.
    pub fn of_text(text: Option<&str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }

    /// Texts in order.
    pub fn list<T: ToString>(items: &[T]) -> Self {
        Self::List(items.iter().map(ToString::to_string).collect())
    }

    /// The value as JSON has it.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Flag(flag) => (*flag).into(),
            Self::Text(text) => text.clone().into(),
            Self::List(items) => items.clone().into(),
        }
    }

    /// Writes the same as [`Self::to_json`] prints, without building it first.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    quote(item, out);
                }
                out.push(']');
            }
        }
    }

    /// The value of a JSON text; what no field can say counts as nothing.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Bool(flag) => Self::Flag(*flag),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            }
            _ => Self::Null,
        }
    }
}

/// One value, or those of a whole row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Of one field.
    Field(Value),
    /// Of every field, by its name.
    Row(Row),
}

impl Said {
    /// As JSON has it; `null` if nothing is said.
    pub fn json_of(said: Option<&Self>) -> serde_json::Value {
        said.map_or(serde_json::Value::Null, Self::to_json)
    }

    /// Writes the same as [`Self::to_json`] prints.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Field(value) => value.write_json(out),
            Self::Row(fields) => {
                out.push('{');
                for (place, (field, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    quote(field, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// One value, or an object with one for each field.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Field(value) => value.to_json(),
            Self::Row(fields) => fields.iter().map(|(field, value)| (field.to_string(), value.to_json())).collect(),
        }
    }
}

/// Writes a text as JSON has it.
pub fn quote(text: &str, out: &mut String) {
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Whether JSON has a byte of a text as it is.
pub fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_a_writer_of_json_prints() {
        let text = |text: &str| Value::Text(text.to_owned());
        let list = Value::List(vec!["a".to_owned(), "b\"c".to_owned()]);
        let all =
            [Value::Null, Value::Flag(true), text("Jürgen \u{7f}"), text("a\\b\n\u{1}"), Value::List(vec![]), list];
        let row: Row = (0..).zip(&all).map(|(place, value)| (format!("f{place}").into(), value.clone())).collect();
        for said in all.into_iter().map(Said::Field).chain([Said::Row(row), Said::Row(Row::new())]) {
            let mut written = String::new();
            said.write_json(&mut written);
            assert_eq!(written, said.to_json().to_string());
        }
    }
}
