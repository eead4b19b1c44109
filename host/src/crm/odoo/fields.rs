//! What is asked for of a record, and a partner or a lead as a person.
//!
//! An empty field is `false`; a field that leads to another record is `[id, name]`. Only fields that are
//! there in every version from 17 on are asked for: one that is not makes the whole call fail. Those of leads and
//! meetings were compared with odoo/odoo (`crm_lead.py`, `calendar_event.py`): `mobile` and `title` go with 18 and 19.

use serde_json::{Value, json};

use crate::crm::person::{Person, Words, person as read_person};
use crate::domain::JsonMap;

pub(super) const PARTNER: &str = "res.partner";
pub(super) const LEAD: &str = "crm.lead";
pub(super) const MEETING: &str = "calendar.event";
pub(super) const MESSAGE: &str = "mail.message";

/// The models whose records a webhook may name.
pub(super) const NAMED: &[&str] = &[PARTNER, LEAD, MEETING];

/// Odoo leaves archived records out unless a search speaks of them.
pub(super) const WITH_ARCHIVED: (&str, &str, [bool; 2]) = ("active", "in", [true, false]);

/// What is read of a record of a model; nothing of models that we do not know.
pub(super) fn fields(model: &str) -> &'static [&'static str] {
    match model {
        PARTNER => &[
            "name",
            "email",
            "phone",
            "function",
            "lang",
            "tz",
            "parent_id",
            "company_name",
            "user_id",
            "city",
            "country_id",
            "website",
            "is_blacklisted",
            "active",
            "write_date",
        ],
        LEAD => &[
            "name",
            "type",
            "partner_id",
            "contact_name",
            "partner_name",
            "email_from",
            "phone",
            "function",
            "user_id",
            "team_id",
            "stage_id",
            "probability",
            "expected_revenue",
            "company_currency",
            "date_deadline",
            "lost_reason_id",
            "is_blacklisted",
            "active",
            "write_date",
        ],
        MEETING => &[
            "name",
            "start",
            "stop",
            "location",
            "videocall_location",
            "partner_ids",
            "user_id",
            "active",
            "write_date",
        ],
        MESSAGE => &[
            "subject",
            "email_from",
            "author_id",
            "message_id",
            "model",
            "res_id",
            "date",
            "write_date",
        ],
        _ => &[],
    }
}

const WORDS: Words = Words {
    emails: &["email", "email_from"],
    names: &[
        ("function", "job_title"),
        ("contact_name", "name"),
        ("user_id", "owner_id"),
    ],
    time_zone: &["tz"],
    locale: &["lang"],
    account_id: &["parent_id"],
    account_name: &["company_name", "partner_name"],
    opted_out: &["is_blacklisted"],
    skip: &[
        "id",
        "write_date",
        "active",
        "type",
        "stage_id",
        "team_id",
        "probability",
        "expected_revenue",
        "company_currency",
        "date_deadline",
        "lost_reason_id",
        "partner_id",
    ],
};

/// The external id of a person: Odoo's notation of a reference.
pub(super) fn reference(model: &str, id: &str) -> String {
    format!("{model},{id}")
}

/// The model and id of a reference to a person; a bare number is a partner's.
pub(super) fn person_reference(text: &str) -> Option<(&'static str, i64)> {
    let (model, id) = text.split_once(',').unwrap_or((PARTNER, text));
    let model = [PARTNER, LEAD].into_iter().find(|known| *known == model)?;
    Some((model, id.parse().ok().filter(|id| *id > 0)?))
}

/// A partner, or a lead, as a person.
pub(super) fn person(model: &str, id: &str, record: &Value) -> Person {
    let mut flat = JsonMap::new();
    for (key, value) in record.as_object().into_iter().flatten() {
        let value = match value {
            // Of texts and references, false says that there is none; of flags it is the value.
            Value::Bool(false) if key.starts_with("is_") => value.clone(),
            Value::Bool(false) => Value::Null,
            Value::Array(pair) => plain(key, pair),
            plain => plain.clone(),
        };
        flat.insert(key.clone(), value);
    }
    // A partner's company is its parent, by name too.
    if let Some(name) = record.pointer("/parent_id/1") {
        flat.insert("company_name".to_owned(), name.clone());
    }
    if model == LEAD && flat.get("contact_name").is_none_or(Value::is_null) {
        flat.remove("contact_name");
    } else if model == LEAD {
        // The name of the lead is that of the deal.
        flat.remove("name");
    }
    if let Some(lang) = flat.get("lang").and_then(Value::as_str) {
        let tag = lang.split('@').next().unwrap_or_default().replace('_', "-");
        flat.insert("lang".to_owned(), json!(tag));
    }
    read_person(&reference(model, id), &flat, &WORDS)
}

/// `[id, name]`: of a user or a company the id is what counts, of a country the name.
fn plain(key: &str, pair: &[Value]) -> Value {
    let place = usize::from(!["user_id", "parent_id", "partner_id"].contains(&key));
    match pair.get(place) {
        Some(Value::Number(id)) => json!(id.to_string()),
        Some(name) => name.clone(),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner() {
        let record = json!({"id": 7, "name": "Zoë Ünal", "email": "Zoe@Example.com", "phone": false,
            "function": "CEO", "lang": "de_DE", "tz": "Europe/Berlin", "parent_id": [42, "Acme"],
            "company_name": false, "user_id": [2, "Rep"], "country_id": [57, "Germany"],
            "is_blacklisted": true, "active": true, "write_date": "2026-03-02 09:00:00"});
        let got = person(PARTNER, "7", &record);
        assert!(got.opted_out);
        assert_eq!(
            json!({"contact": got.contact, "patch": got.patch}),
            json!({"contact": {"email": "zoe@example.com", "external_id": "res.partner,7"},
                "patch": {"time_zone": "Europe/Berlin", "locale": "de-DE",
                    "account": {"id": "42", "name": "Acme"},
                    "attributes": {"name": "Zoë Ünal", "phone": null, "job_title": "CEO",
                        "company": "Acme", "owner_id": "2", "country_id": "Germany",
                        "is_blacklisted": true}}})
        );
    }

    #[test]
    fn references() {
        assert_eq!(person_reference("res.partner,7"), Some((PARTNER, 7)));
        assert_eq!(person_reference("crm.lead,9"), Some((LEAD, 9)));
        assert_eq!(person_reference("7"), Some((PARTNER, 7)));
        for text in [
            "res.users,7",
            "res.partner",
            "res.partner,x",
            "res.partner,-1",
            "0",
        ] {
            assert_eq!(person_reference(text), None, "{text}");
        }
    }
}
