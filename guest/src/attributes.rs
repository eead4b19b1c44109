//! Named values: a contact's CRM fields, a template's variables.

use crate::Instant;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Boolean(bool),
    At(Instant),
    /// Anything else: lists, objects, null.
    Json(serde_json::Value),
}

/// Named values in the order they were given; a name occurs once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes(Vec<(String, Value)>);

impl Attributes {
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut values = self.0.iter().filter(|(n, _)| n == name);
        values.next().map(|(_, value)| value)
    }

    /// A text that says something: blank ones count as missing.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    /// A number, or a text that is one (CRMs send both).
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A boolean, or a text that is one.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Boolean(flag) => Some(*flag),
            Value::Text(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// A moment, or an RFC 3339 text.
    pub fn at(&self, name: &str) -> Option<Instant> {
        match self.get(name)? {
            Value::At(at) => Some(*at),
            Value::Text(text) => Instant::parse_rfc3339(text.trim()),
            _ => None,
        }
    }

    /// Adds a value, or replaces the one of that name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let mut attributes = Self::default();
        for (name, value) in values {
            attributes.set(name, value);
        }
        attributes
    }
}

impl IntoIterator for Attributes {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<Instant> for Value {
    fn from(at: Instant) -> Self {
        Self::At(at)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Bool(flag) => Self::Boolean(flag),
            serde_json::Value::Number(ref number) => match number.as_f64() {
                Some(number) => Self::Number(number),
                None => Self::Json(json),
            },
            other => Self::Json(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_crms_write_them() {
        let attributes: Attributes = [
            ("name", Value::from(" Ada ")),
            ("blank", Value::from("  ")),
            ("seats", Value::from("12")),
            ("vip", Value::from("True")),
            ("since", Value::from("2026-03-02T09:00:00Z")),
            ("age", Value::from(serde_json::json!(7))),
        ]
        .into_iter()
        .collect();
        assert_eq!(attributes.text("name"), Some("Ada"));
        assert_eq!(attributes.text("blank"), None);
        assert_eq!(attributes.text("age"), None);
        assert_eq!(attributes.number("seats"), Some(12.0));
        assert_eq!(attributes.number("age"), Some(7.0));
        assert_eq!(attributes.flag("vip"), Some(true));
        assert_eq!(attributes.flag("name"), None);
        assert_eq!(
            attributes.at("since"),
            Instant::parse_rfc3339("2026-03-02T09:00:00Z")
        );
        assert_eq!(attributes.get("missing"), None);
    }

    #[test]
    fn a_name_occurs_once() {
        let attributes: Attributes = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
        assert_eq!(attributes.iter().count(), 2);
        assert_eq!(attributes.number("a"), Some(3.0));
    }
}
