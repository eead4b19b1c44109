//! Telling Brevo where to send its webhooks, and asking who it takes us for.
//!
//! "auth: Add authentication on webhook url", a token that comes as `Authorization: Bearer` ("Bearer token
//! authorization: if your notify URL uses token-based header authentication"). Webhooks for received mails
//! name their domain. At most 40 webhooks an account. Source: Brevo's OpenAPI document, "Create a webhook";
//! its documentation, "Secure webhook calls".

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Brevo;
use super::outcome::explanation;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

const EVENTS: &[&str] = &[
    "request",
    "delivered",
    "hardBounce",
    "softBounce",
    "blocked",
    "spam",
    "invalid",
    "deferred",
    "click",
    "opened",
    "uniqueOpened",
    "unsubscribed",
];

impl Registers for Brevo {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        let Some(password) = &self.webhook_password else {
            return Vec::new();
        };
        let auth = json!({"type": "bearer", "token": password.expose_secret().trim()});
        let events = json!({
            "type": "transactional",
            "description": "Followup",
            "url": url,
            "events": EVENTS,
            // Batches come every five minutes: too late for a person who unsubscribed.
            "batched": false,
            "auth": auth,
        });
        let inbound = self.inbound_domain.as_ref().map(|domain| {
            json!({
                "type": "inbound",
                "description": "Followup: replies",
                "url": inbound_url,
                "events": ["inboundEmailProcessed"],
                "domain": domain,
                "auth": auth,
            })
        });
        std::iter::once(events)
            .chain(inbound)
            .map(|body| self.request(Method::Post, "/webhooks", Some(&body)))
            .collect()
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut registered = Registered::default();
        for answer in answers {
            registered.ids.extend(fields::id(&read(answer)?, "id"));
        }
        Ok(registered)
    }
}

impl Probes for Brevo {
    fn request(&self, _now: Instant) -> Request {
        self.request(Method::Get, "/account", None)
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = read(answer)?;
        let company = fields::text(&body, "companyName").unwrap_or("an account");
        Ok(match fields::text(&body, "email") {
            Some(email) => format!("{company} ({email})"),
            None => company.to_owned(),
        })
    }
}

fn read(answer: &Response) -> Result<Value, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if (200..=299).contains(&answer.status) && body.is_object() {
        return Ok(body);
    }
    let hint = "check api_key, and that Brevo knows this server's address";
    Err(ask_failure("Brevo", answer, &explanation(&body), hint))
}
