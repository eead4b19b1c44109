//! Writing back: tasks, notes, attributes; a sent mail becomes a note, as the API takes no mail.
//!
//! Creating is not idempotent and takes no id of ours: what may have been made is searched for among the
//! person's tasks and notes, by the marker. Attributes are overwritten (PUT), which may be repeated.

use serde_json::{Value, json};

use crate::crm::body::title;
use crate::crm::call::{self, is_id, is_uuid};
use crate::crm::writable;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Done, SentMail, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::http::{Failure, Method, Request, Response};

use super::Attio;
use super::hydrate::{explanation, failure};
use super::reconcile::timestamp;

/// "A max length of 2000 characters is enforced" (Attio API, "Create a task").
const TASK_MAX_CHARS: usize = 2_000;
/// The most notes a page can hold (Attio API, "List notes").
const PAGE: &str = "50";

impl WritesBack for Attio {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(write, is_id(&write.contact_id), "id of a record in Attio")
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if !done.is_empty() {
            return None;
        }
        let (method, path, data) = match &write.kind {
            WriteKind::Task {
                title,
                body,
                due_at,
            } => {
                let due_at = due_at.map(timestamp);
                (
                    Method::Post,
                    "tasks".to_owned(),
                    task(write, title, body, due_at),
                )
            }
            WriteKind::Note { body } => {
                let title = title(body);
                (Method::Post, "notes".to_owned(), note(write, &title, body))
            }
            WriteKind::Mail(mail) => {
                let mut data = note(write, &mail.subject, &mail_text(mail));
                data["created_at"] = json!(timestamp(mail.sent_at));
                (Method::Post, "notes".to_owned(), data)
            }
            WriteKind::Properties(fields) => {
                let path = format!("objects/people/records/{}", write.contact_id);
                // "An empty array" clears an attribute of either kind.
                let value = |value: &Value| match value {
                    Value::Null => json!([]),
                    value => value.clone(),
                };
                let values: Value = fields
                    .iter()
                    .map(|(name, v)| (name.clone(), value(v)))
                    .collect();
                (Method::Put, path, json!({ "values": values }))
            }
        };
        let body = json!({ "data": data });
        Some(call::send(
            method,
            self.url(&path),
            self.credential(),
            &body,
        ))
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let explain = |answer: &Response| explanation(&answer.json()).to_owned();
        // "The record was modified by another request while this write was being validated. Please try
        // again." (Attio API, `concurrent_write_conflict`)
        if let Ok(conflict) = answer
            && conflict.status == 409
        {
            return WriteOutcome::Retry {
                reason: answer::line("Attio", conflict, &explain(conflict)),
                after_ms: None,
            };
        }
        answer::written("Attio", answer, explain, |answer| {
            made(write, answer.json().get("data")?)
        })
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    fn search(&self, write: &Write, _done: &[Done]) -> Option<Request> {
        let id = write.contact_id.as_str();
        let url = match &write.kind {
            WriteKind::Task { .. } => call::url(
                &self.url("tasks"),
                &[
                    ("linked_object", "people"),
                    ("linked_record_id", id),
                    ("sort", "created_at:desc"),
                    ("limit", PAGE),
                ],
            ),
            WriteKind::Note { .. } | WriteKind::Mail(_) => call::url(
                &self.url("notes"),
                &[
                    ("parent_object", "people"),
                    ("parent_record_id", id),
                    ("limit", PAGE),
                ],
            ),
            WriteKind::Properties(_) => return None,
        };
        Some(call::get(url, self.credential()))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = answer.json();
        let list = body.get("data").and_then(Value::as_array);
        let Some(list) = list.filter(|_| answer.status == 200) else {
            return Err(failure(answer));
        };
        let carries = |item: &&Value| {
            let text = item.get("content_plaintext").and_then(Value::as_str);
            text.is_some_and(|text| is_marked(text, write))
        };
        Ok(list.iter().find(carries).and_then(|item| made(write, item)))
    }
}

fn task(write: &Write, title: &str, body: &str, due_at: Option<String>) -> Value {
    let mark = format!("\n\n{}", marker(write));
    let text = [title, body].join("\n\n");
    let room = TASK_MAX_CHARS - mark.chars().count();
    let text: String = text.trim().chars().take(room).collect();
    let mut linked = vec![json!({"target_object": "people", "target_record_id": write.contact_id})];
    if let Some(deal) = write.deal_id.as_ref().filter(|id| is_uuid(id)) {
        linked.push(json!({"target_object": "deals", "target_record_id": deal}));
    }
    let assignee = |id: &String| json!({"referenced_actor_type": "workspace-member", "referenced_actor_id": id});
    let assignees: Vec<Value> = write
        .owner_id
        .iter()
        .filter(|id| is_uuid(id))
        .map(assignee)
        .collect();
    json!({
        "content": text + &mark,
        "format": "plaintext",
        "deadline_at": due_at,
        "is_completed": false,
        "linked_records": linked,
        "assignees": assignees,
    })
}

fn note(write: &Write, title: &str, text: &str) -> Value {
    json!({
        "parent_object": "people",
        "parent_record_id": write.contact_id,
        "title": title,
        "format": "plaintext",
        "content": format!("{}\n\n{}", text.trim_end(), marker(write)),
    })
}

fn mail_text(mail: &SentMail) -> String {
    let SentMail {
        from,
        to,
        subject,
        text,
        ..
    } = mail;
    format!("From: {from}\nTo: {to}\nSubject: {subject}\n\n{text}")
}

fn made(write: &Write, data: &Value) -> Option<Done> {
    let (object, key) = match &write.kind {
        WriteKind::Task { .. } => ("task", "task_id"),
        WriteKind::Note { .. } | WriteKind::Mail(_) => ("note", "note_id"),
        WriteKind::Properties(_) => ("record", "record_id"),
    };
    Some(Done::new(
        object,
        data.get("id")?.get(key)?.as_str()?.to_owned(),
    ))
}
