//! Writing back: an activity, a note in the chatter, fields of the partner or lead, a sent mail as a note.
//!
//! A task stands on the deal where there is one, everything else on the person's own record. An
//! activity needs the number of its record's model, which a first call asks for. Notes are posted with
//! the subtype `mail.mt_note`: followers outside the company are not told of them.

use serde_json::{Value, json};

use crate::crm::writable;
use crate::crm::{body, moment};
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::fields as read;
use crate::domain::http::{Failure, Request, Response};

use super::Odoo;
use super::fields::{LEAD, person_reference};

/// The word for what the first call of a task learns.
const MODEL: &str = "ir.model";
const ACTIVITY: &str = "mail.activity";
const MESSAGE: &str = "mail.message";

impl WritesBack for Odoo {
    fn check(&self, write: &Write) -> Result<(), String> {
        let is_person = person_reference(&write.contact_id).is_some();
        writable::contact(
            write,
            is_person,
            "Odoo person: res.partner,NUMBER or crm.lead,NUMBER is",
        )?;
        writable::fields(
            write,
            |key, _| is_field(key),
            |key| {
                format!(
                    "{key:?} is no name of an Odoo field: small letters, digits and _ are, such as \
                 x_studio_score"
                )
            },
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let person = person_reference(&write.contact_id)?;
        match (&write.kind, done) {
            (WriteKind::Task { .. }, []) => {
                let (model, _) = target(write)?;
                let named = json!({
                    "domain": [["model", "=", model]],
                    "fields": ["id"],
                    "limit": 1,
                });
                Some(self.search_read(MODEL, named))
            }
            (
                WriteKind::Task {
                    title,
                    body,
                    due_at,
                },
                [model],
            ) => {
                let (_, id) = target(write)?;
                let mut activity = json!({
                    "res_model_id": model.id.parse::<i64>().ok()?,
                    "res_id": id,
                    "summary": title,
                    "note": body::html(write, body),
                    // Without a day an activity cannot be.
                    "date_deadline": moment::day(due_at.unwrap_or(write.at)),
                });
                let owner = write.owner_id.as_deref().map(str::parse::<i64>);
                if let Some(Ok(owner)) = owner {
                    activity["user_id"] = json!(owner);
                }
                let named = json!({ "vals_list": [activity] });
                Some(self.call(ACTIVITY, "create", None, named))
            }
            (WriteKind::Note { body }, []) => {
                Some(self.note(person, &body::html(write, body), None))
            }
            (WriteKind::Mail(mail), []) => {
                let html = body::html(write, &body::mail(mail));
                Some(self.note(person, &html, Some(&mail.subject)))
            }
            (WriteKind::Properties(properties), []) => {
                // Odoo clears a field by false.
                let values: serde_json::Map<String, Value> = properties
                    .iter()
                    .map(|(key, value)| {
                        let value = if value.is_null() {
                            &Value::Bool(false)
                        } else {
                            value
                        };
                        (key.clone(), value.clone())
                    })
                    .collect();
                let named = json!({ "vals": values });
                Some(self.call(person.0, "write", Some(&[person.1]), named))
            }
            _ => None,
        }
    }

    fn outcome(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        self.written(answer, |result| {
            let (object, id) = match (&write.kind, done.len()) {
                (WriteKind::Task { .. }, 0) => (MODEL, first_id(result)?),
                (WriteKind::Task { .. }, _) => (ACTIVITY, first_id(result)?),
                (WriteKind::Note { .. } | WriteKind::Mail(_), _) => (MESSAGE, first_id(result)?),
                (WriteKind::Properties(_), _) => {
                    let (model, id) = person_reference(&write.contact_id)?;
                    (result == &Value::Bool(true)).then(|| (model, id.to_string()))?
                }
            };
            Some(Done::new(object, id))
        })
    }

    fn is_repeatable(&self, write: &Write, done: &[Done]) -> bool {
        match write.kind {
            WriteKind::Task { .. } => done.is_empty(),
            WriteKind::Properties(_) => true,
            WriteKind::Note { .. } | WriteKind::Mail(_) => false,
        }
    }

    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let (model, id) = person_reference(&write.contact_id)?;
        match (&write.kind, done.len()) {
            (WriteKind::Task { .. }, 1) => {
                let (model, id) = target(write)?;
                Some(self.find(ACTIVITY, ["res_model", "res_id", "note"], model, id, write))
            }
            (WriteKind::Note { .. } | WriteKind::Mail(_), 0) => {
                Some(self.find(MESSAGE, ["model", "res_id", "body"], model, id, write))
            }
            _ => None,
        }
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let found = self.ask(answer)?;
        // `_` stands for any letter in `ilike`: what came back is looked at again.
        let ours = |item: &&Value| {
            ["note", "body"]
                .iter()
                .filter_map(|key| read::text(item, key))
                .any(|text| is_marked(text, write))
        };
        let object = match write.kind {
            WriteKind::Task { .. } => ACTIVITY,
            _ => MESSAGE,
        };
        let found = found.as_array().into_iter().flatten().find(ours);
        Ok(found
            .and_then(|item| read::id(item, "id"))
            .map(|id| Done::new(object, id)))
    }
}

impl Odoo {
    /// "`body_is_html`: indicates body should be threated as HTML even if str to be used only for RPC calls"
    /// (`mail_thread.py`, from 17 on).
    fn note(&self, person: (&str, i64), html: &str, subject: Option<&str>) -> Request {
        let mut named = json!({
            "body": html,
            "body_is_html": true,
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_note",
        });
        if let Some(subject) = subject {
            named["subject"] = json!(subject);
        }
        self.call(person.0, "message_post", Some(&[person.1]), named)
    }

    fn find(
        &self,
        object: &str,
        [of_model, of_id, text]: [&str; 3],
        model: &str,
        id: i64,
        write: &Write,
    ) -> Request {
        let named = json!({
            "domain": [
                [of_model, "=", model],
                [of_id, "=", id],
                [text, "ilike", marker(write)],
            ],
            "fields": [text],
            "limit": 5,
        });
        self.search_read(object, named)
    }
}

/// Where a task stands.
fn target(write: &Write) -> Option<(&'static str, i64)> {
    let deal = write.deal_id.as_deref().and_then(|id| id.parse().ok());
    match deal {
        Some(deal) => Some((LEAD, deal)),
        None => person_reference(&write.contact_id),
    }
}

/// The id in what a method gave: a number, a list of them, or a list of records.
fn first_id(result: &Value) -> Option<String> {
    match result {
        Value::Array(items) => first_id(items.first()?),
        Value::Object(_) => read::id(result, "id"),
        Value::Number(id) => Some(id.as_i64().filter(|id| *id > 0)?.to_string()),
        _ => None,
    }
}

fn is_field(key: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !key.is_empty() && key.bytes().all(allowed)
}
