//! What the API knew of an object, and the event completed with it.
//!
//! A contact is the person; a deal, a meeting or an e-mail has fields of its own and the ids of the
//! contacts it belongs to, which are hydrated next where they are unknown.

use serde_json::Value;

use crate::crm::event::{CONTACTS_MAX, for_contact, with_person};
use crate::crm::person::Person;
use crate::domain::connector::marker_in;
use crate::domain::event::kind;
use crate::domain::{ContactPatch, ContactRef, EmailAddress, JsonMap, NewEvent, fields};

use super::fields::merge;
use super::words::{direction_kind, is_true, outcome_kind, was_called};

/// Their names and the keys of our event data; what is not here keeps its name.
const DATA_NAMES: &[(&str, &str)] = &[
    ("dealname", "deal_name"),
    ("dealstage", "stage"),
    ("closedate", "close_date"),
    ("hs_v2_date_entered_current_stage", "stage_entered_at"),
    ("hs_meeting_title", "title"),
    ("hs_meeting_outcome", "outcome"),
    ("hs_meeting_start_time", "starts_at"),
    ("hs_meeting_end_time", "ends_at"),
    ("hs_meeting_location", "location"),
    ("hs_meeting_external_url", "url"),
    ("hs_email_subject", "subject"),
    ("hs_email_direction", "direction"),
    ("hs_email_status", "status"),
    ("hs_email_from_email", "from"),
    ("hs_email_to_email", "to"),
    ("hs_call_title", "title"),
    ("hs_call_status", "status"),
    ("hs_call_direction", "direction"),
    ("hs_call_disposition", "outcome"),
    ("hs_call_duration", "duration_ms"),
    ("hs_task_subject", "title"),
    ("hs_task_status", "status"),
    ("hs_timestamp", "sent_at"),
    ("hubspot_owner_id", "owner_id"),
];

/// Texts of people, asked for to see whether we wrote them.
const TEXTS: &[&str] = &["hs_email_text", "hs_task_body"];
/// What changes with every change.
const BOOKKEEPING: &[&str] = &[
    "createdate",
    "hs_createdate",
    "lastmodifieddate",
    "hs_lastmodifieddate",
    "hs_object_id",
];

/// What the API knew.
#[derive(Debug, Clone, PartialEq)]
pub enum Hydrated {
    /// The person of the event.
    Contact {
        contact: ContactRef,
        patch: ContactPatch,
        /// HubSpot's own opt-out is set: nothing may be sent, whatever the event was.
        opted_out: bool,
    },
    /// A deal, a meeting or an e-mail.
    Object {
        /// HubSpot ids of the contacts it belongs to.
        contact_ids: Vec<String>,
        /// The one who wrote an incoming e-mail.
        sender: Option<EmailAddress>,
        /// What the object's present state makes of an event that left it open.
        kind: Option<&'static str>,
        data: JsonMap,
    },
}

pub(super) fn contact(id: &str, body: &Value) -> Hydrated {
    // After a merge, HubSpot answers for the old id with the surviving contact: its own id is the one to keep.
    let id = fields::id(body, "id").unwrap_or_else(|| id.to_owned());
    let (mut contact, mut patch) = (ContactRef::external(id), ContactPatch::default());
    for (property, value) in properties(body) {
        // Every contact carries these; their times would change the contact with every change of it.
        if !BOOKKEEPING.contains(&property.as_str()) && !value.is_null() {
            merge(property, value.as_str(), &mut contact, &mut patch);
        }
    }
    if let (Some(account), Some(name)) = (&mut patch.account, patch.attributes.get("company")) {
        account.insert("name".to_owned(), name.clone());
    }
    let opted_out = patch
        .attributes
        .get("hs_email_optout")
        .and_then(Value::as_str)
        .is_some_and(is_true);
    Hydrated::Contact {
        contact,
        patch,
        opted_out,
    }
}

