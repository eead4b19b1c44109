//! Brevo (formerly Sendinblue): transactional e-mail, its webhooks and inbound parsing.
//!
//! In: mails, answers, events one by one or in batches, received mails. Out: requests, outcomes, our
//! events, raw mails. The idempotency key makes a repetition safe for a quarter of an hour; after that
//! a mail in doubt is looked for by its tag. Webhooks are not signed; a password stands in a header.

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

use crate::domain::Instant;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Pace, Received, Receives, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::instant::MINUTE_MS;
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
use crate::signatures::credential;

pub const KIND: Kind = Kind {
    name: "brevo",
    title: "Brevo",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "api_key",
            "env:BREVO_API_KEY",
            "An API key: SMTP & API > API Keys.",
        )
        .needed(),
        Field::secret(
            "webhook_password",
            "env:BREVO_WEBHOOK_PASSWORD",
            "The token that its webhooks show; without it, they are refused.",
        ),
        Field::INBOUND_ADDRESS,
        Field::base_url("https://api.brevo.com/v3"),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In Brevo: Transactional > Settings > Webhook > Add a new webhook: {url}, all events.",
        "Choose token as its authentication method, and write webhook_password there.",
        "For replies: point the MX records of the inbound domain at Brevo, and let `followup connect` create the inbound webhook for {inbound_url}; Brevo has no page for it.",
        "Turn Brevo's own tracking of opens and clicks off in the settings of transactional e-mail.",
    ],
    connect,
};

/// The changelog says 15 minutes, the page "Idempotency for batch emails" 30: the shorter, less what
/// clocks, queues and time-outs may take off it.
const REPEATABLE_MS: i64 = 12 * MINUTE_MS;

/// "POST /v3/smtp/email: 1,000 RPS" but "GET /v3/smtp/emails: 2 RPS" and others less (Brevo
/// documentation, "Rate limits"): one pace for all, which look-ups only seldom exceed.
const PACE: Pace = Pace {
    calls: 10,
    per_ms: 1_000,
    concurrent_max: 5,
};

const QUIRKS: Quirks = Quirks {
    keeps_message_id: false,
    keeps_threading: false,
    keeps_unsubscribe: false,
    needs_html: true,
    remarks: &[
        "Brevo documents its headers as \"not the standard headers\": In-Reply-To and References are not handed over, List-Unsubscribe is; whether recipients see it was not verified.",
        "Headers beyond ASCII are left out, since Brevo sends them unencoded.",
        "Our id is visible to recipients in X-Mailin-custom.",
        "Opens and clicks cannot be left uncounted mail by mail: turn its tracking off in the account.",
    ],
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let brevo = Arc::new(Brevo {
        api_key: settings.needed_secret("api_key")?,
        webhook_password: settings.password("webhook_password")?,
        inbound_domain: settings.inbound_domain(),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        // A webhook that shows no password would be refused.
        registers: brevo
            .webhook_password
            .is_some()
            .then(|| Arc::clone(&brevo) as _),
        pace: Some(PACE),
        ..super::connector(&brevo)
    })
}

/// One Brevo account.
pub struct Brevo {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_password: Option<SecretString>,
    /// Where replies go.
    inbound_domain: Option<String>,
    base_url: String,
}

impl Brevo {
    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        let mut headers = vec![
            ("api-key", self.api_key.expose_secret().to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request {
            method,
            url: format!("{}{path}", self.base_url),
            headers,
            body: body
                .map(|body| body.to_string().into_bytes())
                .unwrap_or_default(),
        }
    }

    /// Over the headers alone: the body is not signed.
    fn check(&self, request: &HookRequest) -> Result<(), Refusal> {
        credential::verify_webhook(self.webhook_password.as_ref(), request)
    }
}

impl Provider for Brevo {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        self.request(Method::Post, "/smtp/email", Some(&send::body(mail)))
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

    fn lookup(&self, mail: &Mail, since: Instant, now: Instant) -> Option<Request> {
        let path = lookup::path(mail, since, now);
        Some(self.request(Method::Get, &path, None))
    }

    fn looked_up(&self, mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
        lookup::read(mail, answer)
    }
}

impl Hook for Brevo {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    /// "Batched webhooks" send arrays, the others one event a request.
    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        match parse_json(&request.body)? {
            Value::Array(items) => Batch::collect(&items, |item| events::read(item, now)),
            item @ Value::Object(_) => Batch::collect(&[item], |item| events::read(item, now)),
            _ => Err(Malformed(
                "the body is neither an event nor a list of events of Brevo".to_owned(),
            )),
        }
    }
}

impl Receives for Brevo {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        inbound::read(&parse_json(&request.body)?)
    }
}

impl fmt::Debug for Brevo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brevo")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
