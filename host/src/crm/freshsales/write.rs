//! Writing back: a task on the deal or the contact, a note on the contact, its fields; a sent mail as a note.
//!
//! A task that may have been made is looked for among the open ones, a note among those that come with the
//! contact. Fields may be set again.

use serde_json::{Map, Value, json};

use crate::crm::body;
use crate::crm::call::{is_id, items};
use crate::crm::writable;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked,
};
use crate::domain::fields as read;
use crate::domain::http::{Failure, Method, Request, Response};

use super::{Freshsales, explanation, success};

impl WritesBack for Freshsales {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(
            write,
            is_id(&write.contact_id),
            "id of a Freshsales contact",
        )?;
        writable::fields(
            write,
            |key, _| is_field(key),
            |key| {
                format!(
                    "{key:?} is no name of a Freshsales field: use names as in the API, such as job_title, or cf_plan \
                 for a custom field"
                )
            },
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if !done.is_empty() {
            return None;
        }
        Some(match &write.kind {
            WriteKind::Task {
                title,
                body,
                due_at,
            } => {
                let (kind, id) = match &write.deal_id {
                    Some(deal) => ("Deal", deal),
                    None => ("Contact", &write.contact_id),
                };
                let mut task = json!({
                    "title": title,
                    "description": body::text(write, body),
                    // A task needs a day.
                    "due_date": due_at.unwrap_or(write.at).to_string(),
                    "targetable_type": kind,
                    "targetable_id": number(id),
                });
                if let Some(owner) = &write.owner_id {
                    task["owner_id"] = number(owner);
                }
                self.send(Method::Post, "/tasks", &json!({ "task": task }))
            }
            WriteKind::Note { body } => self.note(write, &body::text(write, body)),
            WriteKind::Mail(mail) => self.note(write, &body::text(write, &body::mail(mail))),
            WriteKind::Properties(properties) => {
                let (mut fields, mut custom) = (Map::new(), Map::new());
                for (key, value) in properties {
                    let place = if key.starts_with("cf_") {
                        &mut custom
                    } else {
                        &mut fields
                    };
                    place.insert(key.clone(), value.clone());
                }
                if !custom.is_empty() {
                    fields.insert("custom_field".to_owned(), Value::Object(custom));
                }
                let path = format!("/contacts/{}", write.contact_id);
                self.send(Method::Put, &path, &json!({ "contact": fields }))
            }
        })
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let object = object(write);
        answer::written("Freshsales", answer, explanation, |answer| {
            let id = read::id(&answer.json()[object], "id")?;
            Some(Done::new(object, id))
        })
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    /// `include=notes` is what public clients of this API ask with; not verified against the vendor's page.
    /// Where it is not known, nothing is found, and the write is shown to people.
    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let path = match &write.kind {
            WriteKind::Task { .. } => "/tasks?filter=open&per_page=100".to_owned(),
            WriteKind::Note { .. } | WriteKind::Mail(_) => {
                format!("/contacts/{}?include=notes", write.contact_id)
            }
            WriteKind::Properties(_) => return None,
        };
        done.is_empty().then(|| self.get(&path))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let list = match write.kind {
            WriteKind::Task { .. } => "tasks",
            _ => "notes",
        };
        // Beside the contact as everything that is included, or in it.
        let mut body = success(answer, if list == "tasks" { list } else { "contact" })?;
        if body.get(list).is_none() {
            body = body["contact"].take();
        }
        if body.get(list).is_none() {
            return Err(AskError::Refused(format!("Freshsales told no {list}")));
        }
        let ours = |item: &&Value| {
            read::text(item, "description").is_some_and(|text| is_marked(text, write))
        };
        let found = items(&body, list).iter().find(ours);
        Ok(found
            .and_then(|item| read::id(item, "id"))
            .map(|id| Done::new(object(write), id)))
    }
}

impl Freshsales {
    fn note(&self, write: &Write, text: &str) -> Request {
        let note = json!({
            "description": text,
            "targetable_type": "Contact",
            "targetable_id": number(&write.contact_id),
        });
        self.send(Method::Post, "/notes", &json!({ "note": note }))
    }
}

fn object(write: &Write) -> &'static str {
    match write.kind {
        WriteKind::Task { .. } => "task",
        WriteKind::Note { .. } | WriteKind::Mail(_) => "note",
        WriteKind::Properties(_) => "contact",
    }
}

/// An id as the API takes it.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), Value::from)
}

fn is_field(key: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !key.is_empty() && key.bytes().all(allowed)
}
