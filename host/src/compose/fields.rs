//! What a template may read, and how a field that is missing makes itself known.
//!
//! Null, absent and blank are all "missing": the value stands for itself under its full name, is
//! false in an `if`, gives way to `default(...)`, and is noted when the template would print it.

use std::fmt;
use std::sync::{Arc, Mutex};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use serde_json::Value as Json;

use crate::domain::decision::{AccountView, ContactView};
use crate::domain::mail::Mailbox;
use crate::domain::{Event, JsonMap};

/// Everything a template may read.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// `contact.email`, `contact.time_zone`, `contact.locale` and every attribute.
    pub contact: &'a ContactView,
    /// `account.id`, `account.name` and every attribute.
    pub account: Option<&'a AccountView>,
    /// `event.kind`, `event.occurred_at` and every key of its data, also as `event.data.KEY`.
    pub event: &'a Event,
    /// `vars.NAME`: what the policy handed over.
    pub vars: &'a JsonMap,
    /// `sender.name` and `sender.email`.
    pub sender: &'a Mailbox,
    /// `sequence`: its name.
    pub sequence: &'a str,
    pub host: HostFields<'a>,
}

/// What the host itself tells; nothing, for texts that are no mail.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostFields<'a> {
    /// `company.name` and `company.address`, the latter on one line.
    pub company_name: Option<&'a str>,
    pub company_address: Option<&'a str>,
    /// `unsubscribe_url` and `preferences_url`: links of this very message.
    pub unsubscribe_url: Option<&'a str>,
    pub preferences_url: Option<&'a str>,
}

/// The names at the top of a template.
pub(super) const NAMES: [&str; 9] = [
    "contact",
    "account",
    "event",
    "vars",
    "sender",
    "sequence",
    "company",
    "unsubscribe_url",
    "preferences_url",
];

/// The fields of a name whose fields are all known beforehand.
pub(super) fn known_fields(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "sender" => Some(&["name", "email"]),
        "company" => Some(&["name", "address"]),
        _ => None,
    }
}

/// Which missing fields one rendering met.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Printed, iterated or counted: the message cannot go without them. In order of appearance.
    pub needed: Vec<String>,
    /// The last one that was looked up and not replaced by a default.
    pub last_seen: Option<String>,
}

pub(super) type SharedNotes = Arc<Mutex<Notes>>;

impl Context<'_> {
    /// The values for one rendering. The host's own fields win over attributes of the same name.
    pub(super) fn to_values(self, notes: &SharedNotes) -> Value {
        let wrap = Wrap { notes };
        let text = |text: &str| Json::from(text);
        let optional = |text: Option<&str>| text.map_or(Json::Null, Json::from);
        let contact = wrap.fields(
            "contact",
            &self.contact.attributes,
            &[
                ("email", optional(self.contact.email.as_deref())),
                ("time_zone", text(&self.contact.time_zone)),
                ("locale", optional(self.contact.locale.as_deref())),
            ],
        );
        let none = JsonMap::new();
        let account = wrap.fields(
            "account",
            self.account.map_or(&none, |a| &a.attributes),
            &[
                ("id", optional(self.account.map(|a| a.id.as_str()))),
                (
                    "name",
                    optional(self.account.and_then(|a| a.name.as_deref())),
                ),
            ],
        );
        let event = wrap.fields(
            "event",
            &self.event.data,
            &[
                ("kind", text(&self.event.kind)),
                ("occurred_at", text(&self.event.occurred_at.to_string())),
                // The same keys under the name that enrolment rules know them by.
                ("data", Json::Object(self.event.data.clone())),
            ],
        );
        let sender = wrap.fields(
            "sender",
            &none,
            &[
                ("name", optional(self.sender.name.as_deref())),
                ("email", text(self.sender.address.as_str())),
            ],
        );
        let vars = wrap.fields("vars", self.vars, &[]);
        let sequence = wrap.value("sequence", &text(self.sequence));
        let company = wrap.fields(
            "company",
            &none,
            &[
                ("name", optional(self.host.company_name)),
                ("address", optional(self.host.company_address)),
            ],
        );
        let unsubscribe = wrap.value("unsubscribe_url", &optional(self.host.unsubscribe_url));
        let preferences = wrap.value("preferences_url", &optional(self.host.preferences_url));
        Value::from_pairs(NAMES.into_iter().zip([
            contact,
            account,
            event,
            vars,
            sender,
            sequence,
            company,
            unsubscribe,
            preferences,
        ]))
    }
}

