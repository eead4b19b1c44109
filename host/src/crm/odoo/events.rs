//! A webhook of an automation rule: `{"_model": "crm.lead", "_id": 7, "_action": "Followup updated(#12)", ...}`.
//!
//! It names a record and the action that sent it, with the fields that the administrator chose beside
//! them (of other records only the ids). So every event is thin, and the record is read as it is when we
//! ask. What happened is told by the name of the action alone. `_name` is not sent (it is in no version's
//! `_run_action_webhook`).

use serde_json::{Value, json};

use crate::crm::event;
use crate::domain::event::{Hydrate, custom_kind, kind};
use crate::domain::hook::{Batch, Malformed, Rejected};
use crate::domain::{ContactRef, Instant, NewEvent, digest, fields as read};

use super::fields::{LEAD, MEETING, NAMED, PARTNER, reference};
use super::records::{self, about};

pub(super) fn batch(body: &Value, now: Instant) -> Result<Batch, Malformed> {
    if !body.is_object() {
        return Err(Malformed(
            "the body is no JSON object: Odoo sends one record a request".to_owned(),
        ));
    }
    let mut batch = Batch::default();
    match read_one(body, now) {
        Ok(event) => batch.events.push(event),
        Err(reason) => batch.rejected.push(Rejected { index: 0, reason }),
    }
    Ok(batch)
}

/// What the name of an action says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Created,
    Updated,
    Deleted,
}

fn read_one(body: &Value, now: Instant) -> Result<NewEvent, String> {
    let model = read::required_text(body, "_model")?;
    let id =
        read::id(body, "_id").ok_or("`_id` is missing or no id: a whole number is required")?;
    let action = read::text(body, "_action").unwrap_or_default();
    let verb = verb(action);
    let changed_at = records::changed_at(body);
    let mut event = event::event(
        source_key(body, model, &id, action, changed_at.unwrap_or(now)),
        kind_of(model, verb),
        changed_at.unwrap_or(now),
        Some(about(model, &id)),
        body,
    );
    match model {
        PARTNER => event.contact = ContactRef::external(reference(PARTNER, &id)),
        LEAD => event.data = [("deal_id".to_owned(), json!(id))].into_iter().collect(),
        MEETING => event.data = [("meeting_id".to_owned(), json!(id))].into_iter().collect(),
        _ => event.data = [("record_id".to_owned(), json!(id))].into_iter().collect(),
    }
    let known = NAMED.contains(&model);
    if known && verb != Verb::Deleted {
        // Not under the word `contact`: the record is asked for even where the person is known, since
        // the webhook does not say what changed.
        event.hydrate = Some(Hydrate {
            object: model.to_owned(),
            id,
        });
    }
    Ok(event)
}

/// "Followup updated(#12)".
fn verb(action: &str) -> Verb {
    let action = action.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| action.contains(word));
    if says(&["delet", "unlink", "remov"]) {
        Verb::Deleted
    } else if says(&["creat", "new"]) {
        Verb::Created
    } else {
        Verb::Updated
    }
}

fn kind_of(model: &str, verb: Verb) -> String {
    let known = match (model, verb) {
        (PARTNER, Verb::Created) => Some(kind::CONTACT_CREATED),
        (PARTNER, Verb::Updated) => Some(kind::CONTACT_UPDATED),
        (PARTNER, Verb::Deleted) => Some(kind::CONTACT_DELETED),
        (LEAD, Verb::Created) => Some(kind::DEAL_CREATED),
        (LEAD, Verb::Updated) => Some(kind::DEAL_STAGE_CHANGED),
        (MEETING, Verb::Created) => Some(kind::MEETING_BOOKED),
        (MEETING, Verb::Updated) => Some(kind::MEETING_RESCHEDULED),
        (MEETING, Verb::Deleted) => Some(kind::MEETING_CANCELLED),
        _ => None,
    };
    let word = match verb {
        Verb::Created => "created",
        Verb::Updated => "updated",
        Verb::Deleted => "deleted",
    };
    known.map_or_else(
        || custom_kind("odoo", &format!("{model}.{word}")),
        str::to_owned,
    )
}

/// With `write_date` among the fields, a repetition is known as one. Without it every webhook is a change of
/// its own: Odoo itself never repeats one.
fn source_key(body: &Value, model: &str, id: &str, action: &str, at: Instant) -> String {
    let (body, at) = (body.to_string(), at.0.to_string());
    let parts = [model, id, action, &at, &body];
    digest::id("odoo", &parts.map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: &str, action: &str, expect: &str, thin: bool) {
        let body = json!({"_model": model, "_id": 7, "_action": action});
        let event = read_one(&body, Instant(0)).expect("readable");
        assert_eq!(
            (event.kind.as_str(), event.hydrate.is_some()),
            (expect, thin),
            "{action}"
        );
    }

    #[test]
    fn the_name_of_the_action_says_what_happened() {
        check(
            "res.partner",
            "Followup created(#1)",
            "contact-created",
            true,
        );
        check(
            "res.partner",
            "Send Webhook Notification(#2)",
            "contact-updated",
            true,
        );
        check(
            "res.partner",
            "Followup deleted(#3)",
            "contact-deleted",
            false,
        );
        check("crm.lead", "Followup created(#4)", "deal-created", true);
        check(
            "crm.lead",
            "Followup updated(#5)",
            "deal-stage-changed",
            true,
        );
        check(
            "crm.lead",
            "Followup deleted(#6)",
            "odoo.crm.lead.deleted",
            false,
        );
        check(
            "calendar.event",
            "Followup created(#7)",
            "meeting-booked",
            true,
        );
        check(
            "sale.order",
            "Followup updated(#8)",
            "odoo.sale.order.updated",
            false,
        );
    }

    #[test]
    fn a_repetition_is_known_by_the_time_of_the_record() {
        let key = |now, body: &Value| read_one(body, Instant(now)).expect("one").source_key;
        let timed = json!({"_model": "crm.lead", "_id": 7, "write_date": "2026-03-02 09:00:00"});
        assert_eq!(key(1, &timed), key(2, &timed));
        let untimed = json!({"_model": "crm.lead", "_id": 7});
        assert_ne!(key(1, &untimed), key(2, &untimed));
    }
}
