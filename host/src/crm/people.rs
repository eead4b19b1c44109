//! Events of objects that belong to people: a deal, a meeting, a task.
//!
//! In: an event and the CRM's ids of whom it is about. Out: one event for each of them, leading to the
//! person where they are unknown; or the event with the person as the API knows them.

use serde_json::Value;

use crate::domain::event::{Hydrate, kind};
use crate::domain::{ContactRef, JsonMap, NewEvent, digest};

use super::person::Person;

/// The most people that one object is passed on to.
const PEOPLE_MAX: usize = 100;
/// The longest id of a record that is asked for, in bytes.
const ID_MAX_BYTES: usize = 100;
/// The longest title of a note, in characters.
const TITLE_MAX_CHARS: usize = 100;
/// What leads to a person: asked for only where the contact is unknown.
pub(super) const CONTACT: &str = "contact";

/// The event once for each person, each id once. What belongs to nobody is kept as it is.
pub(super) fn to_each(event: NewEvent, ids: impl IntoIterator<Item = String>) -> Vec<NewEvent> {
    let mut events: Vec<NewEvent> = Vec::new();
    for id in ids {
        let contact = ContactRef::external(&id);
        let told = events.iter().any(|event| event.contact == contact);
        if !told && events.len() < PEOPLE_MAX {
            events.push(NewEvent {
                source_key: format!("{}/{id}", event.source_key),
                contact,
                hydrate: Some(Hydrate {
                    object: CONTACT.to_owned(),
                    id,
                }),
                ..event.clone()
            });
        }
    }
    if events.is_empty() {
        events.push(event);
    }
    events
}

/// The event of a person as the API knows them, and their opt-out where the CRM has one.
pub(super) fn of(person: Person, event: NewEvent) -> Vec<NewEvent> {
    let event = NewEvent {
        contact: person.contact,
        patch: person.patch,
        hydrate: None,
        ..event
    };
    if person.opted_out {
        let opt_out = super::opt_out(&event);
        return vec![event, opt_out];
    }
    vec![event]
}

/// The key of what a poll found: a state (won, held, completed) is one event however often its record is
/// touched later, news without a state is one for each change.
pub(super) fn found_key(event: &NewEvent, object: &str, id: &str) -> String {
    let is_news = event.kind == kind::CONTACT_UPDATED || event.kind.contains('.');
    let at = if is_news {
        event.occurred_at.0.to_string()
    } else {
        String::new()
    };
    let stage = event.data.get("stage").map(Value::to_string);
    let stage = stage.unwrap_or_default();
    let parts = [object, id, &event.kind, &stage, &at];
    digest::id("found", &parts.map(str::as_bytes))
}

/// Whether a text can be the id of a record, and stand in an address as it is.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID_MAX_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Whether an id has the form of a UUID: an owner or a deal that another system named has not.
pub(super) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    is_id(text) && lengths.eq([8, 4, 4, 4, 12])
}

/// The title of a note that has none: its first line.
pub(super) fn title_of(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or("Note");
    line.chars().take(TITLE_MAX_CHARS).collect()
}

/// Sets what is there and not null.
pub(super) fn put(data: &mut JsonMap, name: &str, value: Option<&Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        data.insert(name.to_owned(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (text, expect) in [
            ("bf071e1f-6035-429d-b874-d83ea64ea13b", true),
            ("5564764442a6d024c", true),
            ("", false),
            ("../self", false),
            ("a?b", false),
            ("ü", false),
        ] {
            assert_eq!(is_id(text), expect, "{text}");
        }
        assert!(!is_id(&"a".repeat(ID_MAX_BYTES + 1)));
        assert!(is_uuid("bf071e1f-6035-429d-b874-d83ea64ea13b"));
        assert!(!is_uuid("5564764442a6d024c"));
    }
}
