//! A record of Twenty, flat, and what of it we know.
//!
//! Names, addresses, phones, links and amounts are objects (`{"primaryEmail", "additionalEmails"}`); the
//! example in Twenty's documentation has them flat, so both are read.

use serde_json::{Value, json};

use crate::crm::event::put;
use crate::crm::person::{Person, Words, person};
use crate::domain::JsonMap;

const PERSON: Words = Words {
    emails: &[
        "emails.primaryEmail",
        "email",
        "emails.2",
        "emails.3",
        "emails.4",
        "emails.5",
    ],
    names: &[
        ("name.firstName", "first_name"),
        ("name.lastName", "last_name"),
        ("firstName", "first_name"),
        ("lastName", "last_name"),
        ("jobTitle", "job_title"),
        ("phones.primaryPhoneNumber", "phone"),
        ("linkedinLink.primaryLinkUrl", "linkedin"),
    ],
    time_zone: &["timeZone"],
    locale: &["locale"],
    account_id: &["companyId"],
    account_name: &["company.name"],
    opted_out: &[],
    skip: &[
        "id",
        "createdAt",
        "updatedAt",
        "deletedAt",
        "position",
        "searchVector",
        "avatarUrl",
        "createdBy",
        "updatedBy",
    ],
};

/// The parts of composite fields that are kept; the others ride along in `raw`.
const PARTS: &[&str] = &[
    "primaryEmail",
    "firstName",
    "lastName",
    "primaryPhoneNumber",
    "primaryLinkUrl",
    "currencyCode",
    "name",
];

pub(super) fn person_of(id: &str, record: &Value) -> Person {
    person(id, &flat(record), &PERSON)
}

fn flat(record: &Value) -> JsonMap {
    let mut fields = JsonMap::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        let Value::Object(parts) = value else {
            fields.insert(name.clone(), value.clone());
            continue;
        };
        for part in PARTS {
            if !["createdBy", "updatedBy"].contains(&name.as_str()) {
                put(&mut fields, &format!("{name}.{part}"), parts.get(*part));
            }
        }
        let more = parts.get("additionalEmails").and_then(Value::as_array);
        for (index, address) in more.into_iter().flatten().enumerate() {
            fields.insert(format!("{name}.{}", index + 2), address.clone());
        }
    }
    fields
}

/// What an event tells of anything but a person.
pub(super) fn data(object: &str, id: &str, record: &Value) -> JsonMap {
    let mut data = JsonMap::new();
    let names: &[(&str, &str)] = match object {
        "opportunity" => &[
            ("name", "deal_name"),
            ("stage", "stage"),
            ("closeDate", "close_date"),
            ("companyId", "account_id"),
            ("ownerId", "owner_id"),
        ],
        "task" => &[
            ("title", "title"),
            ("status", "status"),
            ("dueAt", "due_at"),
            ("assigneeId", "owner_id"),
        ],
        "note" => &[("title", "title")],
        "calendarEvent" => &[
            ("title", "title"),
            ("startsAt", "starts_at"),
            ("endsAt", "ends_at"),
            ("location", "location"),
        ],
        "message" => &[("subject", "subject"), ("receivedAt", "sent_at")],
        _ => &[("name", "name")],
    };
    let key = match object {
        "opportunity" => "deal_id".to_owned(),
        "calendarEvent" => "meeting_id".to_owned(),
        "company" => "account_id".to_owned(),
        other => format!("{other}_id"),
    };
    data.insert(key, json!(id));
    for (theirs, ours) in names {
        put(
            &mut data,
            ours,
            record.get(*theirs).filter(|value| !value.is_object()),
        );
    }
    if let Some(micros) = record.pointer("/amount/amountMicros") {
        // A whole number, or the digits of one.
        let digits = micros.as_str().and_then(|text| text.parse().ok());
        if let Some(micros) = micros.as_i64().or(digits) {
            put(&mut data, "amount", Some(&amount(micros)));
        }
    }
    put(
        &mut data,
        "currency",
        record.pointer("/amount/currencyCode"),
    );
    data
}

fn amount(micros: i64) -> Value {
    const MICROS: i64 = 1_000_000;
    if micros % MICROS == 0 {
        return json!(micros / MICROS);
    }
    let text = format!("{}.{:06}", micros / MICROS, (micros % MICROS).abs());
    json!(text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_lose_nothing() {
        for (micros, expect) in [
            (10_000_000, json!(10)),
            (10_500_000, json!("10.5")),
            (1, json!("0.000001")),
        ] {
            assert_eq!(amount(micros), expect);
        }
    }
}
