//! What changed of late: `search_read` by `write_date`, in the order of ids, a page going on behind the last.
//!
//! Not in the order of `write_date`: it is told in whole seconds and kept finer, so that a page could not say
//! where the next begins when many records were changed at once.
//! Mails that came in are told by no webhook: `mail.message` of type `email` ("Incoming Email") is where a
//! reply to a lead or a partner is found. Deleted records are told by nobody here.

use serde_json::{Value, json};

use crate::crm::{event, moment};
use crate::domain::Instant;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::kind;
use crate::domain::fields as read;
use crate::domain::http::{Request, Response};

use super::Odoo;
use super::fields::{LEAD, MEETING, MESSAGE, PARTNER, WITH_ARCHIVED, fields};
use super::records::{about, changed_at, complete};

const PAGE: usize = 200;

impl Reconciles for Odoo {
    fn objects(&self) -> &'static [&'static str] {
        &[PARTNER, LEAD, MEETING, MESSAGE]
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let mut domain = vec![json!(["write_date", ">=", moment::day_and_time(since)])];
        if object == MESSAGE {
            domain.push(json!(["message_type", "=", "email"]));
            domain.push(json!(["model", "in", [LEAD, PARTNER]]));
        } else {
            domain.push(json!(WITH_ARCHIVED));
        }
        if let Some(last) = page.and_then(|page| page.parse::<i64>().ok()) {
            domain.push(json!(["id", ">", last]));
        }
        let named = json!({
            "domain": domain,
            "fields": fields(object),
            "order": "id",
            "limit": PAGE,
        });
        self.search_read(object, named)
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        let found = self.ask(answer)?;
        let Some(found) = found.as_array() else {
            return Err(AskError::Refused("Odoo answered with no list".to_owned()));
        };
        Ok(Found {
            records: found
                .iter()
                .filter_map(|item| record(object, item))
                .collect(),
            next_page: found.get(PAGE - 1).and_then(|last| read::id(last, "id")),
        })
    }
}

fn record(model: &str, item: &Value) -> Option<Record> {
    let id = read::id(item, "id")?;
    let modified_at = changed_at(item)?;
    let kind = match model {
        PARTNER => kind::CONTACT_UPDATED,
        LEAD => kind::DEAL_STAGE_CHANGED,
        MEETING => kind::MEETING_BOOKED,
        _ => kind::REPLIED,
    };
    let occurred_at = match model {
        MESSAGE => moment::read(item.get("date")).unwrap_or(modified_at),
        _ => modified_at,
    };
    let event = event::event(
        format!("poll/{model}/{id}/{}", modified_at.0),
        kind,
        occurred_at,
        Some(about(model, &id)),
        item,
    );
    Some(Record {
        events: complete(event, model, &id, item),
        id,
        modified_at,
    })
}
