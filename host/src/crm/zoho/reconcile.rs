//! What was modified since a moment, module by module.
//!
//! `If-Modified-Since` asks for it, and 304 is the answer when there is nothing (Zoho CRM docs, Get
//! Records). Deleted records are not told; a notification does.

use serde_json::Value;

use crate::crm::event::{self, with_person};
use crate::crm::stages::Stages;
use crate::domain::connector::{AskError, Found, Reconciles, Record};
use crate::domain::event::{About, kind};
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::MINUTE_MS;
use crate::domain::{Instant, digest, fields};

use super::Zoho;
use super::api::{failure, is_hidden, is_id};
use super::events::MODULES;
use super::fields::{selected, whole_person_of};
use super::hydrate::passed_on;
use super::state::{State, is_person};

/// "Maximum value: 200" (Zoho CRM docs, Get Records).
const PAGE_MAX: usize = 200;
/// A record that was modified this soon after it was made is told as new: rules of the account write to it.
const NEW_MS: i64 = 15 * MINUTE_MS;

impl Reconciles for Zoho {
    fn objects(&self) -> &'static [&'static str] {
        MODULES
    }

    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("fields", selected(object))
            .append_pair("sort_by", "Modified_Time")
            .append_pair("sort_order", "asc")
            .append_pair("per_page", &PAGE_MAX.to_string());
        if let Some(token) = page {
            query.append_pair("page_token", token);
        }
        let path = format!("/{object}?{}", query.finish());
        let mut request = self.call(Method::Get, &path, None);
        let since = since.to_utc().format("%Y-%m-%dT%H:%M:%S+00:00");
        request
            .headers
            .push(("if-modified-since", since.to_string()));
        request
    }

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError> {
        // A user who may not see meetings still has people: the round goes on to them.
        if matches!(answer.status, 204 | 304) || (!is_person(object) && is_hidden(answer)) {
            return Ok(Found::default());
        }
        let body = answer.json();
        let data = body.get("data").and_then(Value::as_array);
        let data = data.filter(|_| answer.status == 200);
        let data = data.ok_or_else(|| failure(answer))?;
        let more = body.pointer("/info/more_records") == Some(&Value::Bool(true));
        let token = body
            .pointer("/info/next_page_token")
            .and_then(Value::as_str);
        Ok(Found {
            records: data
                .iter()
                .filter_map(|item| record(object, item, &self.stages))
                .collect(),
            next_page: token.filter(|_| more).map(str::to_owned),
        })
    }
}

fn record(module: &str, item: &Value, stages: &Stages) -> Option<Record> {
    let id = fields::id(item, "id").filter(|id| is_id(id))?;
    let record = item.as_object()?;
    let state = State {
        module,
        record,
        stages,
    };
    let modified_at = state.at("Modified_Time")?;
    let created_at = state.at("Created_Time").unwrap_or(modified_at);
    let is_new = modified_at.since_ms(created_at) <= NEW_MS;
    let kind = match module {
        "Leads" | "Contacts" if is_new => kind::CONTACT_CREATED,
        "Leads" | "Contacts" => kind::CONTACT_UPDATED,
        "Deals" if is_new => kind::DEAL_CREATED,
        "Deals" => kind::DEAL_STAGE_CHANGED,
        "Events" => kind::MEETING_BOOKED,
        "Calls" => kind::CALL_MADE,
        _ => kind::TASK_CREATED,
    };
    let kind = match state.kind() {
        Some(settled) if kind != kind::DEAL_CREATED => settled,
        _ => kind,
    };
    // A deal that did not move, a meeting that stayed where it was: the same event.
    let told = match kind {
        kind::CONTACT_UPDATED => "Modified_Time",
        kind::DEAL_STAGE_CHANGED | kind::DEAL_WON | kind::DEAL_LOST => "Stage",
        kind::MEETING_BOOKED => "Start_DateTime",
        _ => "Created_Time",
    };
    let told = record.get(told).map(Value::to_string).unwrap_or_default();
    let parts = [module, &id, kind, &told];
    let key = digest::id("zohop", &parts.map(str::as_bytes));
    let thin = event::event(key, kind, modified_at, Some(About::new(module, &id)), item);
    // What has no kind of ours (a call that is planned, our own task) is nothing to tell.
    let events = if kind.starts_with("zoho.") {
        Vec::new()
    } else if is_person(module) {
        with_person(thin, whole_person_of(&id, record))
    } else {
        passed_on(&thin, &id, &state)
    };
    Some(Record {
        id,
        modified_at,
        events,
    })
}