pub(super) fn associated(object: &str, body: &Value) -> Hydrated {
    let mut data = JsonMap::new();
    for (property, value) in properties(body).filter(|(_, value)| !value.is_null()) {
        let left_out = |list: &[&str]| list.contains(&property.as_str());
        if left_out(TEXTS) || left_out(BOOKKEEPING) {
            continue;
        }
        let ours = DATA_NAMES.iter().find(|(theirs, _)| theirs == property);
        let name = match (object, property.as_str()) {
            ("call", "hs_timestamp") => "called_at",
            ("task", "hs_timestamp") => "due_at",
            (_, property) => ours.map_or(property, |(_, ours)| ours),
        };
        data.insert(name.to_owned(), value.clone());
    }
    let said = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = match object {
        "deal" if is_true(said("hs_is_closed_won")) => Some(kind::DEAL_WON),
        "deal" if is_true(said("hs_is_closed")) => Some(kind::DEAL_LOST),
        "meeting" => outcome_kind(said("outcome")),
        // "The send status of the email. The value can be BOUNCED, FAILED, SCHEDULED, SENDING, or SENT"
        // (HubSpot docs, Email): only what has left counts as a touch.
        "email" if matches!(said("status"), "" | "SENT") => direction_kind(said("direction")),
        "email" => direction_kind(said("direction")).filter(|kind| *kind == kind::REPLIED),
        "call" if !was_called(said("status")) => Some("hubspot.call.creation"),
        "task" if said("status") == "COMPLETED" => Some(kind::TASK_COMPLETED),
        _ => None,
    };
    // What we wrote ourselves is no news. An answer to it may quote it, and stays one.
    let kind = match object {
        "email" if is_ours(body) && kind != Some(kind::REPLIED) => Some(OWN_EMAIL),
        "task" if is_ours(body) && kind.is_none() => Some(OWN_TASK),
        _ => kind,
    };
    let sender = match kind {
        Some(kind::REPLIED) => EmailAddress::parse(said("from")).ok(),
        _ => None,
    };
    Hydrated::Object {
        contact_ids: contact_ids(body),
        sender,
        kind,
        data,
    }
}

const OWN_EMAIL: &str = "hubspot.email.own";
const OWN_TASK: &str = "hubspot.task.own";

fn is_ours(body: &Value) -> bool {
    properties(body)
        .filter(|(name, _)| TEXTS.contains(&name.as_str()))
        .any(|(_, value)| value.as_str().and_then(marker_in).is_some())
}

fn properties(body: &Value) -> impl Iterator<Item = (&String, &Value)> {
    body.get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// Each contact once: it is listed once for every label of its association.
fn contact_ids(body: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    let results = body
        .pointer("/associations/contacts/results")
        .and_then(Value::as_array);
    for id in results
        .into_iter()
        .flatten()
        .filter_map(|item| fields::id(item, "id"))
    {
        if !ids.contains(&id) && ids.len() < CONTACTS_MAX {
            ids.push(id);
        }
    }
    ids
}

impl Hydrated {
    /// The event with what was learned: one event for a contact; for an object one for each contact
    /// it belongs to, each asking for that contact next. What belongs to nobody is kept as it is.
    ///
    /// A reply is passed to every contact of the e-mail: those who were copied in know the answer too.
    pub fn complete(self, event: &NewEvent) -> Vec<NewEvent> {
        let mut event = NewEvent {
            hydrate: None,
            ..event.clone()
        };
        match self {
            Self::Contact {
                contact,
                patch,
                opted_out,
            } => {
                let person = Person {
                    contact,
                    patch,
                    opted_out,
                };
                with_person(event.clone(), person)
            }
            Self::Object {
                contact_ids,
                sender,
                kind,
                data,
            } => {
                if let Some(kind) = kind.filter(|kind| leaves_open(&event, kind, &data)) {
                    kind.clone_into(&mut event.kind);
                }
                for (key, value) in data {
                    event.data.entry(key).or_insert(value);
                }
                event.contact.email = sender.filter(|_| contact_ids.is_empty());
                if contact_ids.is_empty() {
                    return vec![event];
                }
                contact_ids
                    .iter()
                    .map(|id| for_contact(&event, "contact", id))
                    .collect()
            }
        }
    }
}

/// Whether the event waited for the object to say what it is. An event that told its own change
/// keeps its kind: the object may have moved on since, and that will be another event.
fn leaves_open(event: &NewEvent, state: &str, now: &JsonMap) -> bool {
    match event.kind.as_str() {
        kind::MEETING_BOOKED => state.starts_with("meeting-"),
        "hubspot.email.creation" => true,
        kind::CALL_MADE => state.starts_with("hubspot.call"),
        kind::TASK_CREATED => state == OWN_TASK,
        kind::EMAIL_SENT => state == OWN_EMAIL,
        kind::DEAL_STAGE_CHANGED => event.data.get("stage") == now.get("stage"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
