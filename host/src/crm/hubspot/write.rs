//! Write-back: tasks, notes, logged mails and properties of the contact.
//!
//! HubSpot has no idempotency key: what a lost answer may have made is searched for among the
//! contact's newest, and known by our marker in its text. "All property values are strings" (HubSpot
//! docs, CRM objects). Sources: docs "Tasks", "Notes", "Email"; the association types are those of the
//! official client (`AssociationTypes`).

use serde_json::{Value, json};

use crate::crm::writable;
use crate::domain::answer::{retry_after_ms, written};
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::instant::HOUR_MS;
use crate::domain::{JsonMap, fields};

use super::Hubspot;
use super::api::{MIGRATING, explanation, failure, is_id, limit_ms, path_of};

/// Associations to a contact and to a deal.
fn association_types(object: &str) -> (u32, u32) {
    match object {
        "task" => (204, 216),
        "note" => (202, 214),
        _ => (198, 210),
    }
}

/// Where the marker stands.
fn marked(object: &str) -> &'static [&'static str] {
    match object {
        "task" => &["hs_task_body"],
        "note" => &["hs_note_body"],
        _ => &["hs_email_text", "hs_email_html"],
    }
}

fn object_of(kind: &WriteKind) -> &'static str {
    match kind {
        WriteKind::Task { .. } => "task",
        WriteKind::Note { .. } => "note",
        WriteKind::Mail(_) => "email",
        WriteKind::Properties(_) => "contact",
    }
}

impl WritesBack for Hubspot {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(write, is_id(&write.contact_id), "HubSpot id of a contact")?;
        writable::fields(
            write,
            |_, value| !value.is_object(),
            |name| {
                format!(
                    "HubSpot's property {name} takes a text, a number or a truth value, no object"
                )
            },
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if !done.is_empty() {
            return None;
        }
        let properties = properties(write);
        if let WriteKind::Properties(_) = write.kind {
            let path = format!("/crm/v3/objects/contacts/{}", write.contact_id);
            return Some(self.call(
                Method::Patch,
                &path,
                Some(&json!({"properties": properties})),
            ));
        }
        let object = object_of(&write.kind);
        let path = format!("/crm/v3/objects/{}", path_of(object)?);
        let create = json!({"properties": properties, "associations": associations(object, write)});
        Some(self.call(Method::Post, &path, Some(&create)))
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let outcome = written("HubSpot", answer, explanation, |answer| {
            Some(Done::new(
                object_of(&write.kind),
                fields::id(&answer.json(), "id")?,
            ))
        });
        match (outcome, answer) {
            (WriteOutcome::Rejected { reason }, Ok(answer)) if answer.status == MIGRATING => {
                let after_ms = retry_after_ms(answer);
                WriteOutcome::Retry { reason, after_ms }
            }
            (
                WriteOutcome::Retry {
                    reason,
                    after_ms: None,
                },
                Ok(answer),
            ) => WriteOutcome::Retry {
                reason,
                after_ms: limit_ms(answer),
            },
            (outcome, _) => outcome,
        }
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    /// The contact's newest of that sort. By its contact and not by the marker, so that nothing hangs on how
    /// HubSpot splits a text into words. New records take some seconds until they are found.
    fn search(&self, write: &Write, _done: &[Done]) -> Option<Request> {
        let object = object_of(&write.kind);
        if object == "contact" {
            return None;
        }
        let since = write.at.plus_ms(-HOUR_MS);
        let search = json!({
            "filterGroups": [{"filters": [
                {"propertyName": "associations.contact", "operator": "EQ", "value": write.contact_id},
                {"propertyName": "hs_createdate", "operator": "GTE", "value": since.0.to_string()},
            ]}],
            "sorts": ["-hs_createdate"],
            "properties": marked(object),
            "limit": 100,
            "after": "0",
        });
        let path = format!("/crm/v3/objects/{}/search", path_of(object)?);
        Some(self.call(Method::Post, &path, Some(&search)))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = answer.json();
        let results = body.get("results").and_then(Value::as_array);
        let results = results.filter(|_| answer.status == 200);
        let object = object_of(&write.kind);
        let is_ours = |result: &&Value| {
            marked(object).iter().any(|property| {
                let text = result.pointer(&format!("/properties/{property}"));
                text.and_then(Value::as_str)
                    .is_some_and(|text| is_marked(text, write))
            })
        };
        let found = results.ok_or_else(|| failure(answer))?.iter().find(is_ours);
        Ok(found.and_then(|result| Some(Done::new(object, fields::id(result, "id")?))))
    }
}

fn properties(write: &Write) -> JsonMap {
    let mut properties = JsonMap::new();
    let mut set = |name: &str, value: String| {
        properties.insert(name.to_owned(), Value::String(value));
    };
    match &write.kind {
        WriteKind::Task {
            title,
            body,
            due_at,
        } => {
            // "This field marks the task's due date" and is required (HubSpot docs, Tasks).
            set("hs_timestamp", due_at.unwrap_or(write.at).to_string());
            set("hs_task_subject", title.clone());
            set("hs_task_body", html(body, write));
            set("hs_task_status", "NOT_STARTED".to_owned());
            set("hs_task_type", "TODO".to_owned());
        }
        WriteKind::Note { body } => {
            set("hs_timestamp", write.at.to_string());
            set("hs_note_body", html(body, write));
        }
        WriteKind::Mail(mail) => {
            set("hs_timestamp", mail.sent_at.to_string());
            set("hs_email_direction", "EMAIL".to_owned());
            set("hs_email_status", "SENT".to_owned());
            set("hs_email_subject", mail.subject.clone());
            set(
                "hs_email_text",
                format!("{}\n\n{}", mail.text, marker(write)),
            );
            if let Some(text) = &mail.html {
                set("hs_email_html", format!("{text}<p>{}</p>", marker(write)));
            }
            let address = |text: &str| json!({"email": text});
            let headers = json!({"from": address(&mail.from), "to": [address(&mail.to)], "cc": [], "bcc": []});
            set("hs_email_headers", headers.to_string());
        }
        WriteKind::Properties(given) => {
            for (name, value) in given {
                set(name, text_of(value));
            }
            return properties;
        }
    }
    if let Some(owner) = write.owner_id.as_deref().filter(|id| is_id(id)) {
        set("hubspot_owner_id", owner.to_owned());
    }
    properties
}

fn associations(object: &str, write: &Write) -> Value {
    let (to_contact, to_deal) = association_types(object);
    let to = |id: &str, type_id: u32| {
        json!({"to": {"id": id},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]})
    };
    let mut all = vec![to(&write.contact_id, to_contact)];
    if let Some(deal) = write.deal_id.as_deref().filter(|id| is_id(id)) {
        all.push(to(deal, to_deal));
    }
    Value::Array(all)
}

/// An empty text clears a property; "multiple values are separated by semicolons" (HubSpot docs, Properties).
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// Bodies of tasks and notes are shown as HTML.
fn html(text: &str, write: &Write) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("\r\n", "\n")
        .replace('\n', "<br>");
    format!("{escaped}<br><br>{}", marker(write))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts() {
        for (value, expect) in [
            (json!(null), ""),
            (json!("a"), "a"),
            (json!(true), "true"),
            (json!(1.5), "1.5"),
            (json!(["a", "b"]), "a;b"),
        ] {
            assert_eq!(text_of(&value), expect, "{value}");
        }
    }
}
