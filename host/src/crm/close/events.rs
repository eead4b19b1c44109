//! One event of the log into ours: as a webhook brings it, and as the log itself tells it.
//!
//! `{"event": {"id", "object_type", "object_id", "action", "data", "previous_data", "meta", ...}, "subscription_id"}`.
//! Dates have no zone and mean UTC. "Multiple update events for the same object may consolidate into a
//! single event. The consolidated event retains the original `date_created` and gets a new `date_updated`"
//! (Event Log): both make an event's identity.

use serde_json::{Value, json};

use crate::crm::event::{self, with_person};
use crate::crm::moment;
use crate::domain::event::{About, Hydrate, kind};
use crate::domain::hook::{Batch, Malformed, Rejected};
use crate::domain::{ContactRef, EmailAddress, Instant, NewEvent, digest, fields as read};

use super::fields;
use super::words::{Change, kind_of};

/// The word under which a lead is asked for, to learn of its contacts.
pub(super) const LEAD: &str = "lead";

pub(super) fn batch(body: &Value, now: Instant) -> Result<Batch, Malformed> {
    if !body.is_object() {
        return Err(Malformed(
            "the body is no JSON object: Close sends one event a request".to_owned(),
        ));
    }
    let mut batch = Batch::default();
    match events(&body["event"], body, now) {
        Ok(events) => batch.events = events,
        Err(reason) => batch.rejected.push(Rejected { index: 0, reason }),
    }
    Ok(batch)
}

/// When an event happened, by its own account.
pub(super) fn happened_at(item: &Value) -> Option<Instant> {
    moment::read(item.get("date_updated")).or_else(|| moment::read(item.get("date_created")))
}

/// The events of one entry of the log; `raw` is what it came in.
pub(super) fn events(item: &Value, raw: &Value, now: Instant) -> Result<Vec<NewEvent>, String> {
    let object = read::required_text(item, "object_type")?;
    let action = read::required_text(item, "action")?;
    let id = read::required_text(item, "object_id")?;
    let at = happened_at(item).unwrap_or(now);
    let change = Change {
        object,
        action,
        data: &item["data"],
        previous: &item["previous_data"],
        at,
    };
    let mut told = event::event(
        source_key(item, at),
        kind_of(&change),
        at,
        Some(About::new(object, id)),
        raw,
    );
    told.data = fields::data(&change);
    let now_or_then = if change.data.is_object() {
        change.data
    } else {
        change.previous
    };
    Ok(match object {
        "contact" => contact(told, id, &change),
        "unsubscribed_email" => vec![unsubscribed(told, now_or_then)],
        _ => for_contacts(told, item, now_or_then),
    })
}

fn contact(mut told: NewEvent, id: &str, change: &Change<'_>) -> Vec<NewEvent> {
    if told.kind != kind::CONTACT_DELETED && change.data.is_object() {
        return with_person(told, fields::contact(id, change.data));
    }
    told.contact = ContactRef::external(id);
    if told.kind != kind::CONTACT_DELETED {
        // "Data is only visible to non-admins for one hour after the event" (Event Log).
        told.hydrate = Some(Hydrate {
            object: event::CONTACT.to_owned(),
            id: id.to_owned(),
        });
    }
    vec![told]
}

/// The address that must not be written to: `email`, as where one is made (Close's OpenAPI document, Unsubscribe an
/// email address). What the log tells of one is not documented.
fn unsubscribed(mut told: NewEvent, object: &Value) -> NewEvent {
    told.contact.email = ["email", "email_address"]
        .iter()
        .filter_map(|key| read::text(object, key))
        .find_map(|text| EmailAddress::parse(text).ok());
    told
}

