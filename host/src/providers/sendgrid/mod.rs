//! SendGrid v3: mail send and the signed event webhook.
//!
//! In: mails, answers, batches of events. Out: requests, outcomes, our events. There is no
//! idempotency key: what may have been accepted is never repeated, and stays in doubt until an event
//! brings our id back.

mod events;
mod outcome;
mod send;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::connector::{
    Authenticity, Connector, Field, Kind, Sends, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider};
use crate::domain::{Instant, NewEvent};
use crate::signatures::KeyError;
use crate::signatures::ecdsa::PublicKey;

pub use events::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

pub const KIND: Kind = Kind {
    name: "sendgrid",
    title: "SendGrid",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "api_key",
            "env:SENDGRID_API_KEY",
            "An API key that may send mail.",
        )
        .needed(),
        Field::secret(
            "webhook_public_key",
            "env:SENDGRID_WEBHOOK_PUBLIC_KEY",
            "The verification key of the event webhook; without it, its events are refused.",
        ),
        // Accounts in the European region use https://api.eu.sendgrid.com.
        Field::base_url("https://api.sendgrid.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In SendGrid: Settings > Mail Settings > Event Webhook: create one for {url}, with all events.",
        "Turn its Signature Verification on, and copy the verification key into webhook_public_key.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let key = settings.secret("webhook_public_key");
    let webhook_public_key = key
        .map(|key| PublicKey::parse(key.expose_secret()))
        .transpose();
    let sendgrid = Arc::new(SendGrid {
        api_key: settings.needed_secret("api_key")?,
        webhook_public_key: webhook_public_key
            .map_err(|e| Unfit::new("webhook_public_key", e, "copy it from the event webhook"))?,
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&sendgrid) as Arc<dyn Hook>),
        sends: Some(Sends::Http(sendgrid)),
        ..Connector::default()
    })
}

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
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
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
