//! A webhook of a workflow: `{"object": "contact", "action": "updated", "id": "123", "updated_at": "..."}`.
//!
//! That is the body our steps recommend. Read as well: `event: "contact_updated"` in place of object and action,
//! the id under `contact_id`, the fields inside an object of the object's name. Unknown objects and actions become
//! `freshsales.OBJECT.ACTION`. Nothing but id, action and time is believed; the record is asked for.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event;
use crate::crm::moment;
use crate::domain::event::{About, Hydrate, custom_kind, kind};
use crate::domain::hook::{Batch, Malformed, Rejected};
use crate::domain::{ContactRef, Instant, NewEvent, digest, fields as read};

use super::fields::path_of;

pub(super) fn batch(body: &Value, now: Instant) -> Result<Batch, Malformed> {
    if !body.is_object() {
        return Err(Malformed(
            "the body is no JSON object: write the workflow's webhook as `followup connect` shows it"
                .to_owned(),
        ));
    }
    let mut batch = Batch::default();
    match read_one(body, now) {
        Ok(event) => batch.events.push(event),
        Err(reason) => batch.rejected.push(Rejected { index: 0, reason }),
    }
    Ok(batch)
}

fn read_one(body: &Value, now: Instant) -> Result<NewEvent, String> {
    let (object, action) = words(body)?;
    let inner = &body[object.as_str()];
    let id = read::id(body, "id")
        .or_else(|| read::id(body, &format!("{object}_id")))
        .or_else(|| read::id(inner, "id"))
        .filter(|id| is_id(id))
        .ok_or_else(|| {
            format!("`id` is missing or no id: pick the placeholder of the {object}'s id")
        })?;
    let changed_at = moment::read(body.get("updated_at"))
        .or_else(|| moment::read(inner.get("updated_at")))
        .or_else(|| moment::read(body.get("time")));
    let at = changed_at.unwrap_or(now);
    let mut event = event::event(
        source_key(body, &object, &action, at),
        kind_of(&object, &action),
        at,
        Some(About::new(&object, &id)),
        body,
    );
    if object == "contact" {
        event.contact = ContactRef::external(&id);
    } else {
        let name = match object.as_str() {
            "appointment" => "meeting_id".to_owned(),
            object => format!("{object}_id"),
        };
        event.data.insert(name, json!(id));
    }
    if let Some(path) = path_of(&object).filter(|_| event.kind != kind::CONTACT_DELETED) {
        // By the path, not by the word `contact`: the record is asked for even where the person is
        // known, since the webhook does not say what changed.
        event.hydrate = (action != "deleted").then(|| Hydrate {
            object: path.to_owned(),
            id,
        });
    }
    Ok(event)
}

/// `contact` and `updated`, in small letters with `-` between words.
fn words(body: &Value) -> Result<(String, String), String> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '_', '.'], "-");
    if let Some(object) = read::text(body, "object") {
        let action = read::text(body, "action").unwrap_or("updated");
        return Ok((plain(object), plain(action)));
    }
    let event = plain(read::required_text(body, "event").map_err(|_| {
        "`object` is missing: write the workflow's body as `followup connect` shows it".to_owned()
    })?);
    match event.split_once('-') {
        Some((object, action)) => Ok((object.to_owned(), action.to_owned())),
        None => Ok((event, "updated".to_owned())),
    }
}

fn kind_of(object: &str, action: &str) -> String {
    let known = match (object, action) {
        ("contact", "created") => Some(kind::CONTACT_CREATED),
        ("contact", "updated") => Some(kind::CONTACT_UPDATED),
        ("contact", "deleted") => Some(kind::CONTACT_DELETED),
        ("contact", "unsubscribed") => Some(kind::UNSUBSCRIBED),
        ("deal", "created") => Some(kind::DEAL_CREATED),
        ("deal", "updated" | "stage-changed") => Some(kind::DEAL_STAGE_CHANGED),
        ("deal", "won") => Some(kind::DEAL_WON),
        ("deal", "lost") => Some(kind::DEAL_LOST),
        ("appointment", "created") => Some(kind::MEETING_BOOKED),
        ("appointment", "updated" | "rescheduled") => Some(kind::MEETING_RESCHEDULED),
        ("appointment", "deleted" | "cancelled" | "canceled") => Some(kind::MEETING_CANCELLED),
        ("task", "created") => Some(kind::TASK_CREATED),
        ("task", "completed") => Some(kind::TASK_COMPLETED),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("freshsales", &format!("{object}.{action}")),
        str::to_owned,
    )
}

/// With `updated_at` in the body, a repetition is known as one. Without it every webhook is a change of its
/// own, and a repeated one asks for the record once more.
fn source_key(body: &Value, object: &str, action: &str, at: Instant) -> String {
    let (body, at) = (body.to_string(), at.0.to_string());
    digest::id("fs", &[object, action, &at, &body].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &Value, expect: &str) {
        let event = read_one(body, Instant(0)).expect("readable");
        let thin = event.hydrate.map(|h| format!("{} {}", h.object, h.id));
        let about = event.about.expect("about something");
        let got = format!(
            "{} {} {} -> {}",
            event.kind,
            about.object,
            about.id,
            thin.unwrap_or_default()
        );
        assert_eq!(got, expect, "{body}");
    }

    #[test]
    fn bodies_as_administrators_write_them() {
        check(
            &json!({"object": "contact", "action": "updated", "id": "7"}),
            "contact-updated contact 7 -> contacts 7",
        );
        check(
            &json!({"event": "contact_created", "contact_id": 7}),
            "contact-created contact 7 -> contacts 7",
        );
        check(
            &json!({"event": "Deal Won", "deal": {"id": "9"}}),
            "deal-won deal 9 -> deals 9",
        );
        check(
            &json!({"object": "Contact", "action": "deleted", "id": 7}),
            "contact-deleted contact 7 -> ",
        );
        check(
            &json!({"object": "appointment", "id": 5, "action": "created"}),
            "meeting-booked appointment 5 -> appointments 5",
        );
        check(
            &json!({"object": "warp_drive", "action": "engaged", "id": 5}),
            "freshsales.warp-drive.engaged warp-drive 5 -> ",
        );
        for body in [
            json!({}),
            json!({"object": "contact"}),
            json!({"object": "contact", "id": "../x"}),
        ] {
            assert!(read_one(&body, Instant(0)).is_err(), "{body}");
        }
    }
}
