//! Postmark: the e-mail API, its webhooks and its inbound stream.
//!
//! In: mails, answers, one event or one received mail a request. Out: requests, outcomes, our events,
//! raw mails. There is no idempotency key: what may have been accepted is looked up by our id in the
//! metadata, and never repeated before. Webhooks are not signed; a password stands in their address.

mod events;
mod inbound;
mod lookup;
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
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
use crate::signatures::credential;

pub const KIND: Kind = Kind {
    name: "postmark",
    title: "Postmark",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "server_token",
            "env:POSTMARK_SERVER_TOKEN",
            "The API token of the server: Servers > the server > API Tokens.",
        )
        .needed(),
        Field::text(
            "message_stream",
            "outbound",
            "The message stream that sends; mail to many belongs in a broadcast stream.",
        )
        .by_default("outbound"),
        Field::secret(
            "webhook_password",
            "env:POSTMARK_WEBHOOK_PASSWORD",
            "The password that its webhooks show; without it, they are refused.",
        ),
        Field::INBOUND_ADDRESS,
        Field::base_url("https://api.postmarkapp.com"),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In Postmark: the server > the message stream > Webhooks > Add webhook: {url}, all events.",
        "Under Basic auth credentials there, write any name and webhook_password as the password.",
        "For replies: the server > Inbound Stream > Settings: {inbound_url} with followup:PASSWORD@ behind https://, and Include raw email content.",
    ],
    connect,
};

/// Not documented as a number: "Postmark rate limits vary by plan"; its own skills pages send
/// 25 in a second.
const PACE: Pace = Pace {
    calls: 25,
    per_ms: 1_000,
    concurrent_max: 10,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let postmark = Arc::new(Postmark {
        server_token: settings.needed_secret("server_token")?,
        message_stream: settings.needed_text("message_stream")?.to_owned(),
        webhook_password: settings.password("webhook_password")?,
        receives: settings.text(Field::INBOUND_ADDRESS.key).is_some(),
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        // A webhook that shows no password would be refused.
        registers: postmark
            .webhook_password
            .is_some()
            .then(|| Arc::clone(&postmark) as _),
        pace: Some(PACE),
        ..super::connector(&postmark)
    })
}

/// One Postmark server.
pub struct Postmark {
    server_token: SecretString,
    message_stream: String,
    /// Without one, every webhook is refused.
    webhook_password: Option<SecretString>,
    receives: bool,
    base_url: String,
}

impl Postmark {
    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> Request {
        let mut headers = vec![
            (
                "x-postmark-server-token",
                self.server_token.expose_secret().to_owned(),
            ),
            ("accept", "application/json".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request {
            method,
            url: format!("{}{path}", self.base_url),
            headers,
            body,
        }
    }

    /// Answered 401 and never 403: "a 403 response immediately stops all retries".
    fn check(&self, request: &HookRequest) -> Result<(), Refusal> {
        credential::verify_webhook(self.webhook_password.as_ref(), request)
    }
}

impl Provider for Postmark {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        let body = send::body(mail, &self.message_stream).to_string();
        self.request(Method::Post, "/email", body.into_bytes())
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    fn quirks(&self) -> Quirks {
        Quirks {
            remarks: send::REMARKS,
            ..Quirks::NONE
        }
    }

    fn lookup(&self, mail: &Mail, _since: Instant, _now: Instant) -> Option<Request> {
        let path = lookup::path(mail, &self.message_stream);
        Some(self.request(Method::Get, &path, Vec::new()))
    }

    fn looked_up(&self, mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
        lookup::read(mail, answer)
    }
}

impl Hook for Postmark {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let body = parse_json(&request.body)?;
        if !body.is_object() {
            return Err(Malformed(
                "the body is no JSON object: Postmark sends one event a request".to_owned(),
            ));
        }
        Batch::collect(&[body], |item| events::read(item, now))
    }
}

impl Receives for Postmark {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        let mail: RawMail = inbound::read(&parse_json(&request.body)?)?;
        Ok(vec![Received::Whole(mail)])
    }
}

impl fmt::Debug for Postmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postmark")
            .field("message_stream", &self.message_stream)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
