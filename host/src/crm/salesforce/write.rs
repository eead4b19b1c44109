//! Write-back: tasks; notes and mails as tasks that are done; fields of the lead or contact.
//!
//! Every organization has tasks, and shows those that are done in the history of the person: notes
//! (`ContentNote`) need a second call to be attached, and mails (`EmailMessage`) need Enhanced Email.
//! What a lost answer may have made is looked for among the person's newest tasks: a Description can
//! be read but not searched by ("Long text area fields can't be used in WHERE", SOQL reference).

use serde_json::{Value, json};

use crate::crm::writable;
use crate::domain::answer::written;
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::instant::HOUR_MS;
use crate::domain::{Instant, JsonMap, fields};

use super::Salesforce;
use super::api::{DATA, explanation, failure, wait_ms};
use super::id::{long, person_object};

/// Of a task's Subject and Description.
const SUBJECT_MAX_CHARS: usize = 255;
const DESCRIPTION_MAX_CHARS: usize = 31_000;

impl WritesBack for Salesforce {
    fn check(&self, write: &Write) -> Result<(), String> {
        person_of(write)?;
        let is_one = |value: &Value| !value.is_object() && !value.is_array();
        writable::fields(
            write,
            |_, value| is_one(value),
            |name| {
                format!(
                    "Salesforce's field {name} takes a text, a number or a truth value; several values of a \
                 picklist are one text with semicolons"
                )
            },
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if !done.is_empty() {
            return None;
        }
        let (object, id) = person_of(write).ok()?;
        if let WriteKind::Properties(properties) = &write.kind {
            let path = format!("{DATA}/sobjects/{object}/{id}");
            let fields = Value::Object(properties.clone());
            return Some(self.call(Method::Patch, &path, Some(&fields)));
        }
        let task = Value::Object(task(write, object, &id));
        let path = format!("{DATA}/sobjects/Task");
        Some(self.call(Method::Post, &path, Some(&task)))
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let outcome = written("Salesforce", answer, explanation, |answer| {
            if let WriteKind::Properties(_) = write.kind {
                let (object, id) = person_of(write).ok()?;
                let object = object.to_owned();
                return Some(Done { object, id });
            }
            made(&answer.json(), "id")
        });
        let wait_ms = answer.as_ref().ok().and_then(wait_ms);
        match (outcome, wait_ms) {
            (WriteOutcome::Rejected { reason } | WriteOutcome::Retry { reason, .. }, Some(_)) => {
                let after_ms = wait_ms;
                WriteOutcome::Retry { reason, after_ms }
            }
            (outcome, _) => outcome,
        }
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    fn search(&self, write: &Write, _done: &[Done]) -> Option<Request> {
        if let WriteKind::Properties(_) = write.kind {
            return None;
        }
        let (_, id) = person_of(write).ok()?;
        let since = write.at.plus_ms(-HOUR_MS);
        Some(self.query(&format!(
            "SELECT Id, Description FROM Task WHERE WhoId = '{id}' AND CreatedDate >= {since} \
             ORDER BY CreatedDate DESC LIMIT 200"
        )))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = answer.json();
        let records = body.get("records").and_then(Value::as_array);
        let records = records.filter(|_| answer.status == 200);
        let records = records.ok_or_else(|| failure(answer))?;
        let ours = records.iter().find(|record| {
            let text = fields::text(record, "Description");
            text.is_some_and(|text| is_marked(text, write))
        });
        Ok(ours.and_then(|record| made(record, "Id")))
    }
}

fn made(record: &Value, key: &str) -> Option<Done> {
    Some(Done::new("Task", fields::text(record, key).and_then(long)?))
}

fn person_of(write: &Write) -> Result<(&'static str, String), String> {
    let id = long(&write.contact_id);
    let found = id.and_then(|id| Some((person_object(&id)?, id)));
    found.ok_or_else(|| {
        format!(
            "{:?} is no Salesforce id of a lead (00Q...) or contact (003...)",
            write.contact_id
        )
    })
}

fn task(write: &Write, object: &str, id: &str) -> JsonMap {
    let day = |at: Instant| at.to_utc().format("%Y-%m-%d").to_string();
    let mut task = JsonMap::new();
    let mut set = |name: &str, value: Value| task.insert(name.to_owned(), value);
    let (subject, text, status, at) = match &write.kind {
        WriteKind::Task {
            title,
            body,
            due_at,
        } => (title.clone(), body.clone(), "Not Started", *due_at),
        WriteKind::Mail(mail) => {
            set("TaskSubtype", json!("Email"));
            let text = format!(
                "From: {}\nTo: {}\nMessage-ID: <{}>\n\n{}",
                mail.from, mail.to, mail.message_id, mail.text
            );
            let subject = format!("Email: {}", mail.subject);
            (subject, text, "Completed", Some(mail.sent_at))
        }
        WriteKind::Note { body } => {
            let first = body.lines().find(|line| !line.trim().is_empty());
            let subject = first.unwrap_or("Note").to_owned();
            (subject, body.clone(), "Completed", Some(write.at))
        }
        WriteKind::Properties(_) => return task,
    };
    set("Subject", json!(cut(&subject, SUBJECT_MAX_CHARS)));
    let text = cut(&text, DESCRIPTION_MAX_CHARS);
    set("Description", json!(format!("{text}\n\n{}", marker(write))));
    set("Status", json!(status));
    set("Priority", json!("Normal"));
    if let Some(at) = at {
        set("ActivityDate", json!(day(at)));
    }
    set("WhoId", json!(id));
    // "If WhoId refers to a lead, then the WhatId field must be empty" (Salesforce docs, Task).
    let what = [&write.deal_id, &write.account_id];
    let what = what.iter().find_map(|id| id.as_deref().and_then(long));
    if let Some(what) = what.filter(|_| object == "Contact") {
        set("WhatId", json!(what));
    }
    // A queue owns leads, but no tasks.
    let owner = write.owner_id.as_deref().and_then(long);
    if let Some(owner) = owner.filter(|id| id.starts_with("005")) {
        set("OwnerId", json!(owner));
    }
    task
}

fn cut(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars).collect()
}
