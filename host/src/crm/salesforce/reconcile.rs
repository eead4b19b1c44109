//! What was modified since a moment, by SOQL, deleted and merged records among it.

use serde_json::Value;

use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::kind;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::MINUTE_MS;
use crate::domain::{Instant, digest};

use super::Salesforce;
use super::api::{DATA, error_code, failure};
use super::events::State;
use super::fields::selected;

/// A record that was modified this soon after it was made is told as new: triggers of the organization write
/// to it.
const NEW_MS: i64 = 15 * MINUTE_MS;

impl Reconciles for Salesforce {
    fn objects(&self) -> &'static [&'static str] {
        &[
            "Lead",
            "Contact",
            "Opportunity",
            "Event",
            "Task",
            "EmailMessage",
        ]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        // The page that an answer named; it stays with this API, whatever is written there.
        if let Some(page) = page.filter(|page| page.starts_with("/services/data/")) {
            return self.call(Method::Get, page, None);
        }
        let fields = selected(object).unwrap_or("Id");
        self.query(&format!(
            "SELECT {fields} FROM {object} WHERE LastModifiedDate >= {since} ORDER BY LastModifiedDate"
        ))
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        // "EmailMessage is only available for organizations that use Email-to-Case or Enhanced Email"
        // (Salesforce docs): without, mails are tasks.
        if object == "EmailMessage" && error_code(answer) == "INVALID_TYPE" {
            return Ok(Found::default());
        }
        let body = answer.json();
        let records = body.get("records").and_then(Value::as_array);
        let records = records.filter(|_| answer.status == 200);
        let records = records.ok_or_else(|| failure(answer))?;
        let next = body.get("nextRecordsUrl").and_then(Value::as_str);
        let next = next.filter(|_| body.get("done") != Some(&Value::Bool(true)));
        Ok(Found {
            records: records.iter().filter_map(|r| record(object, r)).collect(),
            next_page: next
                .filter(|page| page.starts_with(DATA))
                .map(str::to_owned),
        })
    }
}

fn record(object: &str, value: &Value) -> Option<Record> {
    let fields = value.as_object()?;
    let state = State::of(object, fields).ok()?;
    let modified_at = state.modified_at()?;
    let kind = state.kind(NEW_MS);
    let mut events = Vec::new();
    // What has no kind of ours (a draft, our own task) is nothing to tell.
    if !kind.starts_with("salesforce.") {
        // A deal that did not move, a meeting that stayed where it was: the same event.
        let told = match kind.as_str() {
            kind::CONTACT_UPDATED => vec![fields.get("LastModifiedDate")],
            kind::MEETING_BOOKED => vec![fields.get("StartDateTime")],
            kind::DEAL_STAGE_CHANGED | kind::DEAL_WON | kind::DEAL_LOST => {
                vec![fields.get("StageName"), fields.get("LastStageChangeDate")]
            }
            _ => Vec::new(),
        };
        let told = told.into_iter().map(|value| value.map(Value::to_string));
        let told: Vec<_> = told.map(Option::unwrap_or_default).collect();
        let mut parts = vec![object.as_bytes(), state.id.as_bytes(), kind.as_bytes()];
        parts.extend(told.iter().map(String::as_bytes));
        let key = digest::id("sfp", &parts);
        events = state.events(&key, kind.clone(), modified_at, value.clone());
    }
    let happened = match kind.as_str() {
        kind::DEAL_STAGE_CHANGED | kind::DEAL_WON | kind::DEAL_LOST => "LastStageChangeDate",
        _ => "MessageDate",
    };
    for event in &mut events {
        event.occurred_at = state.at(happened).unwrap_or(modified_at).min(modified_at);
    }
    Some(Record {
        id: state.id.clone(),
        modified_at,
        events,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deal_that_did_not_move_is_the_same_event() {
        let key = |amount: u32, stage: &str| {
            let found = record(
                "Opportunity",
                &json!({"Id": "006000000000001", "StageName": stage, "Amount": amount,
                "LastModifiedDate": "2026-03-02T09:00:00.000+0000"}),
            );
            found.expect("a record").events.remove(0).source_key
        };
        assert_eq!(key(1, "Proposal"), key(2, "Proposal"));
        assert_ne!(key(1, "Proposal"), key(1, "Closed Won"));
    }
}
