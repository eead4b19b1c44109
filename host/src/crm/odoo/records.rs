//! A record as it is now, into our events: who it is about, what is said.

use serde_json::{Value, json};

use crate::crm::call::items;
use crate::crm::event;
use crate::crm::moment;
use crate::crm::person::id_of;
use crate::domain::event::{About, kind};
use crate::domain::{EmailAddress, Instant, NewEvent, fields as read};

use super::fields::{LEAD, MEETING, MESSAGE, PARTNER, person, reference};

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
        Some(partner) => event::for_contacts(event, [reference(PARTNER, &partner)]),
        None => event::with_person(event, person(LEAD, id, record)),
    }
}

/// "Mark as lost" archives an opportunity and sets its probability to 0, "Won" sets it to 100: as `won_status` has it,
/// which 17 lacks. Since 18 that of a won one also asks for a stage with `is_won`, which a lead does not tell
/// (`_compute_won_status`); who sets 100 by hand in another stage says the same to us.
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
