//! Writing back: a task or a note under an id of our own, then what ties it to the person; fields of the
//! person. A sent mail becomes a note, as the API takes no mail.
//!
//! Every id is made of the write's: to repeat a call makes nothing twice, as an id that is taken is
//! refused, and that means done.

use serde_json::{Value, json};

use crate::crm::body::title;
use crate::crm::call::{self, is_id, is_uuid};
use crate::crm::writable;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Done, SentMail, Write, WriteKind, WriteOutcome, WritesBack, marker,
};
use crate::domain::digest;
use crate::domain::http::{Failure, Method, Request, Response};

use super::Twenty;
use super::hydrate::explanation;

/// What a 400 says of an id that is taken: the server's own check, and the database's (twentyhq/twenty,
/// integration tests of the REST API).
const TAKEN: &[&str] = &[
    "Record already exists",
    "duplicate key value",
    "duplicate entry",
];

/// One call of a write.
struct Step {
    method: Method,
    path: String,
    /// As in the `about` of its events.
    object: &'static str,
    id: String,
    body: Value,
}

impl WritesBack for Twenty {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(write, is_id(&write.contact_id), "id of a person in Twenty")
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let step = self.steps(write).into_iter().nth(done.len())?;
        let url = self.url(&step.path);
        Some(call::send(step.method, url, self.credential(), &step.body))
    }

    fn outcome(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let made = self
            .steps(write)
            .into_iter()
            .nth(done.len())
            .map(|step| Done::new(step.object, step.id));
        if let (Ok(answer), Some(made)) = (answer, &made)
            && [400, 409].contains(&answer.status)
            && TAKEN.iter().any(|text| explanation(answer).contains(text))
        {
            return WriteOutcome::Done(made.clone());
        }
        answer::written("Twenty", answer, explanation, |answer| {
            answer.json().get("data")?;
            made.clone()
        })
    }

    fn is_repeatable(&self, _write: &Write, _done: &[Done]) -> bool {
        true
    }

    fn search(&self, _write: &Write, _done: &[Done]) -> Option<Request> {
        None
    }

    fn found(
        &self,
        _write: &Write,
        _done: &[Done],
        _answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        Ok(None)
    }
}

impl Twenty {
    fn steps(&self, write: &Write) -> Vec<Step> {
        let (title, text) = match &write.kind {
            WriteKind::Properties(fields) => {
                return vec![Step {
                    method: Method::Patch,
                    path: format!("people/{}", write.contact_id),
                    object: "person",
                    id: write.contact_id.clone(),
                    body: Value::Object(fields.clone()),
                }];
            }
            WriteKind::Task { title, body, .. } => (title.clone(), body.clone()),
            WriteKind::Note { body } => (title(body), body.clone()),
            WriteKind::Mail(mail) => (mail.subject.clone(), mail_text(mail)),
        };
        let id = uuid(write, "");
        let mut record = json!({
            "id": id,
            "title": title,
            "bodyV2": {"markdown": format!("{}\n\n{}", text.trim_end(), marker(write))},
        });
        let (path, object, targets) = match &write.kind {
            WriteKind::Task { due_at, .. } => {
                record["status"] = json!("TODO");
                record["dueAt"] = json!(due_at.map(|at| at.to_string()));
                if let Some(owner) = write.owner_id.as_ref().filter(|id| is_uuid(id)) {
                    record["assigneeId"] = json!(owner);
                }
                ("tasks", "task", "taskTargets")
            }
            _ => ("notes", "note", "noteTargets"),
        };
        let mut steps = vec![create(path, object, &id, record)];
        let deal = write.deal_id.as_deref().filter(|id| is_uuid(id));
        for (of, target) in [
            ("person", Some(write.contact_id.as_str())),
            ("opportunity", deal),
        ] {
            if let Some(target) = target {
                let own = uuid(write, of);
                let body = json!({
                    "id": own,
                    format!("{object}Id"): id,
                    self.target_field(of): target,
                });
                let tie = if object == "task" {
                    "taskTarget"
                } else {
                    "noteTarget"
                };
                steps.push(create(targets, tie, &own, body));
            }
        }
        steps
    }

    fn target_field(&self, object: &str) -> String {
        match (self.is_morph, object) {
            (true, "person") => "targetPersonId".to_owned(),
            (true, _) => "targetOpportunityId".to_owned(),
            (false, object) => format!("{object}Id"),
        }
    }
}

fn create(path: &str, object: &'static str, id: &str, body: Value) -> Step {
    Step {
        method: Method::Post,
        path: path.to_owned(),
        object,
        id: id.to_owned(),
        body,
    }
}

fn mail_text(mail: &SentMail) -> String {
    let SentMail { from, to, text, .. } = mail;
    format!("From: {from}\n\nTo: {to}\n\n{text}")
}

/// A UUID made of a name, the same for the same write and part. It is marked as version 5, though the hash is
/// SHA-256: validators that are older than RFC 9562 know no version 8.
fn uuid(write: &Write, part: &str) -> String {
    let hash = digest::sha256(&[b"twenty", write.id.as_bytes(), part.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}
