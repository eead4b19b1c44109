//! Writing back: a task of the lead, a note and a sent mail of the contact, fields of either.
//!
//! Tasks, notes and mails belong to a lead; where we do not know the contact's, a first call asks. Fields
//! of the contact are named as in the API (`title`, `custom.cf_...`), those of its lead with `lead.` before.

use serde_json::{Map, Value, json};

use crate::crm::body;
use crate::crm::call::{self, is_id, items, query};
use crate::crm::writable;
use crate::domain::connector::{
    AskError, Done, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker,
};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::{JsonMap, answer, fields as read};

use super::{Close, explanation, success, wait_ms};

/// What `PUT /contact/{id}/` and `PUT /lead/{id}/` take beside custom fields.
const CONTACT_FIELDS: &[&str] = &["name", "title", "phones", "emails", "urls"];
const LEAD_FIELDS: &[&str] = &["name", "url", "description", "status_id", "addresses"];
const OF_LEAD: &str = "lead.";
const SEARCHED: &str = "100";

/// The calls that a write is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Which lead the contact belongs to.
    Lead,
    Create,
    Contact,
    LeadFields,
}

/// The next call; the lead may have been asked for before.
fn next(write: &Write, done: &[Done]) -> Option<Step> {
    steps(write).into_iter().nth(done.len())
}

fn steps(write: &Write) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut contact, mut lead) = (false, false);
    if let WriteKind::Properties(properties) = &write.kind {
        lead = properties.keys().any(|key| key.starts_with(OF_LEAD));
        contact = properties.keys().any(|key| !key.starts_with(OF_LEAD)) || !lead;
    }
    let create = !matches!(write.kind, WriteKind::Properties(_));
    for (needed, step) in [
        (write.account_id.is_none() && (create || lead), Step::Lead),
        (create, Step::Create),
        (contact, Step::Contact),
        (lead, Step::LeadFields),
    ] {
        if needed {
            steps.push(step);
        }
    }
    steps
}

/// The lead, as we knew it or as it was learned.
fn lead<'a>(write: &'a Write, done: &'a [Done]) -> Option<&'a str> {
    write
        .account_id
        .as_deref()
        .or_else(|| done.first().map(|asked| asked.id.as_str()))
}

impl WritesBack for Close {
    fn check(&self, write: &Write) -> Result<(), String> {
        writable::contact(write, is_id(&write.contact_id), "id of a Close contact")?;
        writable::fields(
            write,
            |key, _| is_field(key),
            |key| {
                format!(
                    "Close contacts have no field {key:?}: use {}, custom.cf_..., or lead.custom.cf_... for a \
                 field of the lead",
                    CONTACT_FIELDS.join(", ")
                )
            },
        )
    }

    fn request(&self, write: &Write, done: &[Done]) -> Option<Request> {
        let contact = format!("/contact/{}/", write.contact_id);
        match next(write, done)? {
            Step::Lead => Some(self.get(&format!("{contact}?_fields=id%2Clead_id"))),
            Step::Create => self.create(write, lead(write, done)?),
            Step::Contact => {
                let fields = properties(write, false);
                Some(self.send(Method::Put, &contact, &fields))
            }
            Step::LeadFields => {
                let path = format!("/lead/{}/", lead(write, done)?);
                Some(self.send(Method::Put, &path, &properties(write, true)))
            }
        }
    }

