//! Writing back: an activity, a note, fields of a person, a sent mail as a done activity of type `email`.
//!
//! Nothing in the API makes a repetition harmless, so what may have been made is looked for by the
//! marker in its note. Fields of a person may be set again.

use serde_json::{Map, Value, json};

use crate::crm::call::{self, is_id, items, query};
use crate::crm::writable;
use crate::crm::{body, moment};
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked,
};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::{JsonMap, fields as read};

use super::{Pipedrive, explanation, success, wait_ms};

/// What `PATCH /api/v2/persons/{id}` takes beside custom fields.
const PERSON_FIELDS: &[&str] = &[
    "name",
    "owner_id",
    "org_id",
    "emails",
    "phones",
    "visible_to",
    "label_ids",
    "marketing_status",
];
/// Of what was made for a person of late, the newest is looked through.
const SEARCHED: &str = "100";

impl WritesBack for Pipedrive {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(
            write,
            is_whole(&write.contact_id),
            "id of a Pipedrive person",
        )?;
        writable::fields(
            write,
            |key, _| is_field(key),
            |key| {
                format!(
                    "Pipedrive persons have no field {key:?}: use {} or the API key of a custom field \
                 (40 letters and digits)",
                    PERSON_FIELDS.join(", ")
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
                let mut activity = activity(write, "task", title, body);
                if let Some(due_at) = due_at {
                    activity.insert("due_date".to_owned(), json!(moment::day(*due_at)));
                    activity.insert("due_time".to_owned(), json!(moment::time(*due_at)));
                }
                self.send(Method::Post, "/api/v2/activities", &Value::Object(activity))
            }
            WriteKind::Mail(mail) => {
                let mut activity = activity(write, "email", &mail.subject, &body::mail(mail));
                activity.insert("done".to_owned(), json!(true));
                activity.insert("due_date".to_owned(), json!(moment::day(mail.sent_at)));
                activity.insert("due_time".to_owned(), json!(moment::time(mail.sent_at)));
                self.send(Method::Post, "/api/v2/activities", &Value::Object(activity))
            }
            WriteKind::Note { body } => {
                let mut note = Map::new();
                note.insert("content".to_owned(), json!(body::html(write, body)));
                note.insert("person_id".to_owned(), whole(&write.contact_id)?);
                if let Some(deal) = write.deal_id.as_deref().and_then(whole) {
                    note.insert("deal_id".to_owned(), deal);
                }
                self.send(Method::Post, "/api/v1/notes", &Value::Object(note))
            }
            WriteKind::Properties(properties) => {
                let path = format!("/api/v2/persons/{}", write.contact_id);
                self.send(Method::Patch, &path, &person(properties))
            }
        })
    }

    fn outcome(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let made = |answer: &Response| {
            let id = read::id(&answer.json()["data"], "id")?;
            Some(self::done(write, id))
        };
        let wait = answer.as_ref().ok().and_then(wait_ms);
        let outcome = answer::written("Pipedrive", answer, explanation, made);
        call::waiting(outcome, wait)
    }

    fn is_repeatable(&self, write: &Write, _done: &[Done]) -> bool {
        matches!(write.kind, WriteKind::Properties(_))
    }

    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if !done.is_empty() || !is_id(&write.contact_id) {
            return None;
        }
        let person = ("person_id", write.contact_id.as_str());
        let path = match &write.kind {
            WriteKind::Task { .. } | WriteKind::Mail(_) => {
                let newest = [("sort_by", "add_time"), ("sort_direction", "desc")];
                let pairs = [person, newest[0], newest[1], ("limit", SEARCHED)];
                format!("/api/v2/activities?{}", query(&pairs))
            }
            WriteKind::Note { .. } => {
                let pairs = [person, ("sort", "add_time DESC"), ("limit", SEARCHED)];
                format!("/api/v1/notes?{}", query(&pairs))
            }
            WriteKind::Properties(_) => return None,
        };
        Some(self.get(&path))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        // Of no notes at all, `data` is null.
        if answer.status == 200 && answer.json()["success"] == json!(true) {
            let body = answer.json();
            let ours = |item: &&Value| {
                let text = item.get("note").or_else(|| item.get("content"));
                text.and_then(Value::as_str)
                    .is_some_and(|text| is_marked(text, write))
            };
            let found = items(&body, "data").iter().find(ours);
            return Ok(found
                .and_then(|item| read::id(item, "id"))
                .map(|id| self::done(write, id)));
        }
        success(answer).map(|_| None)
    }
}

fn done(write: &Write, id: String) -> Done {
    let object = match write.kind {
        WriteKind::Task { .. } | WriteKind::Mail(_) => "activity",
        WriteKind::Note { .. } => "note",
        WriteKind::Properties(_) => "person",
    };
    Done::new(object, id)
}

/// `person_id` of an activity is told, not taken: its participants say whom it belongs to, the primary
/// one first.
fn activity(write: &Write, kind: &str, subject: &str, text: &str) -> Map<String, Value> {
    let mut activity = Map::new();
    activity.insert("subject".to_owned(), json!(subject));
    activity.insert("type".to_owned(), json!(kind));
    activity.insert("note".to_owned(), json!(body::html(write, text)));
    let person = json!([{"person_id": whole(&write.contact_id), "primary": true}]);
    activity.insert("participants".to_owned(), person);
    for (key, id) in [
        ("owner_id", &write.owner_id),
        ("deal_id", &write.deal_id),
        ("org_id", &write.account_id),
    ] {
        if let Some(id) = id.as_deref().and_then(whole) {
            activity.insert(key.to_owned(), id);
        }
    }
    activity
}

fn person(properties: &JsonMap) -> Value {
    let (mut person, mut custom) = (Map::new(), Map::new());
    for (key, value) in properties {
        if is_custom(key) {
            custom.insert(key.clone(), value.clone());
        } else {
            // The API tells ids as numbers and takes no texts for them; we keep texts.
            let number = value.as_str().filter(|_| key.ends_with("_id"));
            let value = number.and_then(whole).unwrap_or_else(|| value.clone());
            person.insert(key.clone(), value);
        }
    }
    if !custom.is_empty() {
        person.insert("custom_fields".to_owned(), Value::Object(custom));
    }
    Value::Object(person)
}

fn is_field(key: &str) -> bool {
    PERSON_FIELDS.contains(&key) || is_custom(key)
}

/// The API key of a custom field.
fn is_custom(key: &str) -> bool {
    key.len() == 40 && key.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_whole(id: &str) -> bool {
    whole(id).is_some()
}

/// An id as the API takes it.
fn whole(id: &str) -> Option<Value> {
    id.parse::<u64>().ok().map(Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_fields_have_a_place_of_their_own() {
        let key = "d4de1c1518b4531717c676029a45911c340390a6";
        let properties = json!({"name": "Ada", "owner_id": "9", "org_id": null, key: 7});
        assert_eq!(
            person(properties.as_object().expect("an object")),
            json!({"name": "Ada", "owner_id": 9, "org_id": null, "custom_fields": {key: 7}})
        );
        assert!(is_field(key) && is_field("emails"));
        assert!(!is_field("nickname") && !is_field(&key[1..]));
    }
}
