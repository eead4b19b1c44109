//! Contacts, deals, appointments and tasks, in Freshsales' shape, into ours.
//!
//! Custom fields stand under `custom_field`, their names beginning with `cf_`. Records that were included stand
//! beside the record, in lists of their own, and are joined by id.

use serde_json::{Value, json};

use crate::crm::call::items;
use crate::crm::event;
use crate::crm::person::{Person, Words, id_of, person as read_person};
use crate::domain::event::kind;
use crate::domain::{Instant, JsonMap, NewEvent, fields as read};

const WORDS: Words = Words {
    emails: &["email"],
    names: &[("work_number", "phone")],
    time_zone: &["time_zone"],
    locale: &["locale"],
    account_id: &["sales_account_id"],
    account_name: &["sales_account_name"],
    opted_out: &["opted_out"],
    skip: &[
        "id",
        "created_at",
        "updated_at",
        "display_name",
        "avatar",
        "last_contacted",
        "last_contacted_mode",
        "last_contacted_sales_activity_mode",
        "last_contacted_via_sales_activity",
        "last_seen",
        "last_assigned_at",
        "recent_note",
        "open_deals_amount",
        "won_deals_amount",
        "partial",
        "is_deleted",
        "team_user_ids",
        "record_type_id",
        "completed_sales_sequences",
        "active_sales_sequences",
        "web_form_ids",
        "customer_fit",
        "lead_score",
        "last_contacted_time",
    ],
};

const DEAL: &[(&str, &str)] = &[
    ("id", "deal_id"),
    ("name", "deal_name"),
    ("amount", "amount"),
    ("deal_stage_id", "stage"),
    ("deal_pipeline_id", "pipeline"),
    ("owner_id", "owner_id"),
    ("expected_close", "close_date"),
    ("sales_account_id", "account_id"),
];

const APPOINTMENT: &[(&str, &str)] = &[
    ("id", "meeting_id"),
    ("title", "title"),
    ("from_date", "starts_at"),
    ("end_date", "ends_at"),
    ("location", "location"),
    ("creater_id", "owner_id"),
];

const TASK: &[(&str, &str)] = &[
    ("id", "task_id"),
    ("title", "title"),
    ("due_date", "due_at"),
    ("owner_id", "owner_id"),
];

/// The path under which the API has an object; none for those we do not ask for.
pub(super) fn path_of(object: &str) -> Option<&'static str> {
    match object {
        "contact" => Some("contacts"),
        "deal" => Some("deals"),
        "appointment" => Some("appointments"),
        "task" => Some("tasks"),
        _ => None,
    }
}

/// The object that a path holds.
pub(super) fn object_of(path: &str) -> Option<&'static str> {
    ["contact", "deal", "appointment", "task"]
        .into_iter()
        .find(|object| path_of(object) == Some(path))
}

pub(super) fn changed_at(record: &Value) -> Option<Instant> {
    crate::crm::moment::read(record.get("updated_at"))
}

/// The events that a record stands for as it is now; `body` holds what was included with it.
pub(super) fn complete(
    mut event: NewEvent,
    object: &str,
    record: &Value,
    body: &Value,
) -> Vec<NewEvent> {
    match object {
        "contact" => {
            let id = read::id(record, "id").unwrap_or_default();
            event::with_person(event, contact(&id, record, body))
        }
        "deal" => {
            if let Some(kind) =
                deal_state(record, body).filter(|_| event.kind == kind::DEAL_STAGE_CHANGED)
            {
                kind.clone_into(&mut event.kind);
            }
            event.data.extend(event::data(record, DEAL));
            if let Some(stage) = included(body, "deal_stages", record.get("deal_stage_id")) {
                event.data.insert("stage".to_owned(), stage["name"].clone());
            }
            event::for_contacts(event, contact_ids(record, body))
        }
        "appointment" => {
            event.data.extend(event::data(record, APPOINTMENT));
            event::for_contacts(event, contact_ids(record, body))
        }
        _ => {
            event.data.extend(event::data(record, TASK));
            event::for_contacts(event, contact_ids(record, body))
        }
    }
}

fn contact(id: &str, record: &Value, body: &Value) -> Person {
    let mut flat = JsonMap::new();
    for (key, value) in record.as_object().into_iter().flatten() {
        if !value.is_array() && !value.is_object() {
            flat.insert(key.clone(), value.clone());
        }
    }
    for key in ["owner_id", "contact_status_id", "lifecycle_stage_id"] {
        if let Some(id) = record.get(key).and_then(id_of) {
            flat.insert(key.to_owned(), json!(id));
        }
    }
    let custom = record.get("custom_field").and_then(Value::as_object);
    for (key, value) in custom.into_iter().flatten() {
        flat.insert(key.clone(), value.clone());
    }
    let accounts = [
        items(record, "sales_accounts"),
        items(body, "sales_accounts"),
    ]
    .concat();
    let primary = |account: &&Value| account["is_primary"] == json!(true);
    if let Some(account) = accounts.iter().find(primary).or(accounts.first()) {
        flat.insert("sales_account_id".to_owned(), account["id"].clone());
        flat.insert("sales_account_name".to_owned(), account["name"].clone());
    }
    // 1 is subscribed, 2 unsubscribed; not verified against a document of Freshworks.
    let unsubscribed = record.get("subscription_status") == Some(&json!(2));
    if unsubscribed || record.get("do_not_disturb") == Some(&json!(true)) {
        flat.insert("opted_out".to_owned(), json!(true));
    }
    read_person(id, &flat, &WORDS)
}

