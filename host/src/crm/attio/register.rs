//! Making the webhook, and asking which objects are People and Deals.

use serde_json::{Value, json};

use crate::crm::call;
use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

use super::Attio;
use super::hydrate::failure;

const EVENTS: &[&str] = &[
    "record.created",
    "record.updated",
    "record.merged",
    "record.deleted",
    "list-entry.created",
    "list-entry.updated",
    "list-entry.deleted",
    "note.created",
    "task.created",
    "task.updated",
    "call-recording.created",
];

impl Registers for Attio {
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        let subscription = |event: &&str| json!({"event_type": event, "filter": null});
        let subscriptions: Vec<Value> = EVENTS.iter().map(subscription).collect();
        let webhook = json!({"data": {"target_url": url, "subscriptions": subscriptions}});
        vec![
            call::send(
                Method::Post,
                self.url("webhooks"),
                self.credential(),
                &webhook,
            ),
            call::get(self.url("objects/people"), self.credential()),
            call::get(self.url("objects/deals"), self.credential()),
        ]
    }

    /// The secret is told this once. Deals may be switched off; then nothing is said of them.
    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let Some(made) = answers.first() else {
            return Err(AskError::Refused("Attio was not asked".to_owned()));
        };
        let body = made.json();
        let secret = body.pointer("/data/secret").and_then(Value::as_str);
        let (Some(secret), 200..=299) = (secret, made.status) else {
            return Err(failure(made));
        };
        let id = body.pointer("/data/id/webhook_id").and_then(Value::as_str);
        let objects = [("people_object", 1), ("deals_object", 2)];
        let object = |(key, at): &(&'static str, usize)| {
            let answer = answers.get(*at)?.json();
            let id = answer.pointer("/data/id")?;
            Some((*key, fields::text(id, "object_id")?.to_owned()))
        };
        Ok(Registered {
            secrets: vec![("webhook_secret", secret.into())],
            texts: objects.iter().filter_map(object).collect(),
            ids: id.into_iter().map(str::to_owned).collect(),
        })
    }
}
