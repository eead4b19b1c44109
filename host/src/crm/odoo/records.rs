//! Records as `search_read` tells them, into ours: what is asked for, who it is about, what is said.
//!
//! An empty field is `false`; a field that leads to another record is `[id, name]`. Only fields that are
//! there in every version from 17 on are asked for: one that is not makes the whole call fail.

use serde_json::{Value, json};

use crate::crm::call::items;
use crate::crm::event;
use crate::crm::moment;
use crate::crm::person::{Person, Words, id_of, person as read_person};
use crate::domain::event::{About, kind};
use crate::domain::{EmailAddress, Instant, JsonMap, NewEvent, fields as read};

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

const DEAL: &[(&str, &str)] = &[
    ("id", "deal_id"),
    ("name", "deal_name"),
    ("stage_id/1", "stage"),
    ("team_id/1", "pipeline"),
    ("expected_revenue", "amount"),
    ("company_currency/1", "currency"),
    ("date_deadline", "close_date"),
    ("lost_reason_id/1", "lost_reason"),
    ("user_id/0", "owner_id"),
];

const MEETING_DATA: &[(&str, &str)] = &[
    ("id", "meeting_id"),
    ("name", "title"),
    ("location", "location"),
    ("videocall_location", "url"),
    ("user_id/0", "owner_id"),
];

/// When a record was changed last.
pub(super) fn changed_at(record: &Value) -> Option<Instant> {
    moment::read(record.get("write_date"))
}

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

/// The events that a record stands for as it is now: `event` brings key, kind, `about` and time.
pub(super) fn complete(event: NewEvent, model: &str, id: &str, record: &Value) -> Vec<NewEvent> {
    match model {
        PARTNER => event::with_person(event, person(PARTNER, id, record)),
        LEAD => lead(event, id, record),
        MEETING => meeting(event, record),
        MESSAGE => vec![message(event, record)],
        _ => vec![NewEvent {
            hydrate: None,
            ..event
        }],
    }
}

/// A lead is a person, an opportunity a deal. Either may have a partner, who then is the person.
fn lead(mut event: NewEvent, id: &str, record: &Value) -> Vec<NewEvent> {
    let created = event.kind == kind::DEAL_CREATED;
    let kind = match (record["type"].as_str(), created) {
        (Some("lead"), true) => kind::CONTACT_CREATED,
        (Some("lead"), false) => kind::CONTACT_UPDATED,
        (_, true) => kind::DEAL_CREATED,
        (_, false) => deal_state(record),
    };
    kind.clone_into(&mut event.kind);
    if kind.starts_with("deal-") {
        event.data.extend(event::data(record, DEAL));
        event.data.insert("deal_id".to_owned(), json!(id));
    }
    match record.pointer("/partner_id/0").and_then(id_of) {
        Some(partner) => event::for_contacts(event, &[reference(PARTNER, &partner)]),
        None => event::with_person(event, person(LEAD, id, record)),
    }
}

/// "Mark as lost" archives an opportunity and sets its probability to 0, "Won" sets it to 100.
fn deal_state(record: &Value) -> &'static str {
    let probability = record["probability"].as_f64().unwrap_or(50.0);
    match record["active"].as_bool().unwrap_or(true) {
        true if probability >= 100.0 => kind::DEAL_WON,
        false if probability <= 0.0 => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    }
}

fn meeting(mut event: NewEvent, record: &Value) -> Vec<NewEvent> {
    if record["active"] == json!(false) {
        kind::MEETING_CANCELLED.clone_into(&mut event.kind);
    }
    event.data.extend(event::data(record, MEETING_DATA));
    for (theirs, ours) in [("start", "starts_at"), ("stop", "ends_at")] {
        if let Some(at) = moment::read(record.get(theirs)) {
            event.data.insert(ours.to_owned(), json!(at.to_string()));
        }
    }
    let partners: Vec<String> = items(record, "partner_ids")
        .iter()
        .filter_map(id_of)
        .map(|id| reference(PARTNER, &id))
        .collect();
    event::for_contacts(event, &partners)
}

/// A mail that came in by a mail alias. Its author is a partner where Odoo knew the address.
fn message(mut event: NewEvent, record: &Value) -> NewEvent {
    event.hydrate = None;
    event.data = event::data(record, &[("subject", "subject"), ("email_from", "from")]);
    let author = record.pointer("/author_id/0").and_then(id_of);
    event.contact.external_id = author.map(|id| reference(PARTNER, &id));
    event.contact.email = read::text(record, "email_from").and_then(address);
    if let Some(deal) = read::id(record, "res_id").filter(|_| record["model"] == json!(LEAD)) {
        event.data.insert("deal_id".to_owned(), json!(deal));
    }
    event
}

/// The address in `"Ada" <ada@example.com>`.
fn address(text: &str) -> Option<EmailAddress> {
    let inner = text.rsplit('<').next().unwrap_or(text);
    EmailAddress::parse(inner.trim_end_matches('>')).ok()
}

/// What a record is called in `about`.
pub(super) fn about(model: &str, id: &str) -> About {
    About::new(model, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str) -> NewEvent {
        event::event("k".to_owned(), kind, Instant(0), None, &json!({}))
    }

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
    fn a_lead_is_a_person_and_an_opportunity_a_deal() {
        let lead = json!({"type": "lead", "name": "Website", "contact_name": "Ada", "partner_id": false,
            "partner_name": "Acme", "email_from": "ada@example.com", "active": true, "probability": 10.0});
        let [event] = complete(told("deal-stage-changed"), LEAD, "9", &lead)
            .try_into()
            .expect("one event");
        assert_eq!(event.kind, "contact-updated");
        assert_eq!(event.contact.external_id.as_deref(), Some("crm.lead,9"));
        assert_eq!(event.patch.attributes["name"], "Ada");
        for (active, probability, expect) in [
            (true, 100.0, "deal-won"),
            (false, 0.0, "deal-lost"),
            (true, 0.0, "deal-stage-changed"),
            (true, 50.0, "deal-stage-changed"),
        ] {
            let deal = json!({"type": "opportunity", "partner_id": [7, "Ada"], "active": active,
                "probability": probability, "stage_id": [3, "Proposition"], "name": "Website"});
            let [event] = complete(told("deal-stage-changed"), LEAD, "9", &deal)
                .try_into()
                .expect("one event");
            assert_eq!(event.kind, expect);
            assert_eq!(event.contact.external_id.as_deref(), Some("res.partner,7"));
            assert_eq!(event.data["stage"], "Proposition");
        }
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

    #[test]
    fn authors() {
        for (text, expect) in [
            ("\"Ada\" <Ada@example.com>", Some("ada@example.com")),
            ("ada@example.com", Some("ada@example.com")),
            ("nobody", None),
        ] {
            assert_eq!(
                address(text).as_ref().map(EmailAddress::as_str),
                expect,
                "{text}"
            );
        }
    }
}
