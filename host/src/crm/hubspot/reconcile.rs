//! What was modified since a moment, by the CRM search API.
//!
//! "The search endpoints are limited to 10,000 total results for any given query" (HubSpot docs, "Search the
//! CRM"): behind them, the search begins again at the last record's time. Search knows no associations:
//! what is no contact is hydrated for them. Archived records are not found: deletions come by webhook only.

use serde_json::{Value, json};

use crate::crm::event;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{About, Hydrate, kind};
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::MINUTE_MS;
use crate::domain::{Instant, JsonMap, NewEvent, digest, fields};

use super::Hubspot;
use super::api::{failure, is_id, moment, path_of};
use super::hydrate::properties_of;
use super::hydrated::{associated, contact};

const PAGE_MAX: usize = 100;
const RESULTS_MAX: usize = 10_000;
/// A record that was modified this soon after it was made is told as new: HubSpot computes properties of
/// it for a while.
const NEW_MS: i64 = 15 * MINUTE_MS;
/// Before the number of a page that begins a new search at a time.
const FROM: char = '@';

/// What makes one state of an object another than the one before, for those who read of it: by
/// property. A deal whose amount changes has not moved.
fn identity(object: &str) -> &'static [&'static str] {
    match object {
        "deal" => &["dealstage", "hs_v2_date_entered_current_stage"],
        "meeting" => &["hs_meeting_outcome", "hs_meeting_start_time"],
        "email" => &["hs_email_direction", "hs_email_status"],
        "call" => &["hs_call_status"],
        _ => &["lastmodifieddate"],
    }
}

fn modified(object: &str) -> &'static str {
    match object {
        "contact" => "lastmodifieddate",
        _ => "hs_lastmodifieddate",
    }
}

impl Reconciles for Hubspot {
    fn objects(&self) -> &'static [&'static str] {
        &["contact", "deal", "meeting", "email", "call"]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let from = page.and_then(|page| page.strip_prefix(FROM)?.parse().ok());
        let after = page.filter(|_| from.is_none()).unwrap_or("0");
        let mut properties = properties_of(object).to_vec();
        properties.extend(["createdate", "hs_createdate", modified(object)]);
        let search = json!({
            "filterGroups": [{"filters": [{
                "propertyName": modified(object),
                "operator": "GTE",
                "value": from.unwrap_or(since.0).to_string(),
            }]}],
            "sorts": [modified(object)],
            "properties": properties,
            "limit": PAGE_MAX,
            "after": after,
        });
        let path = path_of(object).unwrap_or("contacts");
        let path = format!("/crm/v3/objects/{path}/search");
        self.call(Method::Post, &path, Some(&search))
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = answer.json();
        // An app that may not read mails still may read contacts: the round goes on to them.
        let lacks_scopes = fields::text(&body, "category") == Some("MISSING_SCOPES");
        if object != "contact" && lacks_scopes {
            return Ok(Found::default());
        }
        let results = body.get("results").and_then(Value::as_array);
        let results = results.filter(|_| answer.status == 200);
        let results = results.ok_or_else(|| failure(answer))?;
        let records: Vec<_> = results.iter().filter_map(|r| record(object, r)).collect();
        let next = body.pointer("/paging/next/after").and_then(Value::as_str);
        let next_page = next.map(|after| match after.parse::<usize>() {
            Ok(number) if number >= RESULTS_MAX => again(&records),
            _ => after.to_owned(),
        });
        Ok(Found { records, next_page })
    }
}

/// The page behind the last one that HubSpot gives: from the last record on, or just behind it where a
/// whole page has one time and would come for ever.
fn again(records: &[Record]) -> String {
    let first = records.first().map_or(0, |record| record.modified_at.0);
    let last = records.last().map_or(0, |record| record.modified_at.0);
    format!("{FROM}{}", last + i64::from(first == last))
}

