//! What changed of late: `GET /api/v2/{persons,deals,activities}?updated_since=`, oldest first, by cursor.
//!
//! "If set, only persons with an `update_time` later than or equal to this time are returned" (API v2).

use serde_json::{Value, json};

use crate::crm::call::{items, query};
use crate::crm::event::{self, with_person};
use crate::crm::moment;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{About, custom_kind, kind};
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent, fields as read};

use super::{Pipedrive, fields, success, words};

/// "A maximum value of 500 is allowed" (API v2).
const PAGE: &str = "200";

impl Reconciles for Pipedrive {
    fn objects(&self) -> &'static [&'static str] {
        &["person", "deal", "activity"]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let path = match object {
            "person" => "persons",
            "deal" => "deals",
            _ => "activities",
        };
        // Whole seconds, as in the documents: a fraction is cut off, never rounded up.
        let since = since.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut pairs = vec![
            ("updated_since", since.as_str()),
            ("sort_by", "update_time"),
            ("sort_direction", "asc"),
            ("limit", PAGE),
        ];
        if self.campaigns && object == "person" {
            pairs.push(("include_fields", "marketing_status"));
        }
        if let Some(page) = page {
            pairs.push(("cursor", page));
        }
        self.get(&format!("/api/v2/{path}?{}", query(&pairs)))
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = success(answer)?;
        let next_page = body
            .pointer("/additional_data/next_cursor")
            .and_then(Value::as_str);
        Ok(Found {
            records: items(&body, "data")
                .iter()
                .filter_map(|item| record(object, item))
                .collect(),
            next_page: next_page.filter(|next| !next.is_empty()).map(str::to_owned),
        })
    }
}

/// A record as it is now; what has neither id nor time cannot be told from others, and is left out.
fn record(object: &str, item: &Value) -> Option<Record> {
    let id = read::id(item, "id")?;
    let modified_at = moment::read(item.get("update_time"))?;
    Some(Record {
        events: events(object, &id, modified_at, item),
        id,
        modified_at,
    })
}

fn events(object: &str, id: &str, modified_at: Instant, item: &Value) -> Vec<NewEvent> {
    let kind = match object {
        "person" => kind::CONTACT_UPDATED.to_owned(),
        "deal" => words::deal_state(item).to_owned(),
        _ => words::activity_state(item).map_or_else(
            || custom_kind("pipedrive", "activity.change"),
            str::to_owned,
        ),
    };
    let mut event = event::event(
        format!("poll/{object}/{id}/{}", modified_at.0),
        kind,
        modified_at,
        Some(About::new(object, id)),
        item,
    );
    match object {
        "person" => with_person(event, fields::person(id, item)),
        "deal" => {
            event.data = fields::deal(item);
            event.data.insert("deal_id".to_owned(), json!(id));
            event::for_contacts(event, fields::person_ids(item))
        }
        _ => {
            event.data = fields::activity(item);
            event::for_contacts(event, fields::person_ids(item))
        }
    }
}
