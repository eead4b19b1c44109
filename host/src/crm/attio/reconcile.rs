//! Asking for records that no webhook told of.
//!
//! A record has `created_at` and no time of its last change, neither to filter nor to sort by (Attio
//! docs, "Attribute types: timestamp"; its OpenAPI document has none either): the poll finds people and deals that were made, and a deal's
//! stage as it is by then. Changes are up to the webhooks, which Attio retries for about three days.

use serde_json::{Value, json};

use crate::crm::call;
use crate::crm::event::{self, with_person};
use crate::crm::person::person;
use crate::crm::stages::Stages;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{About, kind};
use crate::domain::http::{Method, Request, Response};
use crate::domain::{Instant, NewEvent, digest, fields};

use super::Attio;
use super::fields::{PERSON, flat};
use super::hydrate::failure;
use super::hydrated::{deal, moment, record_id};

const PAGE: usize = 200;

impl Reconciles for Attio {
    fn objects(&self) -> &'static [&'static str] {
        &["people", "deals"]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let from = page.map_or_else(|| timestamp(since), str::to_owned);
        let body = json!({
            "filter": {"created_at": {"$gte": from}},
            "sorts": [{"attribute": "created_at", "direction": "asc"}],
            "limit": PAGE,
        });
        let path = format!("objects/{object}/records/query");
        call::send(Method::Post, self.url(&path), self.credential(), &body)
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = answer.json();
        let Some(list) = body
            .get("data")
            .and_then(Value::as_array)
            .filter(|_| answer.status == 200)
        else {
            // Deals are an object that a workspace may have switched off.
            return match failure(answer) {
                AskError::Gone => Ok(Found::default()),
                other => Err(other),
            };
        };
        let records: Vec<Record> = list
            .iter()
            .filter_map(|data| record(object, data, &self.stages))
            .collect();
        // An answer does not tell where it stands: the next page begins with the last record of this
        // one, whose events have the same keys again.
        let made_at = |data: Option<&Value>| {
            let at = data.and_then(|data| fields::text(data, "created_at"));
            at.map(str::to_owned)
        };
        let (first, last) = (made_at(list.first()), made_at(list.last()));
        let next_page = last.filter(|last| list.len() >= PAGE && first.as_ref() != Some(last));
        Ok(Found { records, next_page })
    }
}

fn record(object: &str, data: &Value, stages: &Stages) -> Option<Record> {
    let (id, made_at) = (record_id(data)?, moment(data, "created_at")?);
    let key = digest::id("at", &[b"created", id.as_bytes()]);
    let about = Some(About::new("record", id));
    let event = event::event(key, "", made_at, about, data);
    let named = |kind: &str| NewEvent {
        kind: kind.to_owned(),
        ..event.clone()
    };
    let values = data.get("values").unwrap_or(&Value::Null);
    let events = match object {
        "people" => with_person(
            named(kind::CONTACT_CREATED),
            person(id, &flat(values), &PERSON),
        ),
        _ => deal(named(kind::DEAL_CREATED), id, data, stages),
    };
    Some(Record {
        id: id.to_owned(),
        modified_at: made_at,
        events,
    })
}

/// In the form that filters take: date and time, in UTC.
pub(super) fn timestamp(at: Instant) -> String {
    at.to_utc()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