/// To the contacts that the object names; where it names none, to those of its lead.
fn for_contacts(mut told: NewEvent, item: &Value, object: &Value) -> Vec<NewEvent> {
    if told
        .about
        .as_ref()
        .is_some_and(|about| about.object == LEAD)
    {
        told.patch = fields::lead(object);
    }
    if let Some(lead) = read::text(item, "lead_id") {
        told.data.insert("account_id".to_owned(), json!(lead));
        let account = told.patch.account.get_or_insert_default();
        account.insert("id".to_owned(), json!(lead));
    }
    if told.kind == kind::REPLIED {
        // RFC 5322 Message-IDs of what it answers, the last one first.
        told.answers = crate::crm::call::items(object, "references")
            .iter()
            .rev()
            .filter_map(Value::as_str)
            .map(|id| id.trim_matches(['<', '>', ' ']).to_owned())
            .take(ANSWERS_MAX)
            .collect();
    }
    let ids = fields::contact_ids(object);
    let lead = read::text(item, "lead_id");
    match lead {
        Some(lead) if ids.is_empty() && item["action"] != json!("deleted") => {
            told.hydrate = Some(Hydrate {
                object: LEAD.to_owned(),
                id: lead.to_owned(),
            });
            vec![told]
        }
        _ => event::for_contacts(told, &ids),
    }
}

/// Message-IDs of one mail that are kept.
const ANSWERS_MAX: usize = 20;

fn source_key(item: &Value, at: Instant) -> String {
    match read::text(item, "id") {
        Some(id) => crate::domain::event::source_key(&format!("{id}/{}", at.0)),
        None => digest::id("close", &[item.to_string().as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &Value) -> Vec<NewEvent> {
        let mut item = json!({"id": "ev_1", "object_type": "contact", "object_id": "cont_1",
            "action": "updated", "date_updated": "2026-03-02T09:00:00.250000", "lead_id": "lead_1"});
        let event = event.as_object().expect("an object");
        item.as_object_mut().expect("one").extend(event.clone());
        batch(&json!({"event": item}), Instant(0))
            .expect("a batch")
            .events
    }

    #[test]
    fn an_event_without_a_contact_asks_for_its_lead() {
        let events = read(&json!({"object_type": "opportunity", "object_id": "oppo_1",
            "action": "created", "data": {"id": "oppo_1", "contact_id": null}}));
        assert_eq!(events.len(), 1);
        let hydrate = events[0].hydrate.as_ref().expect("thin");
        assert_eq!(
            (hydrate.object.as_str(), hydrate.id.as_str()),
            ("lead", "lead_1")
        );
        assert_eq!(
            events[0].occurred_at.to_string(),
            "2026-03-02T09:00:00.250Z"
        );
    }

    #[test]
    fn a_lead_goes_to_each_of_its_contacts() {
        let events = read(&json!({"object_type": "lead", "object_id": "lead_1",
            "data": {"id": "lead_1", "display_name": "Acme", "contact_ids": ["cont_1", "cont_2"]}}));
        let seen: Vec<_> = events
            .iter()
            .map(|e| (e.contact.external_id.as_deref(), e.kind.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("cont_1"), "contact-updated"),
                (Some("cont_2"), "contact-updated")
            ]
        );
        assert_eq!(events[0].patch.attributes["company"], "Acme");
    }

    #[test]
    fn a_contact_whose_data_is_hidden_is_asked_for() {
        let events = read(&json!({"data": null}));
        let hydrate = events[0].hydrate.as_ref().expect("thin");
        assert_eq!(
            (hydrate.object.as_str(), hydrate.id.as_str()),
            ("contact", "cont_1")
        );
    }

    #[test]
    fn the_same_event_consolidated_later_is_another() {
        let key = |at: &str| {
            read(&json!({"date_updated": at, "data": {}}))[0]
                .source_key
                .clone()
        };
        assert_eq!(key("2026-03-02T09:00:00"), key("2026-03-02T09:00:00"));
        assert_ne!(key("2026-03-02T09:00:00"), key("2026-03-02T09:01:00"));
    }

    #[test]
    fn a_reply_says_what_it_answers() {
        let events = read(
            &json!({"object_type": "activity.email", "object_id": "acti_1",
            "action": "created", "data": {"direction": "incoming", "contact_id": "cont_1",
                "references": ["<first@acme.example>", "<second@acme.example>"]}}),
        );
        assert_eq!(events[0].kind, "replied");
        assert_eq!(
            events[0].answers,
            ["second@acme.example", "first@acme.example"]
        );
    }
}
