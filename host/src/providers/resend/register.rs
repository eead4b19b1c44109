//! Telling Resend where to send its webhooks, and asking whose key ours is.
//!
//! Two webhooks, for events and for received mails, each with "`signing_secret`: the secret key used to verify
//! webhook payloads" of its own. Source: Resend's OpenAPI document, "Create a new webhook".

use serde_json::{Value, json};

use super::Resend;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

const HINT: &str = "check that api_key has full access";

const EVENTS: &[&str] = &[
    "email.sent",
    "email.delivered",
    "email.delivery_delayed",
    "email.bounced",
    "email.complained",
    "email.suppressed",
    "email.failed",
    "email.opened",
    "email.clicked",
    "contact.updated",
];

/// In the order of the requests.
const SECRETS: [&str; 2] = ["webhook_secret", "inbound_secret"];

impl Registers for Resend {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        let webhook = |url: &str, events: &[&str]| {
            let body = json!({"endpoint": url, "events": events});
            self.request(Method::Post, "/webhooks", body.to_string().into_bytes())
        };
        let mut requests = vec![webhook(url, EVENTS)];
        if self.receives {
            requests.push(webhook(inbound_url, &["email.received"]));
        }
        requests
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut registered = Registered::default();
        for (answer, field) in answers.iter().zip(SECRETS) {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let secret = fields::text(&body, "signing_secret");
            let (200..=299, Some(secret)) = (answer.status, secret) else {
                return Err(refused(answer, &body));
            };
            registered.secrets.push((field, secret.to_owned().into()));
            registered.ids.extend(fields::id(&body, "id"));
        }
        Ok(registered)
    }
}

impl Probes for Resend {
    fn request(&self, _now: Instant) -> Request {
        self.request(Method::Get, "/domains", Vec::new())
    }

    /// "`restricted_api_key`: This API key is restricted to only send emails": good enough for that.
    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if fields::text(&body, "name") == Some("restricted_api_key") {
            return Ok("a key that may only send: received mails cannot be fetched".to_owned());
        }
        let domains = body.get("data").and_then(Value::as_array);
        let (200..=299, Some(domains)) = (answer.status, domains) else {
            return Err(refused(answer, &body));
        };
        let told: Vec<_> = domains
            .iter()
            .take(DOMAINS_SHOWN)
            .filter_map(|domain| {
                let name = fields::text(domain, "name")?;
                let status = fields::text(domain, "status").unwrap_or("unknown");
                Some(format!("{name} ({status})"))
            })
            .collect();
        Ok(match told.as_slice() {
            [] => "a team without a domain".to_owned(),
            told => format!("the team of {}", told.join(", ")),
        })
    }
}

const DOMAINS_SHOWN: usize = 5;

fn refused(answer: &Response, body: &Value) -> AskError {
    let explanation = fields::text(body, "message").unwrap_or_default();
    ask_failure("Resend", answer, explanation, HINT)
}
