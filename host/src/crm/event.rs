//! Events as every CRM's mapping builds them: from nothing, for each contact they belong to, and
//! completed with a person.

use serde_json::{Map, Value};

use crate::domain::event::{About, Hydrate, kind};
use crate::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent, digest};

use super::opt_out;
use super::person::Person;

/// The most contacts that one deal, meeting or mail is passed on to.
pub(super) const CONTACTS_MAX: usize = 100;

/// The word for a person in `hydrate`, where a CRM has but one: the store asks for it only where the
/// address is not known yet.
pub(super) const CONTACT: &str = "contact";

/// What every event of a CRM has, and nothing else.
pub(super) fn event(
    source_key: String,
    kind: impl Into<String>,
    occurred_at: Instant,
    about: Option<About>,
    raw: &Value,
) -> NewEvent {
    NewEvent {
        source_key,
        kind: kind.into(),
        occurred_at,
        contact: ContactRef::default(),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data: JsonMap::new(),
        raw: raw.clone(),
        hydrate: None,
        about,
    }
}

/// The event for one of the contacts it belongs to, who is asked for next: `object` is the CRM's word
/// for a person.
pub(super) fn for_contact(event: &NewEvent, object: &str, id: &str) -> NewEvent {
    NewEvent {
        source_key: format!("{}/{id}", event.source_key),
        contact: ContactRef::external(id),
        hydrate: Some(Hydrate {
            object: object.to_owned(),
            id: id.to_owned(),
        }),
        ..event.clone()
    }
}

/// The event once for each of the contacts, each asking who that is. What belongs to nobody is kept as
/// it is.
pub(super) fn for_contacts(
    event: NewEvent,
    ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Vec<NewEvent> {
    let mut events: Vec<NewEvent> = Vec::new();
    for id in ids {
        let id = id.as_ref();
        let told = |event: &NewEvent| event.contact.external_id.as_deref() == Some(id);
        if events.len() < CONTACTS_MAX && !events.iter().any(told) {
            events.push(for_contact(&event, CONTACT, id));
        }
    }
    if events.is_empty() {
        events.push(NewEvent {
            hydrate: None,
            ..event
        });
    }
    events
}

/// The event with all that is told of its person, and the CRM's own opt-out beside it where that is set.
/// What the record says lies on top of what the event told, but what the event cleared and the record
/// leaves out stays cleared.
pub(super) fn with_person(mut event: NewEvent, person: Person) -> Vec<NewEvent> {
    event.hydrate = None;
    event.contact = person.contact;
    let (told, known) = (&mut event.patch, person.patch);
    told.time_zone = known.time_zone.or(told.time_zone.take());
    told.locale = known.locale.or(told.locale.take());
    if let Some(account) = known.account {
        told.account.get_or_insert_default().extend(account);
    }
    told.attributes.extend(known.attributes);
    for email in known.other_emails {
        if !told.other_emails.contains(&email) {
            told.other_emails.push(email);
        }
    }
    if person.opted_out {
        let opted_out = opt_out(&event);
        return vec![event, opted_out];
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

/// Sets what is there and not null.
pub(super) fn put(data: &mut JsonMap, name: &str, value: Option<&Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        data.insert(name.to_owned(), value.clone());
    }
}

/// Their fields under our names; what is not set is left out, and ids are texts.
pub(super) fn data(object: &Value, names: &[(&str, &str)]) -> JsonMap {
    let mut data = Map::new();
    for (theirs, ours) in names {
        let value = match object.pointer(&format!("/{theirs}")) {
            // False is Odoo's way to say that nothing is set.
            None | Some(Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_)) => {
                continue;
            }
            Some(Value::String(text)) if text.is_empty() => continue,
            Some(id) if names_something(ours) => match super::person::id_of(id) {
                Some(id) => Value::from(id),
                None => continue,
            },
            Some(value) => value.clone(),
        };
        data.insert((*ours).to_owned(), value);
    }
    data
}

/// What names something of the CRM, and is compared as a text by policies.
fn names_something(name: &str) -> bool {
    name.ends_with("_id") || matches!(name, "stage" | "pipeline")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_contact_once_and_never_too_many() {
        let told = event("k".to_owned(), "deal-won", Instant(0), None, &json!({}));
        let ids = |n: usize| (0..n).map(|i| (i % 150).to_string()).collect::<Vec<_>>();
        assert_eq!(for_contacts(told.clone(), ids(300)).len(), CONTACTS_MAX);
        let nobody = for_contacts(told.clone(), [""; 0]);
        assert_eq!(nobody, vec![told.clone()]);
        let one = for_contacts(told, ids(1));
        assert_eq!(one[0].source_key, "k/0");
        assert_eq!(one[0].contact.external_id.as_deref(), Some("0"));
    }

    #[test]
    fn fields_get_our_names() {
        let object = json!({"id": 7, "title": "Big", "value": 1.5, "stage_id": 3, "lost": null, "e": "",
            "owner": {"id": 9}});
        let names = [
            ("id", "deal_id"),
            ("title", "deal_name"),
            ("value", "amount"),
            ("stage_id", "stage"),
            ("lost", "lost"),
            ("e", "e"),
            ("owner/id", "owner_id"),
        ];
        assert_eq!(
            json!(data(&object, &names)),
            json!({"deal_id": "7", "deal_name": "Big", "amount": 1.5, "stage": "3", "owner_id": "9"})
        );
    }
}
