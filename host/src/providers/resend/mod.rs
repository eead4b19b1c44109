//! Resend: the e-mails API, its webhooks, signed by Svix, and the mails it receives.
//!
//! In: mails, answers, one event a request. Out: requests, outcomes, our events, raw mails. The mail's
//! id is the idempotency key, so a send in doubt may be repeated within a day: "we keep the idempotency keys
//! for 24 hours" (Resend documentation, "Idempotency Keys").

mod events;
mod inbound;
mod outcome;
mod register;
mod send;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::Instant;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Pace, RawMail, Received, Receives, Settings,
    Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::instant::{HOUR_MS, MINUTE_MS};
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
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
        Field::INBOUND_ADDRESS,
        Field::secret(
            "inbound_secret",
            "env:RESEND_INBOUND_SECRET",
            "The signing secret of the webhook for received mails; without it, they are refused.",
        ),
        Field::base_url("https://api.resend.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In Resend: Webhooks > Add Webhook: {url}, all e-mail events.",
        "Copy the webhook's signing secret (whsec_...) into webhook_secret.",
        "For replies: add a second webhook for {inbound_url} with the event email.received alone, and copy its own signing secret into inbound_secret. The API key needs full access then: received mails are fetched.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let resend = Arc::new(Resend {
        api_key: settings.needed_secret("api_key")?,
        webhook_secret: standard_webhooks::setting(settings, "webhook_secret")?,
        inbound_secret: standard_webhooks::setting(settings, "inbound_secret")?,
        receives: settings.text(Field::INBOUND_ADDRESS.key).is_some(),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        registers: Some(Arc::clone(&resend) as _),
        pace: Some(PACE),
        ..super::connector(&resend)
    })
}

/// The 24 hours of a key, less what clocks, queues and time-outs may take off them.
const REPEATABLE_MS: i64 = 24 * HOUR_MS - 30 * MINUTE_MS;

/// "The default maximum rate limit is 5 requests per second per team" (Resend documentation, "Usage Limits");
/// until 2025 it was 2, and a team that still has those is slowed by 429.
const PACE: Pace = Pace {
    calls: 5,
    per_ms: 1_000,
    concurrent_max: 2,
};

const QUIRKS: Quirks = Quirks {
    keeps_message_id: false,
    remarks: &[
        "Resend sends through Amazon SES, which replaces our Message-ID (resend-node, issue 133; not in its documentation): answers are recognised by their address and by the thread.",
        "Opens and clicks are counted by domain: leave its own tracking off there.",
    ],
    ..Quirks::NONE
};

/// One Resend team.
pub struct Resend {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_secret: Option<Secret>,
    /// The same for received mails: "each endpoint has its own secret".
    inbound_secret: Option<Secret>,
    receives: bool,
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
            inbound_secret: None,
            receives: false,
            base_url,
        })
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> Request {
        let mut headers = vec![
            (
                "authorization",
                format!("Bearer {}", self.api_key.expose_secret()),
            ),
            // Resend answers 403 (error 1010) to a request without one.
            (
                "user-agent",
                concat!("followup/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request {
            method,
            url: format!("{}{path}", self.base_url.trim_end_matches('/')),
            headers,
            body,
        }
    }
}

impl Provider for Resend {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        let body = send::body(mail).to_string().into_bytes();
        let mut request = self.request(Method::Post, "/emails", body);
        request.headers.push(("idempotency-key", mail.id.clone()));
        request
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        Some(REPEATABLE_MS)
    }

    fn quirks(&self) -> Quirks {
        QUIRKS
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

impl Receives for Resend {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let secret = self
            .inbound_secret
            .as_ref()
            .ok_or(Refusal::NotConfigured("inbound_secret"))?;
        standard_webhooks::verify(secret, request, now)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        inbound::named(&parse_json(&request.body)?)
    }

    fn fetch(&self, id: &str) -> Result<Request, AskError> {
        Ok(match inbound::link(id) {
            // Signed itself, and elsewhere: our key is none of its business.
            Some(link) => Request {
                method: Method::Get,
                url: link.to_owned(),
                headers: Vec::new(),
                body: Vec::new(),
            },
            None => self.request(Method::Get, &inbound::path(id), Vec::new()),
        })
    }

    fn elsewhere(&self, id: &str, answer: &Response) -> Option<String> {
        inbound::elsewhere(id, answer)
    }

    fn fetched(&self, id: &str, answer: &Response) -> Result<RawMail, AskError> {
        inbound::fetched(id, answer)
    }
}

impl fmt::Debug for Resend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resend")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
