//! Contacts, leads and what belongs to them, in Close's shape, into ours.
//!
//! `emails: [{"email", "type", "is_unsubscribed"}]`, `phones: [{"phone", ...}]`; custom fields are keys of the form
//! `custom.cf_...`. "value: in cents" (Opportunities): the amount is told in whole units of the currency.

use serde_json::{Number, Value, json};

use crate::crm::call::items;
use crate::crm::event;
use crate::crm::person::{Person, Words, id_of, person as read_person};
use crate::domain::{ContactPatch, JsonMap, fields as read};

use super::words::Change;

const WORDS: Words = Words {
    emails: &["email", "email_2", "email_3", "email_4", "email_5"],
    names: &[("title", "job_title")],
    time_zone: &["timezone"],
    locale: &[],
    account_id: &["lead_id"],
    account_name: &["lead_name"],
    opted_out: &["is_unsubscribed"],
    skip: &[
        "id",
        "date_created",
        "date_updated",
        "created_by",
        "updated_by",
        "created_by_name",
        "updated_by_name",
        "organization_id",
        "display_name",
        "timezone_source",
        "lead_suggestions_operation_id",
    ],
};

const OPPORTUNITY: &[(&str, &str)] = &[
    ("id", "deal_id"),
    ("lead_name", "deal_name"),
    ("status_label", "stage"),
    ("status_type", "status"),
    ("pipeline_name", "pipeline"),
    ("value_currency", "currency"),
    ("value_period", "value_period"),
    ("confidence", "confidence"),
    ("date_won", "close_date"),
    ("user_id", "owner_id"),
];

const EMAIL: &[(&str, &str)] = &[
    ("id", "email_id"),
    ("subject", "subject"),
    ("sender", "from"),
    ("body_preview", "text"),
    ("date_sent", "sent_at"),
    ("status", "status"),
    ("direction", "direction"),
    ("user_id", "owner_id"),
];

const MEETING: &[(&str, &str)] = &[
    ("id", "meeting_id"),
    ("title", "title"),
    ("starts_at", "starts_at"),
    ("ends_at", "ends_at"),
    ("location", "location"),
    ("conference_url", "url"),
    ("status", "status"),
    ("user_id", "owner_id"),
];

const CALL: &[(&str, &str)] = &[
    ("id", "call_id"),
    ("direction", "direction"),
    ("duration", "duration_s"),
    ("status", "status"),
    ("user_id", "owner_id"),
];

const TASK: &[(&str, &str)] = &[
    ("id", "task_id"),
    ("text", "title"),
    ("date", "due_at"),
    ("assigned_to", "owner_id"),
];

/// What an event tells of its object, under our names.
pub(super) fn data(change: &Change<'_>) -> JsonMap {
    // Of what was deleted, `data` is null and `previous_data` all there was.
    let told = if change.data.is_object() {
        change.data
    } else {
        change.previous
    };
    match change.object {
        "opportunity" => opportunity(told),
        "activity.email" => event::data(told, EMAIL),
        "activity.meeting" => event::data(told, MEETING),
        "activity.call" => event::data(told, CALL),
        "activity.form_submission" => event::data(told, &[("form_id", "form_id")]),
        "contact" | "lead" | "unsubscribed_email" => JsonMap::new(),
        task if task.starts_with("task.") => event::data(told, TASK),
        _ => event::data(told, &[("id", "object_id")]),
    }
}

fn opportunity(told: &Value) -> JsonMap {
    let mut data = event::data(told, OPPORTUNITY);
    let cents = told["value"].as_f64();
    if let Some(amount) = cents.and_then(|cents| Number::from_f64(cents / 100.0)) {
        data.insert("amount".to_owned(), Value::Number(amount));
    }
    data
}

pub(super) fn contact(id: &str, data: &Value) -> Person {
    let mut flat = plain(data);
    for (key, item) in WORDS.emails.iter().zip(items(data, "emails")) {
        flat.insert((*key).to_owned(), item["email"].clone());
    }
    if let Some(phone) = items(data, "phones").first() {
        flat.insert("phone".to_owned(), phone["phone"].clone());
    }
    // The address that mails go to decides: the first one.
    let first = items(data, "emails").first();
    if let Some(unsubscribed) = first.and_then(|item| item.get("is_unsubscribed")) {
        flat.insert("is_unsubscribed".to_owned(), unsubscribed.clone());
    }
    read_person(id, &flat, &WORDS)
}