/// Values for a trial run: every name is there, every field is missing.
pub(super) fn nothing() -> Value {
    let notes = SharedNotes::default();
    Value::from_pairs(NAMES.map(|name| (name, missing(name, &notes))))
}

/// Turns JSON into template values that know their names.
struct Wrap<'a> {
    notes: &'a SharedNotes,
}

impl Wrap<'_> {
    fn fields<const N: usize>(&self, path: &str, map: &JsonMap, own: &[(&str, Json); N]) -> Value {
        let mut entries: Vec<(String, Value)> = own
            .iter()
            .map(|(key, value)| {
                (
                    (*key).to_owned(),
                    self.value(&format!("{path}.{key}"), value),
                )
            })
            .collect();
        for (key, value) in map {
            if own.iter().all(|(taken, _)| taken != key) {
                entries.push((key.clone(), self.value(&format!("{path}.{key}"), value)));
            }
        }
        Value::from_object(Fields {
            path: path.to_owned(),
            entries,
            notes: Arc::clone(self.notes),
        })
    }

    fn value(&self, path: &str, value: &Json) -> Value {
        match value {
            Json::Null => missing(path, self.notes),
            Json::String(text) if is_blank(text) => missing(path, self.notes),
            Json::String(text) => Value::from(text.as_str()),
            Json::Bool(yes) => Value::from(*yes),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::from(whole),
                (None, Some(float)) => Value::from(float),
                (None, None) => Value::from(number.to_string()),
            },
            Json::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.value(&format!("{path}[{index}]"), item))
                .collect(),
            Json::Object(map) => self.fields(path, map, &[]),
        }
    }
}

/// A map whose absent keys are missing fields, not errors.
#[derive(Debug)]
struct Fields {
    path: String,
    entries: Vec<(String, Value)>,
    notes: SharedNotes,
}

impl Object for Fields {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let found = self
            .entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.clone());
        let value = found.unwrap_or_else(|| missing(&format!("{}.{key}", self.path), &self.notes));
        if let Some(field) = value.downcast_object_ref::<Missing>() {
            field.look();
        }
        Some(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.entries
                .iter()
                .map(|(name, _)| Value::from(name.as_str()))
                .collect(),
        )
    }
}

/// A field without a value.
pub(super) struct Missing {
    path: String,
    notes: SharedNotes,
}

fn missing(path: &str, notes: &SharedNotes) -> Value {
    Value::from_object(Missing {
        path: path.to_owned(),
        notes: Arc::clone(notes),
    })
}

impl Missing {
    fn with_notes(&self, change: impl FnOnce(&mut Notes)) {
        // A poisoned lock means a panic in these few lines; the notes in it are still whole.
        change(
            &mut self
                .notes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }

    fn look(&self) {
        self.with_notes(|notes| notes.last_seen = Some(self.path.clone()));
    }

    fn need(&self) {
        self.with_notes(|notes| {
            if !notes.needed.contains(&self.path) {
                notes.needed.push(self.path.clone());
            }
        });
    }

    /// The template's author provided for its absence.
    pub(super) fn excuse(&self) {
        self.with_notes(|notes| notes.last_seen = None);
    }
}

impl fmt::Debug for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(no {})", self.path)
    }
}

/// Whatever would let the absence into the message is noted: printing, a filter that makes it text,
/// a loop, a count. A plain `if` is not.
impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let path = match key.as_str() {
            Some(name) => format!("{}.{name}", self.path),
            None => format!("{}[{key}]", self.path),
        };
        Some(missing(&path, &self.notes))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.need();
        Enumerator::Empty
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.need();
        Some(0)
    }

    /// Only texts for colleagues ever show it; a message that would is held.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.need();
        write!(f, "[{}]", self.path)
    }
}
/// Whether a reader would see nothing: white space, and what Unicode calls default-ignorable or draws
/// as an empty cell.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    })
}
