//! A person and what belongs to persons, in Pipedrive's shape, into ours.
//!
//! E-mails and phones are lists with one `primary` (`email` and `phone` in webhooks of version 1); custom fields are under `custom_fields` by their
//! keys of 40 hexadecimal digits, as a value (API) or as `{"type": ..., "value": ...}` (webhooks).

use serde_json::{Value, json};

use crate::crm::call::items;
use crate::crm::person::{Person, Words, id_of, person as read_person};
use crate::crm::{event, moment};
use crate::domain::JsonMap;

const WORDS: Words = Words {
    emails: &["email", "email_2", "email_3", "email_4", "email_5"],
    names: &[],
    time_zone: &[],
    locale: &[],
    account_id: &["org_id"],
    account_name: &["org_name"],
    opted_out: &["opted_out"],
    skip: &[
        "id",
        "add_time",
        "update_time",
        "delete_time",
        "last_activity_id",
        "next_activity_id",
        "last_incoming_mail_time",
        "last_outgoing_mail_time",
        "picture_id",
        "visible_to",
        "is_deleted",
        "company_id",
        "active_flag",
        "first_char",
        "cc_email",
        "owner_name",
    ],
};

const DEAL: &[(&str, &str)] = &[
    ("id", "deal_id"),
    ("title", "deal_name"),
    ("stage_id", "stage"),
    ("pipeline_id", "pipeline"),
    ("value", "amount"),
    ("currency", "currency"),
    ("status", "status"),
    ("lost_reason", "lost_reason"),
    ("expected_close_date", "close_date"),
    ("user_id", "owner_id"),
    ("owner_id", "owner_id"),
    ("org_id", "account_id"),
];

const ACTIVITY: &[(&str, &str)] = &[
    ("subject", "title"),
    ("type", "type"),
    ("due_date", "due_date"),
    ("deal_id", "deal_id"),
    ("location/value", "location"),
    ("location", "location"),
    ("conference_meeting_url", "url"),
    ("user_id", "owner_id"),
    ("owner_id", "owner_id"),
    ("org_id", "account_id"),
];

pub(super) fn person(id: &str, data: &Value) -> Person {
    read_person(id, &flat(data), &WORDS)
}

/// The fields of a person, each a plain value.
fn flat(data: &Value) -> JsonMap {
    let mut flat = JsonMap::new();
    for (key, value) in data.as_object().into_iter().flatten() {
        // Counts change with every mail and activity, and would make news of nothing.
        if !key.ends_with("_count") && !value.is_array() && !value.is_object() {
            flat.insert(key.clone(), value.clone());
        }
    }
    let primary_first = |key: &str| {
        let listed = [key, key.trim_end_matches('s')].map(|key| items(data, key));
        let mut all: Vec<&Value> = listed.into_iter().flatten().collect();
        all.sort_by_key(|item| item["primary"] != json!(true));
        all.into_iter().map(|item| item["value"].clone())
    };
    for (key, value) in WORDS.emails.iter().zip(primary_first("emails")) {
        flat.insert((*key).to_owned(), value);
    }
    if let Some(phone) = primary_first("phones").next() {
        flat.insert("phone".to_owned(), phone);
    }
    if let Some(owner) = data.get("owner_id").and_then(id_of) {
        flat.insert("owner_id".to_owned(), json!(owner));
    }
    let custom = data.get("custom_fields").and_then(Value::as_object);
    for (key, value) in custom.into_iter().flatten() {
        let plain = value.get("value").unwrap_or(value);
        flat.insert(key.clone(), plain.clone());
    }
    // "marketing_status: no_consent, unsubscribed, subscribed, archived" (API v2, Persons).
    if data["marketing_status"] == json!("unsubscribed") {
        flat.insert("opted_out".to_owned(), json!(true));
    }
    flat
}

pub(super) fn deal(data: &Value) -> JsonMap {
    event::data(data, DEAL)
}

