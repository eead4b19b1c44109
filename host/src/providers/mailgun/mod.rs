//! Mailgun: the messages API of one domain, its webhooks, and mails that a route forwards.
//!
//! In: mails, answers, webhooks. Out: requests, outcomes, our events, received mails. There is no
//! idempotency key, but the events can be searched by the Message-ID that we choose. Webhooks carry a
//! signed time, and beside it an event that is not signed.

mod events;
mod inbound;
mod lookup;
mod outcome;
mod register;
mod send;
mod verify;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::Instant;
use crate::domain::answer::{ask_failure, line};
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Probes, Received, Receives, Registered,
    Registers, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};

pub const KIND: Kind = Kind {
    name: "mailgun",
    title: "Mailgun",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "api_key",
            "env:MAILGUN_API_KEY",
            "An API key of the account; a sending key of the domain sends, but can neither look up nor register.",
        )
        .needed(),
        Field::text(
            "domain",
            "mg.example.com",
            "The sending domain, as Mailgun lists it.",
        )
        .needed(),
        Field::secret(
            "webhook_signing_key",
            "env:MAILGUN_WEBHOOK_SIGNING_KEY",
            "The HTTP webhook signing key of the account; without it, its events and mails are refused.",
        ),
        Field::INBOUND_ADDRESS,
        // Domains in the EU live at https://api.eu.mailgun.net, and there only.
        Field::base_url("https://api.mailgun.net"),
    ],
    authenticity: Authenticity::SignedTime,
    steps: &[
        "In Mailgun: Sending > Webhooks, for the domain: add {url} for every event type.",
        "Copy the HTTP webhook signing key (Settings > API security) into webhook_signing_key.",
        "Turn unsubscribe tracking of the domain off: the links of Followup's mails are its own.",
        "To receive replies: Receiving > Create route: match recipient, forward to {inbound_url}?as=mime.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let domain = settings.needed_text("domain")?.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if domain.is_empty() || !domain.chars().all(is_name) {
        let remedy = "write it as Mailgun lists it, like mg.example.com";
        return Err(Unfit::new("domain", "is no domain", remedy));
    }
    let mailgun = Arc::new(Mailgun {
        api_key: settings.needed_secret("api_key")?,
        domain: domain.to_owned(),
        webhook_signing_key: settings.password("webhook_signing_key")?,
        inbound_address: settings.text("inbound_address").map(str::to_owned),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        registers: Some(Arc::clone(&mailgun) as _),
        ..super::connector(&mailgun)
    })
}

/// One domain of a Mailgun account.
pub struct Mailgun {
    api_key: SecretString,
    domain: String,
    /// Without one, every webhook is refused.
    webhook_signing_key: Option<SecretString>,
    inbound_address: Option<String>,
    base_url: String,
}

impl Mailgun {
    fn authorization(&self) -> String {
        let key = self.api_key.expose_secret().trim();
        format!("Basic {}", STANDARD.encode(format!("api:{key}")))
    }

    fn get(&self, path: &str) -> Request {
        Request {
            method: Method::Get,
            url: format!("{}{path}", self.base_url),
            headers: vec![("authorization", self.authorization())],
            body: Vec::new(),
        }
    }

    fn signing_key(&self) -> Result<&SecretString, Refusal> {
        let key = self.webhook_signing_key.as_ref();
        key.ok_or(Refusal::NotConfigured("webhook_signing_key"))
    }
}

impl Provider for Mailgun {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        let url = format!("{}/v3/{}/messages", self.base_url, self.domain);
        send::request(&url, self.authorization(), mail)
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    fn quirks(&self) -> Quirks {
        Quirks {
            remarks: &[
                "a display name with both accents and punctuation may arrive with visible quotes",
                "unsubscribe tracking, where the domain has it on, adds a second link: turn it off",
            ],
            ..Quirks::NONE
        }
    }

    fn lookup(&self, mail: &Mail, since: Instant, now: Instant) -> Option<Request> {
        let query = lookup::query(mail, since, now);
        Some(self.get(&format!("/v3/{}/events?{query}", self.domain)))
    }

    fn looked_up(&self, mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
        lookup::read(mail, answer)
    }
}

impl Hook for Mailgun {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        verify::verify(self.signing_key()?, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let body = parse_json(&request.body)?;
        if !body.is_object() {
            return Err(Malformed(
                "the body is no JSON object: Mailgun sends one event a request".to_owned(),
            ));
        }
        Batch::collect(&[body], |item| events::read(item, now))
    }
}

impl Receives for Mailgun {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        verify::verify_mail(self.signing_key()?, request, now)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        inbound::mails(request)
    }
}

impl Registers for Mailgun {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        register::requests(self, url, inbound_url)
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        register::read(answers)
    }
}

impl Probes for Mailgun {
    fn request(&self, _now: Instant) -> Request {
        self.get(&format!("/v4/domains/{}", self.domain))
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |key: &str| body.pointer(key).and_then(Value::as_str);
        let Some(name) = text("/domain/name").filter(|_| answer.status == 200) else {
            let hint = "check api_key and base_url; a domain's sending key cannot be asked about the domain";
            return Err(refusal(answer, hint));
        };
        let state = text("/domain/state").unwrap_or("state unknown");
        Ok(format!("domain {name} ({state})"))
    }
}

/// Of calls about the domain: "Domain not found" is a setting to be put right, no object that was deleted.
fn refusal(answer: &Response, hint: &str) -> AskError {
    let said = explanation(answer);
    match ask_failure("Mailgun", answer, &said, hint) {
        AskError::Gone => {
            AskError::Refused(format!("{} (check domain)", line("Mailgun", answer, &said)))
        }
        other => other,
    }
}

/// `{"message"}`, `{"Reason"}` of webhooks, or plain text as `Forbidden`.
fn explanation(answer: &Response) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = ["message", "Reason"]
        .into_iter()
        .find_map(|key| body.get(key)?.as_str());
    let plain = || String::from_utf8(answer.body.clone()).unwrap_or_default();
    text.map_or_else(plain, str::to_owned)
}

impl fmt::Debug for Mailgun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailgun")
            .field("domain", &self.domain)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
