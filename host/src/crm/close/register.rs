//! Registering our webhook: `POST /webhook/`, whose answer alone tells the key that signs.
//!
//! "The maximum number of webhook subscriptions per organization is 40." Actions that fire while
//! somebody types (`activity.email.updated`, `activity.note.*`) are left out: Close itself discourages them.

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::http::{Method, Request, Response};
use crate::domain::{answer, fields as read};

use super::{Close, SIGNATURE_KEY, explanation};

const EVENTS: &[(&str, &[&str])] = &[
    ("lead", &["created", "updated", "deleted", "merged"]),
    ("contact", &["created", "updated", "deleted"]),
    ("opportunity", &["created", "updated", "deleted"]),
    ("task.lead", &["created", "completed", "deleted"]),
    ("activity.email", &["created", "sent"]),
    ("activity.call", &["created", "completed"]),
    (
        "activity.meeting",
        &["scheduled", "completed", "canceled", "deleted"],
    ),
    ("activity.form_submission", &["created"]),
    ("unsubscribed_email", &["created"]),
];

impl Registers for Close {
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        let events: Vec<Value> = EVENTS
            .iter()
            .flat_map(|(object, actions)| {
                let event = move |action| json!({"object_type": object, "action": action});
                actions.iter().map(event)
            })
            .collect();
        let body = json!({"url": url, "events": events});
        vec![self.send(Method::Post, "/webhook/", &body)]
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut made = Registered::default();
        for answer in answers {
            let body = answer.json();
            match (read::text(&body, "id"), read::text(&body, "signature_key")) {
                (Some(id), Some(key)) if (200..300).contains(&answer.status) => {
                    made.ids.push(format!("subscription {id}"));
                    made.secrets.push((SIGNATURE_KEY, SecretString::from(key)));
                }
                _ => {
                    let said = explanation(answer);
                    return Err(answer::ask_failure("Close", answer, &said, "check api_key"));
                }
            }
        }
        Ok(made)
    }
}
