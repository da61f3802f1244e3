//! The values of fields, as they are compared, stored and printed.

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
    Row(BTreeMap<String, Value>),
}

impl Said {
    /// As JSON has it; `null` if nothing is said.
    pub fn json_of(said: Option<&Self>) -> serde_json::Value {
        said.map_or(serde_json::Value::Null, Self::to_json)
    }

    /// One value, or an object with one for each field.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Field(value) => value.to_json(),
            Self::Row(fields) => fields.iter().map(|(field, value)| (field.clone(), value.to_json())).collect(),
        }
    }
}
