//! SendGrid v3: mail send and the signed event webhook.
//!
//! In: mails, answers, batches of events. Out: requests, outcomes, our events. There is no
//! idempotency key: what may have been accepted is never repeated, and stays in doubt until an event
//! brings our id back.

mod events;
mod outcome;
mod send;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider};
use crate::domain::{Instant, NewEvent};
use crate::signatures::KeyError;
use crate::signatures::ecdsa::PublicKey;

pub use events::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

/// The global API; accounts in the European region use `https://api.eu.sendgrid.com`.
pub const BASE_URL: &str = "https://api.sendgrid.com";

/// One SendGrid account.
pub struct SendGrid {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_public_key: Option<PublicKey>,
    base_url: String,
}

impl SendGrid {
    pub fn new(
        api_key: SecretString,
        webhook_public_key: Option<&str>,
        base_url: String,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            api_key,
            webhook_public_key: webhook_public_key.map(PublicKey::parse).transpose()?,
            base_url,
        })
    }
}

impl Provider for SendGrid {
    fn send_request(&self, mail: &Mail) -> Request {
        send::request(&self.base_url, self.api_key.expose_secret(), mail)
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }
}

impl Hook for SendGrid {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let key = self
            .webhook_public_key
            .as_ref()
            .ok_or(Refusal::NotConfigured("webhook_public_key"))?;
        events::verify(key, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        match parse_json(&request.body)? {
            Value::Array(items) => Batch::collect(&items, |item| -> Result<NewEvent, String> {
                events::read(item, now)
            }),
            _ => Err(Malformed(
                "the body is no JSON array: SendGrid's event webhook sends arrays of events"
                    .to_owned(),
            )),
        }
    }
}

impl fmt::Debug for SendGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGrid")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
