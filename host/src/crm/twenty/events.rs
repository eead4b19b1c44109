//! One webhook into our event.
//!
//! `{"eventName", "objectMetadata", "workspaceId", "webhookId", "eventDate", "record",
//! "updatedFields"}` is what the server sends (twentyhq/twenty, `call-webhook.job.ts`), `{"event",
//! "data", "timestamp"}` what the documentation shows. A change is known by its record, its word and the
//! record's own time of it, so that two webhooks for one change are one event.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::{self, CONTACT};
use crate::crm::stages::Stages;
use crate::domain::event::{About, Hydrate};
use crate::domain::{ContactPatch, ContactRef, Instant, NewEvent, digest, fields};

use super::fields::{data, person_of};
use super::words::kind_of;

/// What leads to its people through a list of its own.
pub(super) const LINKED: &[&str] = &["task", "note", "calendarEvent", "message"];

pub(super) fn read(event: &Value, stages: &Stages, now: Instant) -> Result<NewEvent, String> {
    let either =
        |ours: &str, documented: &str| event.get(ours).or_else(|| event.get(documented)).cloned();
    let word = match either("eventName", "event") {
        Some(Value::String(word)) if !word.is_empty() => word,
        _ => {
            return Err(
                "`eventName` is missing: a text like person.created is required".to_owned(),
            );
        }
    };
    let (object, verb) = word
        .split_once('.')
        .ok_or_else(|| format!("`eventName` {word:?} is not of the form object.verb"))?;
    let record = either("record", "data").unwrap_or_default();
    let id = fields::text(&record, "id")
        .filter(|id| is_id(id))
        .ok_or("`record.id` is missing or no id")?;
    let changed: Vec<&str> = event
        .get("updatedFields")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let told_at = either("eventDate", "timestamp");
    let told_at = told_at
        .as_ref()
        .and_then(Value::as_str)
        .and_then(Instant::parse_rfc3339);
    let occurred_at = happened_at(object, &record)
        .or_else(|| changed_at(&record, verb))
        .or(told_at)
        .unwrap_or(now);
    let mut told = told(object, id, &record, occurred_at);
    let (at, names) = (occurred_at.0.to_string(), changed.join(","));
    let parts = [word.as_str(), id, &at, &names];
    told.source_key = digest::id("tw", &parts.map(str::as_bytes));
    told.kind = kind_of(object, verb, &changed, &record, stages);
    if ["deleted", "destroyed"].contains(&verb) {
        told.patch = ContactPatch::default();
        // It cannot be asked for any more, but those it was of may still be listed.
        told.hydrate = told
            .hydrate
            .filter(|wanted| LINKED.contains(&wanted.object.as_str()));
    }
    if !changed.is_empty() {
        told.data.insert("changed".to_owned(), json!(changed));
    }
    told.raw = event.clone();
    Ok(told)
}

/// What a record tells, whoever brought it; its kind and its key are up to the caller.
pub(super) fn told(object: &str, id: &str, record: &Value, at: Instant) -> NewEvent {
    let about = Some(About::new(object, id));
    let mut event = event::event(String::new(), "", at, about, &Value::Null);
    event.data = data(object, id, record);
    if object == "person" {
        let person = person_of(id, record);
        (event.contact, event.patch) = (person.contact, person.patch);
    } else if object == "opportunity" {
        if let Some(person) = fields::text(record, "pointOfContactId").filter(|id| is_id(id)) {
            event.contact = ContactRef::external(person);
            event.hydrate = Some(wanted(CONTACT, person));
        }
    } else if LINKED.contains(&object) {
        event.hydrate = Some(wanted(object, id));
    }
    event
}

fn wanted(object: &str, id: &str) -> Hydrate {
    Hydrate {
        object: object.to_owned(),
        id: id.to_owned(),
    }
}

/// A mail is imported when its mailbox is read, and was sent before.
fn happened_at(object: &str, record: &Value) -> Option<Instant> {
    let received_at = fields::text(record, "receivedAt").filter(|_| object == "message");
    Instant::parse_rfc3339(received_at?)
}

/// When the record says that it changed.
pub(super) fn changed_at(record: &Value, verb: &str) -> Option<Instant> {
    let keys: &[&str] = match verb {
        "created" => &["createdAt"],
        "deleted" => &["deletedAt", "updatedAt"],
        _ => &["updatedAt"],
    };
    keys.iter()
        .find_map(|key| Instant::parse_rfc3339(fields::text(record, key)?))
}
