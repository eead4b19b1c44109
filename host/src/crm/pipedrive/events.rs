//! One webhook into our events: one of a person, or one for each person that a deal, an activity, a
//! note or a lead belongs to.
//!
//! `{"meta": {...}, "data": {...}, "previous": {...}}`. `data` is the object as it is now, null when it was
//! deleted; `previous` holds what changed, all of it when it was deleted. Ids and times are numbers or
//! texts, as it happens. "In v2, you'll receive two webhooks [for a merge] - one for the deleted object
//! and another for the changed object. The deleted object event meta block will contain a `merged_to_id`"
//! (Webhooks v2 migration guide). One of version 1, which can still be made, is read as one of version 2.

use serde_json::{Value, json};

use crate::crm::event::{self, with_person};
use crate::crm::moment;
use crate::domain::event::{About, kind};
use crate::domain::hook::{Batch, Malformed, Rejected};
use crate::domain::{ContactRef, Instant, NewEvent, digest, fields as read};

use super::{fields, words};

pub(super) fn batch(body: &Value, now: Instant) -> Result<Batch, Malformed> {
    if !body.is_object() {
        return Err(Malformed(
            "the body is no JSON object: Pipedrive sends one event a request".to_owned(),
        ));
    }
    Ok(match events(body, now) {
        Ok(events) => Batch {
            events,
            rejected: Vec::new(),
        },
        Err(reason) => Batch {
            events: Vec::new(),
            rejected: vec![Rejected { index: 0, reason }],
        },
    })
}

fn events(body: &Value, now: Instant) -> Result<Vec<NewEvent>, String> {
    let upgraded = upgraded(body);
    let told_as = upgraded.as_ref().unwrap_or(body);
    let meta = &told_as["meta"];
    let entity = read::required_text(meta, "entity")?;
    let action = read::required_text(meta, "action")?;
    let (data, previous) = (&told_as["data"], &told_as["previous"]);
    let id = read::id(meta, "entity_id")
        .or_else(|| read::id(data, "id"))
        .or_else(|| read::id(previous, "id"))
        .ok_or("`meta.entity_id` is missing or no id")?;
    let told = if action == "delete" { previous } else { data };
    let mut event = event::event(
        source_key(meta, entity, action, &id, [data, previous]),
        words::kind_of(entity, action, data, previous),
        occurred_at(meta, data, now),
        Some(About::new(entity, &id)),
        body,
    );
    match entity {
        "person" => Ok(person(event, meta, &id, data)),
        "deal" => {
            event.data = fields::deal(told);
            event.data.insert("deal_id".to_owned(), json!(id));
            Ok(event::for_contacts(event, fields::person_ids(told)))
        }
        "activity" => {
            event.data = fields::activity(told);
            Ok(event::for_contacts(event, fields::person_ids(told)))
        }
        _ => {
            event.data.insert(format!("{entity}_id"), json!(id));
            Ok(event::for_contacts(event, fields::person_ids(told)))
        }
    }
}

/// `{"v": 1, "meta": {"action": "updated", "object": "deal", "id", ...}, "current": {...}, "previous": {...}}`, whose
/// `previous` is the whole object as it was (Guide for Webhooks): what differs is what changed.
fn upgraded(body: &Value) -> Option<Value> {
    let old = &body["meta"];
    let entity = old.get("object").filter(|_| old.get("entity").is_none())?;
    let action = match old["action"].as_str()? {
        "added" => "create",
        "updated" | "merged" => "change",
        "deleted" => "delete",
        other => other,
    };
    let (data, before) = (&body["current"], &body["previous"]);
    let mut previous = before.clone();
    if let (Some(now), Some(then)) = (data.as_object(), previous.as_object_mut()) {
        then.retain(|key, value| now.get(key) != Some(value));
    }
    let meta = json!({"entity": entity, "action": action, "entity_id": old["id"],
        "company_id": old["company_id"], "timestamp": old["timestamp"]});
    Some(json!({"meta": meta, "data": data, "previous": previous}))
}

