//! What happened of late: the event log, which webhooks are made of (`GET /event/`).
//!
//! Newest first, fifty a page; `date_updated__gte` ends it. The log keeps 30 days. An entry becomes the
//! very events that its webhook would have become, under the same keys, deletions included. That the
//! log answers without any filter but the time is what others rely on (Airbyte's connector); the
//! documentation says that the time "can be optionally used with any allowed filter combination", and lists none
//! that is empty: not verified.

use serde_json::Value;

use crate::crm::call::{items, query};
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, fields as read};

use super::events::{events, happened_at};
use super::{Close, success};

impl Reconciles for Close {
    fn objects(&self) -> &'static [&'static str] {
        &["event"]
    }

    fn request(&self, _object: &str, since: Instant, page: Option<&str>) -> Request {
        let since = since.to_utc().format("%Y-%m-%dT%H:%M:%S").to_string();
        let mut pairs = vec![("date_updated__gte", since.as_str()), ("_limit", "50")];
        if let Some(page) = page {
            pairs.push(("_cursor", page));
        }
        self.get(&format!("/event/?{}", query(&pairs)))
    }

    fn read(&self, _object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = success(answer)?;
        let next_page = body.get("cursor_next").and_then(Value::as_str);
        Ok(Found {
            records: items(&body, "data").iter().filter_map(record).collect(),
            next_page: next_page.filter(|next| !next.is_empty()).map(str::to_owned),
        })
    }
}

/// An entry that cannot be read is one that its webhook could not tell either.
fn record(item: &Value) -> Option<Record> {
    let modified_at = happened_at(item)?;
    Some(Record {
        id: read::id(item, "object_id")?,
        modified_at,
        events: events(item, item, modified_at).ok()?,
    })
}
