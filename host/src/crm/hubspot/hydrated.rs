//! What the API knew of an object, and the event completed with it.
//!
//! A contact is the person; a deal, a meeting or an e-mail has fields of its own and the ids of the
//! contacts it belongs to, which are hydrated next where they are unknown.

use serde_json::Value;

use crate::crm::associated::{ASSOCIATED_MAX, for_contact, with_person};
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
        let bookkeeping = ["createdate", "lastmodifieddate", "hs_object_id"];
        if !bookkeeping.contains(&property.as_str()) && !value.is_null() {
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
        if TEXTS.contains(&property.as_str()) {
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
        if !ids.contains(&id) && ids.len() < ASSOCIATED_MAX {
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
                with_person(&event, person)
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Instant;

    fn event(kind: &str, data: &Value) -> NewEvent {
        NewEvent {
            source_key: "hs_1".to_owned(),
            kind: kind.to_owned(),
            occurred_at: Instant(0),
            contact: ContactRef::default(),
            patch: ContactPatch::default(),
            message_id: None,
            answers: Vec::new(),
            data: data.as_object().expect("an object").clone(),
            raw: json!({}),
            hydrate: None,
            about: None,
        }
    }

    fn object(properties: &Value, contacts: &[u64]) -> Value {
        let results: Vec<_> = contacts
            .iter()
            .map(|id| json!({"id": id.to_string(), "type": "x"}))
            .collect();
        json!({"id": "9", "properties": properties, "associations": {"contacts": {"results": results}}})
    }

    #[test]
    fn a_contact() {
        let body = json!({"id": "123", "properties": {
            "email": "Ada@Example.com", "firstname": "Ada", "lastname": null, "company": "Acme",
            "associatedcompanyid": "42", "hs_timezone": "europe_slash_berlin", "hs_language": "de",
            "hs_email_optout": "true", "createdate": "2026-01-01T00:00:00Z", "plan": "pro"}});
        let hydrated = contact("99", &body);
        let Hydrated::Contact { opted_out, .. } = &hydrated else {
            panic!("{hydrated:?}")
        };
        assert!(opted_out);
        let mut thin = event("contact-updated", &json!({}));
        thin.patch
            .attributes
            .insert("last_name".to_owned(), Value::Null);
        let [full, opt_out] = hydrated.complete(&thin).try_into().expect("two events");
        assert_eq!(
            (opt_out.kind.as_str(), &opt_out.contact),
            ("unsubscribed", &full.contact)
        );
        assert_eq!(full.contact.external_id.as_deref(), Some("123"));
        assert_eq!(
            full.contact.email.as_ref().map(EmailAddress::as_str),
            Some("ada@example.com")
        );
        assert_eq!(full.patch.time_zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(full.patch.locale.as_deref(), Some("de"));
        assert_eq!(
            json!(full.patch.account),
            json!({"id": "42", "name": "Acme"})
        );
        assert_eq!(
            json!(full.patch.attributes),
            json!({"last_name": null, "first_name": "Ada", "company": "Acme",
                "hs_email_optout": "true", "plan": "pro"})
        );
    }

    fn check(kind: &str, told: &Value, object_type: &str, properties: &Value, expect: &str) {
        let hydrated = associated(object_type, &object(properties, &[7]));
        let [full] = hydrated
            .complete(&event(kind, told))
            .try_into()
            .expect("one event");
        assert_eq!(full.kind, expect, "{kind} {told} {properties}");
    }

    #[test]
    fn the_state_of_an_object_settles_what_its_event_left_open() {
        let outcome = |word| json!({"hs_meeting_outcome": word});
        check(
            "meeting-booked",
            &json!({}),
            "meeting",
            &outcome("SCHEDULED"),
            "meeting-booked",
        );
        check(
            "meeting-booked",
            &json!({}),
            "meeting",
            &outcome("COMPLETED"),
            "meeting-held",
        );
        check(
            "meeting-no-show",
            &json!({}),
            "meeting",
            &outcome("COMPLETED"),
            "meeting-no-show",
        );

        let mail =
            |direction, status| json!({"hs_email_direction": direction, "hs_email_status": status});
        let open = "hubspot.email.creation";
        check(
            open,
            &json!({}),
            "email",
            &mail("INCOMING_EMAIL", "SENT"),
            "replied",
        );
        check(
            open,
            &json!({}),
            "email",
            &mail("EMAIL", "SENT"),
            "email-sent",
        );
        check(open, &json!({}), "email", &mail("EMAIL", "BOUNCED"), open);
        let ours = json!({"hs_email_direction": "EMAIL", "hs_email_text": "Hi\n\nfollowup:wb_a1"});
        check(open, &json!({}), "email", &ours, "hubspot.email.own");
        let quoted =
            json!({"hs_email_direction": "INCOMING_EMAIL", "hs_email_text": "> followup:wb_a1"});
        check(open, &json!({}), "email", &quoted, "replied");
        let task = json!({"hs_task_body": "followup:wb_a1"});
        check(
            "task-created",
            &json!({}),
            "task",
            &task,
            "hubspot.task.own",
        );
        let call = json!({"hs_call_status": "QUEUED"});
        check(
            "call-made",
            &json!({}),
            "call",
            &call,
            "hubspot.call.creation",
        );
        check(
            open,
            &json!({}),
            "email",
            &mail("FORWARDED_EMAIL", "SENT"),
            open,
        );

        let stage = json!({"stage": "2310"});
        let won = json!({"dealstage": "2310", "hs_is_closed": "true", "hs_is_closed_won": "true"});
        let lost =
            json!({"dealstage": "2310", "hs_is_closed": "true", "hs_is_closed_won": "false"});
        let moved_on =
            json!({"dealstage": "77", "hs_is_closed": "true", "hs_is_closed_won": "true"});
        check("deal-stage-changed", &stage, "deal", &won, "deal-won");
        check("deal-stage-changed", &stage, "deal", &lost, "deal-lost");
        check(
            "deal-stage-changed",
            &stage,
            "deal",
            &moved_on,
            "deal-stage-changed",
        );
        check("deal-created", &json!({}), "deal", &won, "deal-created");
    }

    #[test]
    fn an_object_is_passed_to_each_of_its_contacts() {
        let body = object(&json!({"dealname": "Big", "amount": "10"}), &[7, 8, 7]);
        let events =
            associated("deal", &body).complete(&event("deal-created", &json!({"deal_id": "9"})));
        let seen: Vec<_> = events
            .iter()
            .map(|e| {
                (
                    e.source_key.as_str(),
                    e.contact.external_id.as_deref(),
                    e.hydrate.is_some(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [("hs_1/7", Some("7"), true), ("hs_1/8", Some("8"), true)]
        );
        assert_eq!(
            json!(events[0].data),
            json!({"deal_id": "9", "deal_name": "Big", "amount": "10"})
        );
    }

    #[test]
    fn a_reply_that_belongs_to_no_contact_is_known_by_its_sender() {
        let mail = json!({"hs_email_direction": "INCOMING_EMAIL", "hs_email_from_email": "Ada@example.com"});
        let events = associated("email", &object(&mail, &[]))
            .complete(&event("hubspot.email.creation", &json!({})));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, "replied");
        assert_eq!(
            events[0].contact.email.as_ref().map(EmailAddress::as_str),
            Some("ada@example.com")
        );
    }
}