fn record(object: &str, result: &Value) -> Option<Record> {
    let id = fields::id(result, "id").filter(|id| is_id(id))?;
    let properties = result.get("properties")?;
    let at = |key: &str| fields::text(properties, key).and_then(moment);
    let modified_at =
        at(modified(object)).or_else(|| fields::text(result, "updatedAt").and_then(moment))?;
    let created_at = at("createdate").or_else(|| at("hs_createdate"));
    let is_new = created_at.is_some_and(|at| modified_at.since_ms(at) <= NEW_MS);
    let kind = match object {
        "contact" if is_new => kind::CONTACT_CREATED,
        "contact" => kind::CONTACT_UPDATED,
        "deal" if is_new => kind::DEAL_CREATED,
        "deal" => kind::DEAL_STAGE_CHANGED,
        "meeting" => kind::MEETING_BOOKED,
        "call" => kind::CALL_MADE,
        _ => "hubspot.email.creation",
    };
    let state = match kind {
        kind::CONTACT_CREATED | kind::DEAL_CREATED => vec!["created".to_owned()],
        _ => identity(object)
            .iter()
            .map(|key| fields::id(properties, key).unwrap_or_default())
            .collect(),
    };
    let mut parts = vec![object.as_bytes(), id.as_bytes()];
    parts.extend(state.iter().map(String::as_bytes));
    let mut data = JsonMap::new();
    if object != "contact" {
        data.insert(format!("{object}_id"), json!(id));
    }
    // The stage that it is told in, so that its end is told with it.
    if let Some(stage) = fields::text(properties, "dealstage") {
        data.insert("stage".to_owned(), json!(stage));
    }
    // A reply counts from when it came, a deal from when it moved; neither can lie behind its record.
    let happened_at = ["hs_timestamp", "hs_v2_date_entered_current_stage"];
    let happened_at = happened_at.iter().find_map(|key| at(key));
    let at = happened_at.unwrap_or(modified_at).min(modified_at);
    let about = Some(About::new(object, &id));
    let thin = NewEvent {
        data,
        ..event::event(digest::id("hsp", &parts), kind, at, about, result)
    };
    Some(Record {
        events: events(object, &id, &thin, result),
        id,
        modified_at,
    })
}

fn events(object: &str, id: &str, thin: &NewEvent, result: &Value) -> Vec<NewEvent> {
    if object == "contact" {
        return contact(id, result).complete(thin);
    }
    let mut events = associated(object, result).complete(thin);
    // A mail that was forwarded, a call that is still planned: nothing happened to the person.
    events.retain(|event| !event.kind.starts_with("hubspot."));
    for event in &mut events {
        event.hydrate = Some(Hydrate {
            object: object.to_owned(),
            id: id.to_owned(),
        });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, properties: &Value, expect: &[(&str, &str)]) {
        let result =
            json!({"id": "9", "updatedAt": "2026-03-02T09:00:00Z", "properties": properties});
        let found = record(object, &result).expect("a record");
        let seen: Vec<_> = found
            .events
            .iter()
            .map(|event| (event.kind.clone(), event.occurred_at.to_string()))
            .collect();
        let seen: Vec<_> = seen
            .iter()
            .map(|(k, at)| (k.as_str(), at.as_str()))
            .collect();
        assert_eq!(seen, expect, "{object} {properties}");
    }

    #[test]
    fn what_is_found_is_told_as_what_it_is() {
        let now = "2026-03-02T09:00:00Z";
        let old = json!({"createdate": "2025-01-01T00:00:00Z"});
        check("contact", &old, &[("contact-updated", now)]);
        let new = json!({"createdate": "2026-03-02T08:59:00Z", "hs_email_optout": "true"});
        check(
            "contact",
            &new,
            &[("contact-created", now), ("unsubscribed", now)],
        );
        let deal = json!({"hs_is_closed": "true", "hs_is_closed_won": "true", "dealstage": "7",
            "hs_v2_date_entered_current_stage": "2026-03-01T10:00:00Z"});
        check("deal", &deal, &[("deal-won", "2026-03-01T10:00:00Z")]);
        let meeting = json!({"hs_meeting_outcome": "CANCELED"});
        check("meeting", &meeting, &[("meeting-cancelled", now)]);
        let reply =
            json!({"hs_email_direction": "INCOMING_EMAIL", "hs_timestamp": "2026-03-02T08:00:00Z"});
        check("email", &reply, &[("replied", "2026-03-02T08:00:00Z")]);
        check(
            "email",
            &json!({"hs_email_direction": "FORWARDED_EMAIL"}),
            &[],
        );
        check("call", &json!({"hs_call_status": "QUEUED"}), &[]);
        check(
            "call",
            &json!({"hs_call_status": "COMPLETED"}),
            &[("call-made", now)],
        );
    }

    #[test]
    fn a_deal_that_did_not_move_is_the_same_event() {
        let key = |amount: &str, stage: &str| {
            let result = json!({"id": "9", "updatedAt": "2026-03-02T09:00:00Z",
                "properties": {"amount": amount, "dealstage": stage}});
            record("deal", &result)
                .expect("a record")
                .events
                .remove(0)
                .source_key
        };
        assert_eq!(key("1", "a"), key("2", "a"));
        assert_ne!(key("1", "a"), key("1", "b"));
    }
}
