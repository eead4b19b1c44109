//! What a rule may read, converted once and offered to many rules.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::Key;
use cel::{Context, Value};
use serde_json::Value as Json;

use crate::domain::decision::{AccountView, ContactView};
use crate::domain::{Event, JsonMap};

use super::{LANGUAGE, LIST_MAX};

/// An event and whom it is about, as rules see them.
pub struct Subject {
    context: Context<'static, 'static>,
}

/// The names at the top of a rule, and the fields of those whose fields are all known.
pub(super) const NAMES: [&str; 3] = ["event", "contact", "account"];
pub(super) const EVENT_FIELDS: [&str; 4] = ["id", "kind", "data", "occurred_at"];

type Entries = HashMap<Key, Value>;

impl Subject {
    /// Attributes can be read as `contact.country` and as `contact.attributes.country`; the
    /// contact's own fields win over attributes of the same name. Without an account, `account`
    /// is empty.
    pub fn new(event: &Event, contact: &ContactView, account: Option<&AccountView>) -> Self {
        Self::of(event, contact_entries(contact), account_entries(account))
    }

    /// For rules that ask for nothing but the event.
    pub fn of_event(event: &Event) -> Self {
        Self::of(event, Entries::new(), Entries::new())
    }

    fn of(event: &Event, contact: Entries, account: Entries) -> Self {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        let mut event_entries = Entries::new();
        put(&mut event_entries, "id", Value::from(event.id.as_str()));
        put(&mut event_entries, "kind", Value::from(event.kind.as_str()));
        put(&mut event_entries, "data", object(&event.data));
        put(
            &mut event_entries,
            "occurred_at",
            Value::Timestamp(event.occurred_at.to_utc().fixed_offset()),
        );

        for (name, entries) in NAMES.into_iter().zip([event_entries, contact, account]) {
            context.add_variable_from_value(name, Value::Map(entries.into()));
        }
        Self { context }
    }

    pub(super) fn context(&self) -> &Context<'static, 'static> {
        &self.context
    }
}

fn contact_entries(contact: &ContactView) -> Entries {
    let mut entries = with_attributes(&contact.attributes);
    put(&mut entries, "id", Value::from(contact.id.as_str()));
    put(
        &mut entries,
        "time_zone",
        Value::from(contact.time_zone.as_str()),
    );
    put_known(&mut entries, "email", contact.email.as_deref());
    put_known(&mut entries, "locale", contact.locale.as_deref());
    entries
}

fn account_entries(account: Option<&AccountView>) -> Entries {
    let Some(account) = account else {
        return Entries::new();
    };
    let mut entries = with_attributes(&account.attributes);
    put(&mut entries, "id", Value::from(account.id.as_str()));
    put_known(&mut entries, "name", account.name.as_deref());
    entries
}

fn with_attributes(attributes: &JsonMap) -> Entries {
    let mut entries: Entries = attributes
        .iter()
        .map(|(key, value)| (Key::from(key.as_str()), convert(value)))
        .collect();
    let all = Value::Map(entries.clone().into());
    put(&mut entries, "attributes", all);
    entries
}

fn put(entries: &mut Entries, key: &str, value: Value) {
    entries.insert(Key::from(key), value);
}

fn put_known(entries: &mut Entries, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        put(entries, key, Value::from(value));
    }
}

fn object(map: &JsonMap) -> Value {
    let entries: Entries = map
        .iter()
        .map(|(key, value)| (Key::from(key.as_str()), convert(value)))
        .collect();
    Value::Map(entries.into())
}

/// Whole numbers are `int` whatever their size in JSON; the crate's own conversion would make the
/// positive ones `uint`, which a rule's `-1` does not mix with.
fn convert(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, float) => Value::Float(float.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items
            .iter()
            .take(LIST_MAX)
            .map(convert)
            .collect::<Vec<_>>()
            .into(),
        Json::Object(map) => object(map),
    }
}
