//! Making the webhook. Its secret is in the answer (twentyhq/twenty, `WebhookDTO`).

use serde_json::{Value, json};

use crate::crm::call;
use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

use super::Twenty;
use super::hydrate::failure;

const OPERATIONS: &[&str] = &[
    "person.*",
    "company.*",
    "opportunity.*",
    "task.*",
    "note.*",
    "calendarEvent.*",
    "message.created",
];

impl Registers for Twenty {
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        let webhook = json!({
            "targetUrl": url,
            "operations": OPERATIONS,
            "description": "Followup",
        });
        vec![call::send(
            Method::Post,
            self.url("webhooks"),
            self.credential(),
            &webhook,
        )]
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let Some(made) = answers.first() else {
            return Err(AskError::Refused("Twenty was not asked".to_owned()));
        };
        let body = made.json();
        // Older versions wrap it as every other record.
        let webhook = body.pointer("/data/createWebhook").unwrap_or(&body);
        let secret = webhook.get("secret").and_then(Value::as_str);
        match (secret.filter(|secret| !secret.is_empty()), made.status) {
            (Some(secret), 200..=299) => Ok(Registered {
                secrets: vec![("webhook_secret", secret.into())],
                texts: Vec::new(),
                ids: fields::id(webhook, "id").into_iter().collect(),
            }),
            _ => Err(failure(made)),
        }
    }
}