fn person(mut event: NewEvent, meta: &Value, id: &str, data: &Value) -> Vec<NewEvent> {
    if event.kind == kind::CONTACT_DELETED {
        event.contact = ContactRef::external(id);
        if let Some(survivor) = read::id(meta, "merged_to_id") {
            kind::CONTACT_MERGED.clone_into(&mut event.kind);
            event.contact = ContactRef::external(survivor);
            event.data.insert("merged_ids".to_owned(), json!([id]));
        }
        return vec![event];
    }
    with_person(event, fields::person(id, data))
}

/// When the object changed, by its own account: the poll compares with that.
fn occurred_at(meta: &Value, data: &Value, now: Instant) -> Instant {
    moment::read(data.get("update_time"))
        .or_else(|| moment::read(meta.get("timestamp")))
        .unwrap_or(now)
}

/// Of what a retry repeats: all but `attempt`. What `meta.id` names is told in different ways, so it is
/// left out; two changes differ in the object they leave behind, if only in its time.
fn source_key(meta: &Value, entity: &str, action: &str, id: &str, told: [&Value; 2]) -> String {
    let part = |key: &str| meta.get(key).map(Value::to_string).unwrap_or_default();
    let parts = [
        part("company_id"),
        entity.to_owned(),
        action.to_owned(),
        id.to_owned(),
        part("merged_to_id"),
        told[0].to_string(),
        told[1].to_string(),
    ];
    digest::id("pd", &parts.each_ref().map(String::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(meta: &Value, data: &Value, previous: &Value) -> Vec<NewEvent> {
        let mut all = json!({"entity": "person", "action": "change", "entity_id": "7", "attempt": 1,
            "timestamp": "2026-03-02T09:00:00Z", "company_id": 1});
        let meta = meta.as_object().expect("an object");
        all.as_object_mut().expect("an object").extend(meta.clone());
        let body = json!({"meta": all, "data": data, "previous": previous});
        batch(&body, Instant(0)).expect("a batch").events
    }

    #[test]
    fn a_merge_names_the_survivor() {
        let meta = json!({"action": "delete", "merged_to_id": "8"});
        let events = webhook(&meta, &json!(null), &json!({"id": 7}));
        assert_eq!(events[0].kind, "contact-merged");
        assert_eq!(events[0].contact, ContactRef::external("8"));
        assert_eq!(events[0].data["merged_ids"], json!(["7"]));
    }

    #[test]
    fn a_retry_is_the_same_event_and_another_change_is_another() {
        let key = |attempt: u8, name: &str| {
            let data = json!({"id": 7, "name": name});
            webhook(&json!({"attempt": attempt}), &data, &json!({"name": "x"}))[0]
                .source_key
                .clone()
        };
        assert_eq!(key(1, "Ada"), key(2, "Ada"));
        assert_ne!(key(1, "Ada"), key(1, "Bea"));
    }

    #[test]
    fn an_opt_out_in_campaigns_is_an_event_of_its_own() {
        let data = json!({"id": 7, "marketing_status": "unsubscribed"});
        let kinds: Vec<String> = webhook(&json!({}), &data, &json!({}))
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, ["contact-updated", "unsubscribed"]);
    }

    /// A field that stayed as it was says nothing of what happened.
    #[test]
    fn version_1_tells_what_changed() {
        for (previous, expect) in [
            (json!({"status": "open", "stage_id": 3}), "deal-won"),
            (
                json!({"status": "won", "stage_id": 2}),
                "deal-stage-changed",
            ),
            (
                json!({"status": "won", "stage_id": 3}),
                "pipedrive.deal.change",
            ),
        ] {
            let body = json!({"v": 1, "meta": {"object": "deal", "action": "updated", "id": 1},
                "current": {"status": "won", "stage_id": 3}, "previous": previous});
            let batch = batch(&body, Instant(0)).expect("a batch");
            assert_eq!(batch.events[0].kind, expect);
        }
    }
}