    fn outcome(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome {
        let step = next(write, done);
        let made = |answer: &Response| {
            let body = answer.json();
            let key = if step == Some(Step::Lead) {
                "lead_id"
            } else {
                "id"
            };
            Some(Done::new(object(write, step?), read::id(&body, key)?))
        };
        let wait = answer.as_ref().ok().and_then(wait_ms);
        let outcome = answer::written("Close", answer, explanation, made);
        call::waiting(outcome, wait)
    }

    fn is_repeatable(&self, write: &Write, done: &[Done]) -> bool {
        next(write, done) != Some(Step::Create)
    }

    fn search(&self, write: &Write, done: &[Done]) -> Option<Request> {
        if next(write, done)? != Step::Create {
            return None;
        }
        let lead = ("lead_id", lead(write, done)?);
        let path = match &write.kind {
            WriteKind::Task { .. } => {
                let pairs = [lead, ("_order_by", "-date_created"), ("_limit", SEARCHED)];
                format!("/task/?{}", query(&pairs))
            }
            WriteKind::Note { .. } => {
                let pairs = [lead, ("_limit", SEARCHED)];
                format!("/activity/note/?{}", query(&pairs))
            }
            _ => {
                let pairs = [lead, ("_limit", SEARCHED)];
                format!("/activity/email/?{}", query(&pairs))
            }
        };
        Some(self.get(&path))
    }

    fn found(
        &self,
        write: &Write,
        _done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError> {
        let body = success(answer)?;
        let ours = |item: &&Value| {
            ["text", "note", "body_text"]
                .iter()
                .filter_map(|key| read::text(item, key))
                .any(|text| is_marked(text, write))
        };
        let found = items(&body, "data").iter().find(ours);
        Ok(found.and_then(|item| read::id(item, "id")).map(|id| Done {
            object: object(write, Step::Create).to_owned(),
            id,
        }))
    }
}

impl Close {
    fn create(&self, write: &Write, lead: &str) -> Option<Request> {
        let (path, body) = match &write.kind {
            // A task has no contact and no body of its own.
            WriteKind::Task {
                title,
                body,
                due_at,
            } => {
                let text = body::text(write, &format!("{title}\n\n{body}"));
                let mut task = json!({"_type": "lead", "lead_id": lead, "text": text});
                if let Some(due_at) = due_at {
                    task["date"] = json!(crate::crm::moment::day(*due_at));
                }
                if let Some(owner) = &write.owner_id {
                    task["assigned_to"] = json!(owner);
                }
                ("/task/", task)
            }
            WriteKind::Mail(mail) => {
                let mut email = json!({
                    // "`sent` to log an already sent email" (Create an email activity).
                    "status": "sent",
                    "lead_id": lead,
                    "contact_id": write.contact_id,
                    "sender": mail.from,
                    "to": [mail.to],
                    "subject": mail.subject,
                    "body_text": body::text(write, &mail.text),
                    "activity_at": mail.sent_at.to_string(),
                });
                if let Some(html) = &mail.html {
                    email["body_html"] = json!(format!("{html}<p>{}</p>", marker(write)));
                }
                ("/activity/email/", email)
            }
            WriteKind::Note { body } => {
                let text = body::text(write, body);
                let note = json!({"lead_id": lead, "contact_id": write.contact_id, "note": text});
                ("/activity/note/", note)
            }
            WriteKind::Properties(_) => return None,
        };
        Some(self.send(Method::Post, path, &body))
    }
}

/// The fields of the contact, or those of its lead.
fn properties(write: &Write, of_lead: bool) -> Value {
    let empty = JsonMap::new();
    let all = match &write.kind {
        WriteKind::Properties(properties) => properties,
        _ => &empty,
    };
    let mut fields = Map::new();
    for (key, value) in all {
        let lead_key = key.strip_prefix(OF_LEAD);
        if lead_key.is_some() == of_lead {
            fields.insert(lead_key.unwrap_or(key).to_owned(), value.clone());
        }
    }
    Value::Object(fields)
}

fn object(write: &Write, step: Step) -> &'static str {
    match (step, &write.kind) {
        // Nothing was changed: no event about the lead is an echo of it.
        (Step::Lead, _) => "lead_id",
        (Step::LeadFields, _) => "lead",
        (Step::Create, WriteKind::Task { .. }) => "task.lead",
        (Step::Create, WriteKind::Note { .. }) => "activity.note",
        (Step::Create, WriteKind::Mail(_)) => "activity.email",
        _ => "contact",
    }
}

fn is_field(key: &str) -> bool {
    let (key, known) = match key.strip_prefix(OF_LEAD) {
        Some(key) => (key, LEAD_FIELDS),
        None => (key, CONTACT_FIELDS),
    };
    known.contains(&key) || key.strip_prefix("custom.").is_some_and(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    fn write(kind: WriteKind, account_id: Option<&str>) -> Write {
        Write {
            id: "wb_1".to_owned(),
            kind,
            contact_id: "cont_1".to_owned(),
            account_id: account_id.map(str::to_owned),
            deal_id: None,
            owner_id: None,
            at: Instant(0),
        }
    }

    fn fields(value: &Value) -> WriteKind {
        WriteKind::Properties(value.as_object().expect("an object").clone())
    }

    #[test]
    fn the_lead_is_asked_for_where_it_is_needed_and_unknown() {
        let note = || WriteKind::Note {
            body: "x".to_owned(),
        };
        let both = json!({"title": "CEO", "lead.custom.cf_1": "A"});
        for (write, expect) in [
            (write(note(), Some("lead_1")), vec![Step::Create]),
            (write(note(), None), vec![Step::Lead, Step::Create]),
            (
                write(fields(&json!({"title": "CEO"})), None),
                vec![Step::Contact],
            ),
            (
                write(fields(&json!({"lead.url": "x"})), Some("lead_1")),
                vec![Step::LeadFields],
            ),
            (
                write(fields(&both), None),
                vec![Step::Lead, Step::Contact, Step::LeadFields],
            ),
        ] {
            assert_eq!(steps(&write), expect, "{write:?}");
        }
    }

    #[test]
    fn fields_go_to_the_contact_or_to_its_lead() {
        let both = write(
            fields(&json!({"title": "CEO", "lead.custom.cf_1": null})),
            None,
        );
        assert_eq!(properties(&both, false), json!({"title": "CEO"}));
        assert_eq!(properties(&both, true), json!({"custom.cf_1": null}));
        for (key, known) in [
            ("title", true),
            ("custom.cf_1", true),
            ("lead.url", true),
            ("lead.custom.cf_1", true),
            ("custom.", false),
            ("url", false),
            ("score", false),
        ] {
            assert_eq!(is_field(key), known, "{key}");
        }
    }
}
