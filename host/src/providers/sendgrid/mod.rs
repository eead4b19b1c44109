//! SendGrid v3: mail send, the signed event webhook and the inbound parse webhook.
//!
//! In: mails, answers, batches of events, received mails as forms. Out: requests, outcomes, our events,
//! raw mails. There is no idempotency key: what may have been accepted is never repeated, and stays in
//! doubt until an event, or the Email Activity API where it was bought, brings our id back.

mod events;
mod inbound;
mod lookup;
mod outcome;
mod register;
mod send;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Pace, Received, Receives, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
use crate::domain::{Instant, NewEvent};
use crate::signatures::ecdsa::PublicKey;
use crate::signatures::{KeyError, credential};

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
        Field::INBOUND_ADDRESS,
        Field::secret(
            "inbound_password",
            "env:SENDGRID_INBOUND_PASSWORD",
            "The password in the address of the inbound parse webhook; it or inbound_public_key, or mails are refused.",
        ),
        Field::secret(
            "inbound_public_key",
            "env:SENDGRID_INBOUND_PUBLIC_KEY",
            "The public key of the parse webhook's security policy, where it has one: then mails must be signed.",
        ),
        // Accounts in the European region use https://api.eu.sendgrid.com.
        Field::base_url("https://api.sendgrid.com"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "In SendGrid: Settings > Mail Settings > Event Webhook: create one for {url}, with all events.",
        "Turn its Signature Verification on, and copy the verification key into webhook_public_key.",
        "For replies: point the MX record of the inbound domain at mx.sendgrid.net, then Settings > Inbound Parse > Add Host & URL: that domain, {inbound_url} with followup:PASSWORD@ behind https://, and POST the raw, full MIME message.",
    ],
    connect,
};

/// "X-RateLimit-Limit" is 600 a minute on most of its endpoints; mail send has no number, neither in the
/// documentation nor in the OpenAPI document, and tells by 429: this is a pace, not its limit.
const PACE: Pace = Pace {
    calls: 600,
    per_ms: 60_000,
    concurrent_max: 10,
};

const QUIRKS: Quirks = Quirks {
    remarks: &[
        "A mail in doubt can be looked up only where additional email activity history was bought, and never for European subusers.",
    ],
    ..Quirks::NONE
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let sendgrid = Arc::new(SendGrid {
        api_key: settings.needed_secret("api_key")?,
        webhook_public_key: public_key(settings, "webhook_public_key", "the event webhook")?,
        inbound: Inbound {
            domain: settings.inbound_domain(),
            password: settings.password("inbound_password")?,
            public_key: public_key(settings, "inbound_public_key", "the security policy")?,
        },
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        registers: Some(Arc::clone(&sendgrid) as _),
        pace: Some(PACE),
        ..super::connector(&sendgrid)
    })
}

fn public_key(
    settings: &Settings,
    field: &'static str,
    shown: &str,
) -> Result<Option<PublicKey>, Unfit> {
    let key = settings.secret(field);
    key.map(|key| PublicKey::parse(key.expose_secret()))
        .transpose()
        .map_err(|e| Unfit::new(field, e, format!("copy it from {shown}")))
}

/// One SendGrid account.
pub struct SendGrid {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_public_key: Option<PublicKey>,
    inbound: Inbound,
    base_url: String,
}

/// What is known of the inbound parse webhook.
#[derive(Default)]
struct Inbound {
    /// Where replies go.
    domain: Option<String>,
    password: Option<SecretString>,
    public_key: Option<PublicKey>,
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
            inbound: Inbound::default(),
            base_url,
        })
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        let key = self.api_key.expose_secret();
        let mut headers = vec![("authorization", format!("Bearer {key}"))];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request {
            method,
            url: format!("{}{path}", self.base_url.trim_end_matches('/')),
            headers,
            body: body
                .map(|body| body.to_string().into_bytes())
                .unwrap_or_default(),
        }
    }
}

impl Provider for SendGrid {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        self.request(Method::Post, "/v3/mail/send", Some(&send::body(mail)))
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    fn quirks(&self) -> Quirks {
        QUIRKS
    }

    fn lookup(&self, mail: &Mail, _since: Instant, _now: Instant) -> Option<Request> {
        Some(self.request(Method::Get, &lookup::path(mail), None))
    }

    fn looked_up(&self, mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
        lookup::read(mail, answer)
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

impl Receives for SendGrid {
    /// Signed where a security policy signs, else by the password in its address.
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        match (&self.inbound.public_key, &self.inbound.password) {
            (Some(key), _) => events::verify(key, request, now),
            (None, Some(password)) => credential::verify(password, request),
            (None, None) => Err(Refusal::NotConfigured("inbound_password")),
        }
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        inbound::read(request)
    }
}

impl fmt::Debug for SendGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGrid")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
