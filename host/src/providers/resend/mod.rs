//! Resend: the e-mails API and its webhooks, signed by Svix.
//!
//! In: mails, answers, one event a request. Out: requests, outcomes, our events. The mail's id is the
//! idempotency key, so a send in doubt may be repeated within a day: "we keep the idempotency keys
//! for 24 hours" (Resend documentation, "Idempotency Keys").

mod events;
mod outcome;
mod send;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::Instant;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Request, Response};
use crate::domain::instant::{HOUR_MS, MINUTE_MS};
use crate::domain::mail::{Mail, Outcome, Provider};
use crate::signatures::KeyError;
use crate::signatures::standard_webhooks::{self, Secret};

pub const BASE_URL: &str = "https://api.resend.com";

/// The 24 hours of a key, less what clocks, queues and time-outs may take off them.
const REPEATABLE_MS: i64 = 24 * HOUR_MS - 30 * MINUTE_MS;

/// One Resend team.
pub struct Resend {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_secret: Option<Secret>,
    base_url: String,
}

impl Resend {
    pub fn new(
        api_key: SecretString,
        webhook_secret: Option<&SecretString>,
        base_url: String,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            api_key,
            webhook_secret: webhook_secret.map(Secret::parse).transpose()?,
            base_url,
        })
    }
}

impl Provider for Resend {
    fn send_request(&self, mail: &Mail) -> Request {
        send::request(&self.base_url, self.api_key.expose_secret(), mail)
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        Some(REPEATABLE_MS)
    }
}

impl Hook for Resend {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let secret = self
            .webhook_secret
            .as_ref()
            .ok_or(Refusal::NotConfigured("webhook_secret"))?;
        standard_webhooks::verify(secret, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let id = standard_webhooks::message_id(request).map_err(|e| Malformed(e.to_string()))?;
        let body = parse_json(&request.body)?;
        if !body.is_object() {
            return Err(Malformed(
                "the body is no JSON object: Resend sends one event a request".to_owned(),
            ));
        }
        Batch::collect(&[body], |item| events::read(item, id, now))
    }
}

impl fmt::Debug for Resend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resend")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
