//! EspoCRM's attributes, and what of them we know.

use serde_json::{Value, json};

use crate::crm::call::is_id;
use crate::crm::event::put;
use crate::crm::person::{Person, Words, person};
use crate::domain::{Instant, JsonMap, fields};

const PERSON: Words = Words {
    emails: &["emailAddress", "email.2", "email.3", "email.4", "email.5"],
    names: &[
        ("firstName", "first_name"),
        ("lastName", "last_name"),
        ("title", "job_title"),
        ("phoneNumber", "phone"),
        ("addressCity", "city"),
        ("addressState", "state"),
        ("addressCountry", "country"),
        ("assignedUserId", "owner_id"),
    ],
    time_zone: &["timeZone"],
    locale: &["language"],
    account_id: &["accountId"],
    account_name: &["accountName"],
    opted_out: &["emailAddressIsOptedOut"],
    skip: &[
        "id",
        "name",
        "deleted",
        "createdAt",
        "modifiedAt",
        "createdById",
        "createdByName",
        "modifiedById",
        "modifiedByName",
        "streamUpdatedAt",
        "versionNumber",
        "isFollowed",
        "isStarred",
    ],
};

/// What leads are called by, beside their id: contacts are called by theirs alone.
const LEAD: &str = "Lead/";

/// A person's id as ours.
pub(super) fn person_id(entity: &str, id: &str) -> String {
    match entity {
        "Lead" => format!("{LEAD}{id}"),
        _ => id.to_owned(),
    }
}

/// The entity and the id that a person's id of ours stands for.
pub(super) fn entity_of(id: &str) -> Option<(&'static str, &str)> {
    let (entity, id) = match id.strip_prefix(LEAD) {
        Some(id) => ("Lead", id),
        None => ("Contact", id),
    };
    is_id(id).then_some((entity, id))
}

pub(super) fn person_of(entity: &str, id: &str, record: &Value) -> Person {
    let mut known = record.as_object().cloned().unwrap_or_default();
    // `emailAddressData` lists every address, the primary one among them.
    let addresses = known
        .get("emailAddressData")
        .and_then(Value::as_array)
        .cloned();
    let is_primary = |item: &Value| item.get("primary") == Some(&Value::Bool(true));
    let others = addresses.iter().flatten().filter(|item| !is_primary(item));
    for (index, item) in others.enumerate() {
        put(
            &mut known,
            &format!("email.{}", index + 2),
            item.get("emailAddress"),
        );
    }
    person(&person_id(entity, id), &known, &PERSON)
}

/// What an event tells of anything but a person.
pub(super) fn data(entity: &str, id: &str, record: &Value) -> JsonMap {
    let mut data = JsonMap::new();
    let (key, names): (&str, &[(&str, &str)]) = match entity {
        "Opportunity" => (
            "deal_id",
            &[
                ("name", "deal_name"),
                ("stage", "stage"),
                ("amount", "amount"),
                ("amountCurrency", "currency"),
                ("closeDate", "close_date"),
                ("accountId", "account_id"),
            ],
        ),
        "Meeting" => ("meeting_id", ACTIVITY),
        "Call" => ("call_id", ACTIVITY),
        "Task" => (
            "task_id",
            &[
                ("name", "title"),
                ("status", "status"),
                ("dateEnd", "due_at"),
            ],
        ),
        "Email" => (
            "email_id",
            &[
                ("name", "subject"),
                ("status", "status"),
                ("from", "from"),
                ("to", "to"),
                ("dateSent", "sent_at"),
            ],
        ),
        "Account" => ("account_id", &[("name", "name")]),
        _ => ("id", &[("name", "name")]),
    };
    data.insert(key.to_owned(), json!(id));
    for (theirs, ours) in names.iter().chain([&("assignedUserId", "owner_id")]) {
        let value = record.get(*theirs);
        let moment = value.and_then(Value::as_str).and_then(moment);
        match moment {
            Some(at) => put(&mut data, ours, Some(&json!(at.to_string()))),
            None => put(
                &mut data,
                ours,
                value.filter(|value| !value.is_object() && !value.is_array()),
            ),
        }
    }
    data
}

const ACTIVITY: &[(&str, &str)] = &[
    ("name", "title"),
    ("status", "outcome"),
    ("dateStart", "starts_at"),
    ("dateEnd", "ends_at"),
    ("direction", "direction"),
    ("joinUrl", "url"),
];

/// "Datetime format: YYYY-MM-DD HH:mm:ss. All datetime values are represented in UTC timezone"
/// (EspoCRM docs, API).
pub(super) fn moment(text: &str) -> Option<Instant> {
    let at = chrono::NaiveDateTime::parse_from_str(text, FORMAT).ok()?;
    Some(Instant::from(at.and_utc()))
}

pub(super) fn written(at: Instant) -> String {
    at.to_utc().format(FORMAT).to_string()
}

/// When the record changed last.
pub(super) fn modified_at(record: &Value) -> Option<Instant> {
    ["modifiedAt", "createdAt"]
        .iter()
        .find_map(|key| moment(fields::text(record, key)?))
}

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