/// "`due_time`: the due time of the activity in UTC" (API v1, Activities).
pub(super) fn activity(data: &Value) -> JsonMap {
    let mut told = event::data(data, ACTIVITY);
    let kind = data["type"].as_str().unwrap_or_default();
    let id_name = match kind {
        "meeting" | "lunch" => "meeting_id",
        "call" => "call_id",
        "email" => "email_id",
        _ => "task_id",
    };
    if let Some(id) = data.get("id").and_then(id_of) {
        told.insert(id_name.to_owned(), json!(id));
    }
    let said = |key: &str| data[key].as_str().unwrap_or_default();
    if let Some(starts_at) = moment::of_day(said("due_date"), said("due_time")) {
        told.insert("starts_at".to_owned(), json!(starts_at.to_string()));
        if let Some(ms) = moment::duration_ms(said("duration")) {
            let ends_at = starts_at.plus_ms(ms).to_string();
            told.insert("ends_at".to_owned(), json!(ends_at));
        }
    }
    told
}

/// The ids of the persons an object belongs to: of an activity its participants, the primary one first.
pub(super) fn person_ids(data: &Value) -> Vec<String> {
    let mut participants: Vec<&Value> = items(data, "participants").iter().collect();
    participants.sort_by_key(|item| item["primary"] != json!(true));
    let told = participants
        .into_iter()
        .map(|item| &item["person_id"])
        .chain(data.get("person_id"));
    let mut ids = Vec::new();
    for id in told.filter_map(id_of) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_as_the_api_and_as_a_webhook_tells_it() {
        let key = "d4de1c1518b4531717c676029a45911c340390a6";
        for custom in [json!("gold"), json!({"type": "varchar", "value": "gold"})] {
            let data = json!({"id": 7, "name": "Zoë Ünal", "first_name": "Zoë", "owner_id": 9, "org_id": 42,
                "emails": [{"value": "zoe@home.example", "primary": false, "label": "home"},
                    {"value": "Zoe@Work.example", "primary": true, "label": "work"}],
                "phones": [{"value": "+49 30 1", "primary": true, "label": "work"}],
                "update_time": "2026-03-02T09:00:00Z", "notes_count": 3, "label_ids": [1],
                "marketing_status": "unsubscribed", "custom_fields": {key: custom}});
            let got = person("7", &data);
            assert!(got.opted_out);
            assert_eq!(
                json!({"contact": got.contact, "patch": got.patch}),
                json!({"contact": {"email": "zoe@work.example", "external_id": "7"},
                    "patch": {"time_zone": null, "locale": null, "account": {"id": "42"},
                        "other_emails": ["zoe@home.example"],
                        "attributes": {"name": "Zoë Ünal", "first_name": "Zoë", "owner_id": "9",
                            "phone": "+49 30 1", "marketing_status": "unsubscribed", "opted_out": true,
                            key: "gold"}}})
            );
        }
    }

    #[test]
    fn a_meeting_has_a_beginning_and_an_end() {
        let data = json!({"id": 5, "type": "meeting", "subject": "Demo", "due_date": "2026-03-02",
            "due_time": "09:00", "duration": "00:45", "location": {"value": "Berlin"}});
        assert_eq!(
            json!(activity(&data)),
            json!({"title": "Demo", "type": "meeting", "due_date": "2026-03-02", "location": "Berlin",
                "meeting_id": "5", "starts_at": "2026-03-02T09:00:00Z", "ends_at": "2026-03-02T09:45:00Z"})
        );
    }

    #[test]
    fn the_primary_participant_comes_first_and_nobody_twice() {
        let data = json!({"person_id": 1, "participants": [{"person_id": 2, "primary": false},
            {"person_id": 1, "primary": true}, {"person_id": null}]});
        assert_eq!(person_ids(&data), ["1", "2"]);
        assert_eq!(person_ids(&json!({"person_id": 3})), ["3"]);
        assert!(person_ids(&json!({})).is_empty());
    }
}
