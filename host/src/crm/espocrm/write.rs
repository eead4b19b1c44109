//! Writing back: tasks, posts in the person's stream, archived e-mails, fields of the person.
//!
//! Records get no id of ours ("id" is filtered out of what is created, `Espo\Core\Record\Service`), so
//! what may have been made is searched for by the marker. `X-Duplicate-Source-Id` copies a record and
//! makes nothing idempotent.

use serde_json::{Value, json};

use crate::crm::call;
use crate::crm::writable;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Done, SentMail, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::fields;
use crate::domain::http::{Failure, Method, Request, Response};

use super::EspoCrm;
use super::fields::{entity_of, written};
use super::hydrate::{explanation, failure};

/// How far back the person's stream is searched.
const STREAM_PAGE: &str = "100";

impl WritesBack for EspoCrm {
    fn check(&self, write: &Write) -> Result<(), String> {
        let is_person = entity_of(&write.contact_id).is_some();
        writable::contact(write, is_person, "id of a contact in EspoCRM, nor Lead/ID")
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let (entity, id) = entity_of(&write.contact_id).filter(|_| done.is_empty())?;
        let (method, path, body) = match &write.kind {
            WriteKind::Properties(fields) => {
                let path = format!("{entity}/{id}");
                (Method::Put, path, Value::Object(fields.clone()))
            }
            WriteKind::Task {
                title,
                body,
                due_at,
            } => {
                let mut task = json!({
                    "name": title,
                    "status": "Not Started",
                    "priority": "Normal",
                    "description": marked(write, body),
                    "parentType": entity,
                    "parentId": id,
                });
                if let Some(at) = due_at {
                    task["dateEnd"] = json!(written(*at));
                }
                if let Some(owner) = &write.owner_id {
                    task["assignedUserId"] = json!(owner);
                }
                (Method::Post, "Task".to_owned(), task)
            }
            WriteKind::Note { body } => {
                let post = json!({
                    "type": "Post",
                    "parentType": entity,
                    "parentId": id,
                    "post": marked(write, body),
                });
                (Method::Post, "Note".to_owned(), post)
            }
            WriteKind::Mail(mail) => (
                Method::Post,
                "Email".to_owned(),
                email(write, mail, entity, id),
            ),
        };
        let mut request = call::send(method, self.url(&path), self.credential(), &body);
        if method == Method::Post {
            // Two tasks of one name are two tasks.
            request
                .headers
                .push(("x-skip-duplicate-check", "true".to_owned()));
        }
        Some(request)
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        answer::written("EspoCRM", answer, explanation, |answer| {
            made(write, &answer.json())
        })
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    fn search(&self, write: &Write, _done: &[Done]) -> Option<Request> {
        let (entity, id) = entity_of(&write.contact_id)?;
        let marker = marker(write);
        let (list, text) = match &write.kind {
            WriteKind::Task { .. } => ("Task", "description"),
            WriteKind::Mail(_) => ("Email", "body"),
            WriteKind::Note { .. } => {
                let stream = self.url(&format!("{entity}/{id}/stream"));
                let url = call::url(&stream, &[("maxSize", STREAM_PAGE)]);
                return Some(call::get(url, self.credential()));
            }
            WriteKind::Properties(_) => return None,
        };
        let url = call::url(
            &self.url(list),
            &[
                ("maxSize", "1"),
                ("where[0][type]", "equals"),
                ("where[0][attribute]", "parentId"),
                ("where[0][value]", id),
                ("where[1][type]", "contains"),
                ("where[1][attribute]", text),
                ("where[1][value]", &marker),
            ],
        );
        Some(call::get(url, self.credential()))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = answer.json();
        let list = body.get("list").and_then(Value::as_array);
        let list = list
            .filter(|_| answer.status == 200)
            .ok_or_else(|| failure(answer))?;
        // The server has looked for it in tasks and e-mails, whose text is not in a list.
        let carries = |item: &&Value| match write.kind {
            WriteKind::Note { .. } => {
                fields::text(item, "post").is_some_and(|post| is_marked(post, write))
            }
            _ => true,
        };
        Ok(list.iter().find(carries).and_then(|item| made(write, item)))
    }
}

fn marked(write: &Write, text: &str) -> String {
    format!("{}\n\n{}", text.trim_end(), marker(write))
        .trim_start()
        .to_owned()
}

fn email(write: &Write, mail: &SentMail, entity: &str, id: &str) -> Value {
    let body = match &mail.html {
        Some(html) => format!("{html}<p>{}</p>", marker(write)),
        None => marked(write, &mail.text),
    };
    json!({
        "status": "Archived",
        "name": mail.subject,
        "from": mail.from,
        "to": mail.to,
        "isHtml": mail.html.is_some(),
        "body": body,
        "dateSent": written(mail.sent_at),
        "parentType": entity,
        "parentId": id,
    })
}

fn made(write: &Write, record: &Value) -> Option<Done> {
    let object = match &write.kind {
        WriteKind::Task { .. } => "Task",
        WriteKind::Note { .. } => "Note",
        WriteKind::Mail(_) => "Email",
        WriteKind::Properties(_) => entity_of(&write.contact_id)?.0,
    };
    Some(Done::new(object, fields::text(record, "id")?.to_owned()))
}
