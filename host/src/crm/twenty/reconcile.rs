//! Asking for what was changed since a moment: people, opportunities, tasks and meetings.

use serde_json::Value;

use crate::crm::call;
use crate::crm::call::is_id;
use crate::crm::event::found_key;
use crate::crm::stages::Stages;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{custom_kind, kind};
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent, fields};

use super::Twenty;
use super::events::{changed_at, told};
use super::hydrate::failure;
use super::words::stage_kind;

/// The page that is always allowed ("60 records", Twenty docs, APIs).
const PAGE: &str = "60";
/// The lists and what is in them.
const LISTS: &[(&str, &str)] = &[
    ("person", "people"),
    ("opportunity", "opportunities"),
    ("task", "tasks"),
    ("calendarEvent", "calendarEvents"),
];

impl Reconciles for Twenty {
    fn objects(&self) -> &'static [&'static str] {
        &["person", "opportunity", "task", "calendarEvent"]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let since = since
            .to_utc()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let filter = format!("updatedAt[gte]:{since}");
        let mut parameters = vec![
            ("filter", filter.as_str()),
            ("order_by", "updatedAt[AscNullsFirst]"),
            ("limit", PAGE),
        ];
        parameters.extend(page.map(|cursor| ("starting_after", cursor)));
        call::get(
            call::url(&self.url(list_of(object)), &parameters),
            self.credential(),
        )
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = answer.json();
        let list = body
            .get("data")
            .and_then(|data| data.get(list_of(object))?.as_array());
        let list = list
            .filter(|_| answer.status == 200)
            .ok_or_else(|| failure(answer))?;
        let page = body.get("pageInfo").unwrap_or(&Value::Null);
        let more = page.get("hasNextPage").and_then(Value::as_bool) == Some(true);
        Ok(Found {
            records: list
                .iter()
                .filter_map(|item| record(object, item, &self.stages))
                .collect(),
            next_page: fields::text(page, "endCursor")
                .filter(|_| more)
                .map(str::to_owned),
        })
    }
}

fn list_of(object: &str) -> &str {
    let list = LISTS.iter().find(|(word, _)| *word == object);
    list.map_or(object, |(_, list)| list)
}

fn record(object: &str, item: &Value, stages: &Stages) -> Option<Record> {
    let id = fields::text(item, "id").filter(|id| is_id(id))?;
    let modified_at = changed_at(item, "updated")?;
    let is_new = changed_at(item, "created") == Some(modified_at);
    let is = |field: &str, value: &str| fields::text(item, field) == Some(value);
    let kind = match object {
        "person" if is_new => kind::CONTACT_CREATED.to_owned(),
        "person" => kind::CONTACT_UPDATED.to_owned(),
        "opportunity" if is_new => kind::DEAL_CREATED.to_owned(),
        "opportunity" => {
            stage_kind(stages, fields::text(item, "stage").unwrap_or_default()).to_owned()
        }
        "task" if is("status", "DONE") => kind::TASK_COMPLETED.to_owned(),
        "task" if is_new => kind::TASK_CREATED.to_owned(),
        "calendarEvent" if item.get("isCanceled") == Some(&Value::Bool(true)) => {
            kind::MEETING_CANCELLED.to_owned()
        }
        "calendarEvent" if is_new => kind::MEETING_BOOKED.to_owned(),
        other => custom_kind("twenty", &format!("{other}.updated")),
    };
    let mut event = NewEvent {
        kind,
        raw: item.clone(),
        ..told(object, id, item, modified_at)
    };
    event.source_key = found_key(&event, object, id);
    Some(Record {
        id: id.to_owned(),
        modified_at,
        events: vec![event],
    })
}