/// What a lead tells of each of its contacts: the account, its status and its custom fields.
pub(super) fn lead(data: &Value) -> ContactPatch {
    let mut patch = ContactPatch::default();
    let name = read::text(data, "display_name").or_else(|| read::text(data, "name"));
    if let Some(id) = data.get("id").and_then(id_of) {
        let account = patch.account.get_or_insert_default();
        account.insert("id".to_owned(), json!(id));
        if let Some(name) = name {
            account.insert("name".to_owned(), json!(name));
            patch.attributes.insert("company".to_owned(), json!(name));
        }
    }
    if let Some(status) = read::text(data, "status_label") {
        patch
            .attributes
            .insert("lead_status".to_owned(), json!(status));
    }
    let custom = plain(data)
        .into_iter()
        .filter(|(key, _)| key.starts_with("custom."))
        .map(|(key, value)| (format!("lead.{key}"), value));
    patch.attributes.extend(custom);
    patch
}

fn plain(data: &Value) -> JsonMap {
    let fields = data.as_object().into_iter().flatten();
    fields
        .filter(|(_, value)| !value.is_array() && !value.is_object())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The contacts that an object names itself: an opportunity and an activity one, a meeting all who were
/// invited, a lead all it holds.
pub(super) fn contact_ids(told: &Value) -> Vec<String> {
    let attendees = items(told, "attendees").iter();
    let mut ids: Vec<String> = told
        .get("contact_id")
        .into_iter()
        .chain(attendees.filter_map(|attendee| attendee.get("contact_id")))
        .chain(items(told, "contact_ids"))
        .filter_map(id_of)
        .collect();
    let mut seen = Vec::new();
    ids.retain(|id| {
        let new = !seen.contains(id);
        seen.push(id.clone());
        new
    });
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact() {
        let data = json!({"id": "cont_1", "lead_id": "lead_1", "name": "Zoë Ünal", "title": "CEO",
            "emails": [{"email": "Zoe@Work.example", "type": "office", "is_unsubscribed": true},
                {"email": "zoe@home.example", "type": "home", "is_unsubscribed": false}],
            "phones": [{"phone": "+4930", "type": "office"}], "timezone": "Europe/Berlin",
            "custom.cf_1": "gold", "custom.cf_2": ["a"], "date_updated": "2026-03-02T09:00:00"});
        let got = contact("cont_1", &data);
        assert!(got.opted_out);
        assert_eq!(
            json!({"contact": got.contact, "patch": got.patch}),
            json!({"contact": {"email": "zoe@work.example", "external_id": "cont_1"},
                "patch": {"time_zone": "Europe/Berlin", "locale": null, "account": {"id": "lead_1"},
                    "other_emails": ["zoe@home.example"],
                    "attributes": {"name": "Zoë Ünal", "job_title": "CEO", "phone": "+4930",
                        "custom.cf_1": "gold", "is_unsubscribed": true}}})
        );
    }

    #[test]
    fn a_lead_is_the_account_of_its_contacts() {
        let patch = lead(
            &json!({"id": "lead_1", "display_name": "Acme", "status_label": "Qualified",
            "custom.cf_9": 3, "url": null}),
        );
        assert_eq!(
            json!(patch.account),
            json!({"id": "lead_1", "name": "Acme"})
        );
        assert_eq!(
            json!(patch.attributes),
            json!({"company": "Acme", "lead_status": "Qualified", "lead.custom.cf_9": 3})
        );
    }

    #[test]
    fn amounts_are_told_in_cents() {
        let data = opportunity(&json!({"id": "oppo_1", "value": 100_050, "value_currency": "USD"}));
        assert_eq!(
            json!(data),
            json!({"deal_id": "oppo_1", "currency": "USD", "amount": 1000.5})
        );
    }

    #[test]
    fn contacts_are_named_once() {
        let told = json!({"contact_id": "cont_1", "attendees": [{"contact_id": "cont_2"},
            {"contact_id": "cont_1"}, {"contact_id": null}]});
        assert_eq!(contact_ids(&told), ["cont_1", "cont_2"]);
    }
}
