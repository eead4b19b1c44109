//! One record of a batch into our event.
//!
//! Of `ENTITY_TYPE.create` "all record attributes will be sent", of `update` "only updated record attributes";
//! there are `delete` and `fieldUpdate.FIELD`, too (EspoCRM docs, Webhooks, "Events"). Updates tell no time, and come
//! minutes late or, after a failure, behind newer ones: so they are asked for anew, and only what happened
//! is taken from them. There is no event id either: the same change of the same record to the same values,
//! later, looks like a repetition, and is left to the reconcile poll.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::{self, CONTACT};
use crate::domain::event::{About, Hydrate};
use crate::domain::{ContactPatch, ContactRef, Instant, NewEvent, digest, fields};

use super::fields::{data, modified_at, person_id, person_of};
use super::words::kind_of;

/// What leads to people.
pub(super) const HYDRATED: &[&str] = &[
    "Contact",
    "Lead",
    "Opportunity",
    "Meeting",
    "Call",
    "Task",
    "Email",
];

pub(super) fn read(event: &str, item: &Value, now: Instant) -> Result<NewEvent, String> {
    let (entity, verb) = event
        .split_once('.')
        .ok_or_else(|| format!("the event {event:?} is not of the form Entity.verb"))?;
    // `fieldUpdate.FIELD`
    let verb = verb.split_once('.').map_or(verb, |(verb, _)| verb);
    if !item.is_object() {
        return Err("is no JSON object".to_owned());
    }
    let id = fields::text(item, "id")
        .filter(|id| is_id(id))
        .ok_or("`id` is missing or no id")?;
    let text = item.to_string();
    let parts = [event.as_bytes(), id.as_bytes(), text.as_bytes()];
    let mut told = NewEvent {
        source_key: digest::id("es", &parts),
        kind: kind_of(entity, verb, item),
        raw: item.clone(),
        ..told(entity, id, item, modified_at(item).unwrap_or(now))
    };
    let is_person = is_person(entity);
    match verb {
        "create" => {}
        "delete" => {
            told.patch = ContactPatch::default();
            told.hydrate = None;
        }
        _ => {
            let names = item.as_object().into_iter().flat_map(serde_json::Map::keys);
            let changed: Vec<&String> = names.filter(|name| *name != "id").collect();
            told.data.insert("changed".to_owned(), json!(changed));
            if is_person {
                told.patch = ContactPatch::default();
                told.hydrate = Some(wanted(entity, id));
            }
        }
    }
    // "Converted": the lead goes on as a contact.
    if let Some(contact) = fields::text(item, "createdContactId").filter(|id| is_id(id))
        && entity == "Lead"
    {
        told.data
            .insert("merged_ids".to_owned(), json!([person_id(entity, id)]));
        told.contact = ContactRef::external(contact);
        told.hydrate = Some(wanted(CONTACT, contact));
    }
    Ok(told)
}

/// What a record tells, whoever brought it; its kind and its key are up to the caller.
pub(super) fn told(entity: &str, id: &str, record: &Value, at: Instant) -> NewEvent {
    let about = Some(About::new(entity, id));
    let mut event = event::event(String::new(), "", at, about, &Value::Null);
    event.data = data(entity, id, record);
    if is_person(entity) {
        let person = person_of(entity, id, record);
        (event.contact, event.patch) = (person.contact, person.patch);
        event.data.clear();
        // Asking again brings their opt-out as an event of its own.
        event.hydrate = Some(if person.opted_out {
            wanted(entity, id)
        } else {
            wanted(CONTACT, &person_id(entity, id))
        });
    } else if HYDRATED.contains(&entity) {
        event.hydrate = Some(wanted(entity, id));
    }
    event
}

pub(super) fn is_person(entity: &str) -> bool {
    ["Contact", "Lead"].contains(&entity)
}

fn wanted(object: &str, id: &str) -> Hydrate {
    Hydrate {
        object: object.to_owned(),
        id: id.to_owned(),
    }
}
