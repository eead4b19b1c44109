//! Making the webhooks: one for each event, all at one address. Each answer holds the id and the key.

use serde_json::{Value, json};

use crate::crm::call;
use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

use super::EspoCrm;
use super::hydrate::failure;
use super::secrets::Secrets;

/// "webhookMaxCountPerUser = 50" (EspoCRM docs, Webhooks).
const EVENTS: &[&str] = &[
    "Contact.create",
    "Contact.update",
    "Contact.delete",
    "Lead.create",
    "Lead.update",
    "Lead.delete",
    "Opportunity.create",
    "Opportunity.update",
    "Meeting.create",
    "Meeting.update",
    "Call.create",
    "Call.update",
    "Task.create",
    "Task.update",
    "Email.create",
    "Email.update",
    "Account.update",
];

impl Registers for EspoCrm {
    /// "skipOwn: to skip if the event was initiated by the user owning the webhook (as of v9.2)": our own
    /// writes do not come back.
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        let request = |event: &&str| {
            let webhook = json!({"event": event, "url": url, "skipOwn": true});
            call::send(
                Method::Post,
                self.url("Webhook"),
                self.credential(),
                &webhook,
            )
        };
        EVENTS.iter().map(request).collect()
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut entries = Vec::new();
        let mut ids = Vec::new();
        for (event, answer) in EVENTS.iter().zip(answers) {
            let made = answer.json();
            let key = made.get("secretKey").and_then(Value::as_str);
            let id = fields::text(&made, "id").filter(|_| (200..300).contains(&answer.status));
            let (Some(id), Some(key)) = (id, key) else {
                return Err(failure(answer));
            };
            entries.push(Secrets::entry(event, id, key));
            ids.push(format!("{event} {id}"));
        }
        Ok(Registered {
            secrets: vec![("webhook_secrets", entries.join(",").into())],
            texts: Vec::new(),
            ids,
        })
    }
}
