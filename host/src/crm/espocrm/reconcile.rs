//! Asking for what was changed since a moment.
//!
//! A page begins behind the last record of the page before it, by the second of its change and its id:
//! an answer does not tell its own offset.

use serde_json::Value;

use crate::crm::call;
use crate::crm::call::is_id;
use crate::crm::event::{found_key, with_person};
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{custom_kind, kind};
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent, fields};

use super::EspoCrm;
use super::events::{is_person, told};
use super::fields::{modified_at, person_of, written};
use super::hydrate::failure;
use super::words::{kind_of, stage_kind};

/// Below `recordListMaxSizeLimit`, which is 200.
const PAGE: usize = 100;

impl Reconciles for EspoCrm {
    fn objects(&self) -> &'static [&'static str] {
        &[
            "Contact",
            "Lead",
            "Opportunity",
            "Meeting",
            "Call",
            "Task",
            "Email",
        ]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let since = written(since);
        let size = PAGE.to_string();
        let (from, id) = page
            .and_then(|page| page.rsplit_once(' '))
            .map_or((since.as_str(), None), |(from, id)| (from, Some(id)));
        let mut parameters = vec![
            ("orderBy", "modifiedAt"),
            ("order", "asc"),
            ("maxSize", size.as_str()),
            ("where[0][attribute]", "modifiedAt"),
            ("where[0][value]", from),
            ("where[0][type]", "greaterThanOrEquals"),
        ];
        if let Some(id) = id {
            parameters.extend([
                ("where[1][type]", "or"),
                ("where[1][value][0][type]", "greaterThan"),
                ("where[1][value][0][attribute]", "modifiedAt"),
                ("where[1][value][0][value]", from),
                ("where[1][value][1][type]", "greaterThan"),
                ("where[1][value][1][attribute]", "id"),
                ("where[1][value][1][value]", id),
            ]);
        }
        let mut request = call::get(call::url(&self.url(object), &parameters), self.credential());
        // "Can be reasonable for big tables, the request will be processed faster" (EspoCRM docs, CRUD).
        request.headers.push(("x-no-total", "true".to_owned()));
        request
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let body = answer.json();
        let list = body.get("list").and_then(Value::as_array);
        let list = list
            .filter(|_| answer.status == 200)
            .ok_or_else(|| failure(answer))?;
        let next_page = list.last().filter(|_| list.len() >= PAGE).and_then(|last| {
            let at = fields::text(last, "modifiedAt")?;
            let id = fields::text(last, "id").filter(|id| is_id(id))?;
            Some(format!("{at} {id}"))
        });
        Ok(Found {
            records: list
                .iter()
                .filter_map(|item| record(object, item))
                .collect(),
            next_page,
        })
    }
}

fn record(object: &str, item: &Value) -> Option<Record> {
    let id = fields::text(item, "id").filter(|id| is_id(id))?;
    let modified_at = modified_at(item)?;
    let is_new = item.get("createdAt") == item.get("modifiedAt");
    let kind = match object {
        _ if is_new => kind_of(object, "create", item),
        "Contact" | "Lead" => kind::CONTACT_UPDATED.to_owned(),
        "Opportunity" => {
            let stage = fields::text(item, "stage").unwrap_or_default();
            stage_kind(stage, item.get("probability")).to_owned()
        }
        // It may have been moved, or only been renamed.
        "Meeting" if fields::text(item, "status") == Some("Planned") => {
            custom_kind("espocrm", "Meeting.update")
        }
        other => kind_of(other, "update", item),
    };
    let mut event = NewEvent {
        kind,
        raw: item.clone(),
        ..told(object, id, item, modified_at)
    };
    event.source_key = found_key(&event, object, id);
    let events = if is_person(object) {
        with_person(event, person_of(object, id, item))
    } else {
        vec![event]
    };
    Some(Record {
        id: id.to_owned(),
        modified_at,
        events,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_full_page_leads_behind_its_last_record() {
        let espocrm = EspoCrm {
            api_key: "key".to_owned().into(),
            secrets: None,
            base_url: "https://crm.example.com".to_owned(),
        };
        let page = |count: usize| {
            let task =
                |n: usize| json!({"id": format!("65f0{n}"), "modifiedAt": "2026-03-02 08:00:00"});
            let list: Vec<Value> = (0..count).map(task).collect();
            let answer = Response {
                status: 200,
                headers: Vec::new(),
                body: json!({ "list": list }).to_string().into_bytes(),
            };
            espocrm.read("Task", &answer).expect("a page").next_page
        };
        assert_eq!(page(PAGE - 1), None);
        let next = page(PAGE).expect("another page");
        let url = espocrm.request("Task", Instant(0), Some(&next)).url;
        assert!(
            url.contains("=2026-03-02+08%3A00%3A00") && url.ends_with("=65f099"),
            "{url}"
        );
    }
}
