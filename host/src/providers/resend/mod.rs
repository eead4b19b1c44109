//! Resend: the e-mails API and its webhooks, signed by Svix.
//!
//! In: mails, answers, one event a request. Out: requests, outcomes, our events. The mail's id is the
//! idempotency key, so a send in doubt may be repeated within a day: "we keep the idempotency keys
//! for 24 hours" (Resend documentation, "Idempotency Keys").

mod events;
mod outcome;
mod send;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::Instant;
use crate::domain::connector::{
    Authenticity, Connector, Field, Kind, Sends, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Request, Response};
use crate::domain::instant::{HOUR_MS, MINUTE_MS};
use crate::domain::mail::{Mail, Outcome, Provider};
use crate::signatures::KeyError;
use crate::signatures::standard_webhooks::{self, Secret};

pub const KIND: Kind = Kind {
    name: "resend",
    title: "Resend",
    sort: Sort::Provider,
    fields: &[
        Field::secret("api_key", "env:RESEND_API_KEY", "An API key that may send.").needed(),
        Field::secret(
            "webhook_secret",
            "env:RESEND_WEBHOOK_SECRET",
            "The signing secret of the webhook; without it, its events are refused.",
        ),
        Field::base_url("https://api.resend.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In Resend: Webhooks > Add Webhook: {url}, all e-mail events.",
        "Copy the webhook's signing secret (whsec_...) into webhook_secret.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let resend = Arc::new(Resend {
        api_key: settings.needed_secret("api_key")?,
        webhook_secret: standard_webhooks::setting(settings, "webhook_secret")?,
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&resend) as Arc<dyn Hook>),
        sends: Some(Sends::Http(resend)),
        ..Connector::default()
    })
}

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
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
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
