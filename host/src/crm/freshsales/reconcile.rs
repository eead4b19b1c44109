//! What changed of late: the view of all contacts and that of all deals, newest first.
//!
//! The API lists records of views only ("You will need the `view_id`"), so that a round begins with the list of
//! views (`GET /contacts/filters`), and the view is the token of the next page. Views cannot be asked by
//! time and answers do not say which page they are: a round sees the newest `PAGE` records, no more.

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

/// "`per_page`: 100 at most"; not verified.
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
        match page.filter(|view| is_id(view)) {
            None => self.get(&format!("/{path}/filters")),
            Some(view) => self.get(&format!(
                "/{path}/view/{view}?sort=updated_at&sort_type=desc&per_page={PAGE}&page=1\
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
