//! What changed of late: the view of all contacts and that of all deals, newest first.
//!
//! The API lists records of views only ("You will need the `view_id`"), so that a round begins with the list of
//! views (`GET /contacts/filters`). The token of a page is its view and its number, `402000/2`. Views cannot be
//! asked by time: a round goes on to the next page until one ends with a record from before it.

use serde_json::Value;

use crate::crm::call::{is_id, items};
use crate::crm::event;
use crate::domain::Instant;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{About, kind};
use crate::domain::fields as read;
use crate::domain::http::{Request, Response};

use super::fields::{changed_at, complete, path_of};
use super::{Freshsales, success};

/// What others ask for (Airbyte's connector, `"per_page": 100`); that it is the most is not verified.
const PAGE: usize = 100;

impl Reconciles for Freshsales {
    fn objects(&self) -> &'static [&'static str] {
        &["contact", "deal"]
    }

    fn request(&self, object: &str, _since: Instant, page: Option<&str>) -> Request {
        let path = path_of(object).unwrap_or("contacts");
        let include = match object {
            "deal" => "contacts,deal_stage",
            _ => "sales_accounts",
        };
        match page.and_then(place) {
            None => self.get(&format!("/{path}/filters")),
            Some((view, number)) => self.get(&format!(
                "/{path}/view/{view}?sort=updated_at&sort_type=desc&per_page={PAGE}&page={number}\
                 &include={include}"
            )),
        }
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let path = path_of(object).unwrap_or("contacts");
        if let Ok(body) = success(answer, "filters") {
            return Ok(Found {
                records: Vec::new(),
                next_page: all(items(&body, "filters")),
            });
        }
        let body = success(answer, path)?;
        let records: Vec<Record> = items(&body, path)
            .iter()
            .filter_map(|item| record(object, item, &body))
            .collect();
        Ok(Found {
            records,
            next_page: None,
        })
    }

    /// "`meta`: {`total_pages`, `total`}" tells how many pages there are, and nothing which one this is.
    fn read_page(
        &self,
        object: &str,
        since: Instant,
        page: Option<&str>,
        answer: &Response,
    ) -> Result<Found, AskError> {
        let found = self.read(object, answer)?;
        let Some((view, number)) = page.and_then(place) else {
            return Ok(found);
        };
        let pages = answer
            .json()
            .pointer("/meta/total_pages")
            .and_then(Value::as_u64);
        let is_newer = |last: &Record| last.modified_at >= since;
        let goes_on = pages.is_some_and(|pages| number < pages);
        Ok(Found {
            next_page: (goes_on && found.records.last().is_some_and(is_newer))
                .then(|| format!("{view}/{}", number + 1)),
            ..found
        })
    }
}

/// The view and the number of a page.
fn place(page: &str) -> Option<(&str, u64)> {
    let (view, number) = page.split_once('/').unwrap_or((page, "1"));
    Some((view, number.parse().ok()?)).filter(|(view, _)| is_id(view))
}

/// The view that shows every record: it is called "All Contacts", "All Deals".
fn all(views: &[Value]) -> Option<String> {
    let says_all = |view: &&Value| {
        read::text(view, "name").is_some_and(|name| name.to_lowercase().starts_with("all "))
    };
    let view = views.iter().find(says_all).or_else(|| views.first())?;
    read::id(view, "id").filter(|id| is_id(id))
}

fn record(object: &str, item: &Value, body: &Value) -> Option<Record> {
    let id = read::id(item, "id")?;
    let modified_at = changed_at(item)?;
    let kind = match object {
        "contact" => kind::CONTACT_UPDATED,
        _ => kind::DEAL_STAGE_CHANGED,
    };
    let event = event::event(
        format!("poll/{object}/{id}/{}", modified_at.0),
        kind,
        modified_at,
        Some(About::new(object, &id)),
        item,
    );
    Some(Record {
        events: complete(event, object, item, body),
        id,
        modified_at,
    })
}
