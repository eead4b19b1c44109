//! Telling Postmark where to send its webhooks, and asking who it takes us for.
//!
//! "Webhooks are per-stream" (postmark-skills, "Webhook Setup and Management"): one is made for the stream
//! that sends. The inbound webhook is a setting of the server; it takes no password of its own, so that
//! the password stands in its address, which Postmark then sends as Basic authentication.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Postmark;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::providers::address::{WEBHOOK_USER, with_password};

const HINT: &str = "check server_token";

impl Registers for Postmark {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        let Some(password) = &self.webhook_password else {
            return Vec::new();
        };
        let password = password.expose_secret().trim();
        let on = json!({"Enabled": true});
        let events = json!({
            "Url": url,
            "MessageStream": self.message_stream,
            "HttpAuth": {"Username": WEBHOOK_USER, "Password": password},
            "Triggers": {
                "Delivery": on,
                "Bounce": {"Enabled": true, "IncludeContent": false},
                "SpamComplaint": {"Enabled": true, "IncludeContent": false},
                "SubscriptionChange": on,
                "Open": {"Enabled": true, "PostFirstOpenOnly": false},
                "Click": on,
            },
        });
        let body = events.to_string().into_bytes();
        let mut requests = vec![self.request(Method::Post, "/webhooks", body)];
        if self.receives {
            let inbound = json!({
                "InboundHookUrl": with_password(inbound_url, password),
                "RawEmailEnabled": true,
            });
            requests.push(self.request(Method::Put, "/server", inbound.to_string().into_bytes()));
        }
        requests
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut registered = Registered::default();
        for answer in answers {
            let body = read(answer)?;
            registered.ids.extend(fields::id(&body, "ID"));
        }
        Ok(registered)
    }
}

impl Probes for Postmark {
    fn request(&self, _now: Instant) -> Request {
        self.request(Method::Get, "/server", Vec::new())
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = read(answer)?;
        let name = fields::text(&body, "Name").unwrap_or("a server");
        let mut who = match fields::id(&body, "ID") {
            Some(id) => format!("{name} (server {id})"),
            None => name.to_owned(),
        };
        // "Sandbox" servers deliver nothing.
        if fields::text(&body, "DeliveryType") == Some("Sandbox") {
            who.push_str(", a sandbox that delivers nothing");
        }
        Ok(who)
    }
}

fn read(answer: &Response) -> Result<Value, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if (200..=299).contains(&answer.status) && body.is_object() {
        return Ok(body);
    }
    let explanation = fields::text(&body, "Message").unwrap_or_default();
    Err(ask_failure("Postmark", answer, explanation, HINT))
}