/// Stages say by `forecast_type` whether they are won or lost: "Closed Won", "Closed Lost".
fn deal_state(record: &Value, body: &Value) -> Option<&'static str> {
    let stage = included(body, "deal_stages", record.get("deal_stage_id"))?;
    let forecast = read::text(stage, "forecast_type").or_else(|| read::text(stage, "name"))?;
    let forecast = forecast.to_lowercase();
    match forecast.trim_start_matches("closed").trim() {
        "won" => Some(kind::DEAL_WON),
        "lost" => Some(kind::DEAL_LOST),
        _ => None,
    }
}

/// The record of this id in an included list.
fn included<'a>(body: &'a Value, list: &str, id: Option<&Value>) -> Option<&'a Value> {
    let id = id.and_then(id_of)?;
    items(body, list)
        .iter()
        .find(|item| read::id(item, "id").as_deref() == Some(&id))
}

/// The contacts of a deal are included; of an appointment they are among its attendees; of either and of a
/// task one may be what it is targeted at.
fn contact_ids(record: &Value, body: &Value) -> Vec<String> {
    let is_contact = |item: &Value, key: &str| {
        read::text(item, key).is_some_and(|kind| kind.to_lowercase().ends_with("contact"))
    };
    let mut ids: Vec<String> = items(body, "contacts")
        .iter()
        .filter_map(|item| read::id(item, "id"))
        .collect();
    let own = items(record, "contact_ids").iter().filter_map(id_of);
    ids.extend(own);
    let attendees = items(record, "appointment_attendees")
        .iter()
        .chain(items(body, "appointment_attendees"));
    ids.extend(
        attendees
            .filter(|item| is_contact(item, "attendee_type"))
            .filter_map(|item| read::id(item, "attendee_id")),
    );
    for target in [Some(record), record.get("targetable")]
        .into_iter()
        .flatten()
    {
        if is_contact(target, "targetable_type") {
            ids.extend(read::id(target, "targetable_id"));
        }
        if is_contact(target, "type") {
            ids.extend(read::id(target, "id"));
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact() {
        let record = json!({"id": 7, "first_name": "Zoë", "email": "Zoe@Example.com", "owner_id": 2,
            "work_number": "+4930", "time_zone": "Berlin", "subscription_status": 2, "updated_at": "x",
            "custom_field": {"cf_plan": "gold"}, "emails": [{"value": "zoe@example.com"}]});
        let body = json!({"sales_accounts": [{"id": 1, "name": "Other"},
            {"id": 42, "name": "Acme", "is_primary": true}]});
        let got = contact("7", &record, &body);
        assert!(got.opted_out);
        assert_eq!(
            json!({"contact": got.contact, "patch": got.patch}),
            json!({"contact": {"email": "zoe@example.com", "external_id": "7"},
                "patch": {"time_zone": null, "locale": null, "account": {"id": "42", "name": "Acme"},
                    "attributes": {"first_name": "Zoë", "owner_id": "2", "phone": "+4930",
                        "time_zone": "Berlin", "subscription_status": 2, "cf_plan": "gold",
                        "company": "Acme", "opted_out": true}}})
        );
    }

    #[test]
    fn stages_say_what_is_won() {
        let record = json!({"id": 9, "deal_stage_id": 3});
        for (forecast, expect) in [
            ("Closed Won", Some("deal-won")),
            ("Closed Lost", Some("deal-lost")),
            ("Open", None),
        ] {
            let body = json!({"deal_stages": [{"id": 3, "name": "x", "forecast_type": forecast}]});
            assert_eq!(deal_state(&record, &body), expect, "{forecast}");
        }
        assert_eq!(deal_state(&record, &json!({})), None);
    }

    #[test]
    fn contacts_of_everything() {
        let ids = |record: Value, body: Value| contact_ids(&record, &body);
        assert_eq!(
            ids(json!({}), json!({"contacts": [{"id": 7}, {"id": 8}]})),
            ["7", "8"]
        );
        assert_eq!(
            ids(
                json!({"targetable_type": "Contact", "targetable_id": 7}),
                json!({})
            ),
            ["7"]
        );
        assert_eq!(
            ids(
                json!({"targetable": {"id": 7, "type": "contact"}}),
                json!({})
            ),
            ["7"]
        );
        let attendees = json!([{"attendee_type": "Contact", "attendee_id": 7},
            {"attendee_type": "FdMultitenant::User", "attendee_id": 1}]);
        assert_eq!(
            ids(json!({"appointment_attendees": attendees}), json!({})),
            ["7"]
        );
    }
}
