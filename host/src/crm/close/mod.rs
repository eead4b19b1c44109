//! Close: signed webhooks of its event log, the log itself, and the API that takes writes.
//!
//! In: one event a webhook, signed with its time (`verify`), with the whole object in it. Out: events
//! in our words. A lead is a company that holds contacts: what happens to a lead, an opportunity or an
//! activity goes to the contact it names, or else to each contact of the lead. The reconcile poll
//! reads the same event log that the webhooks are made of. Never: OAuth; an API key does.
//!
//! Sources: developer.close.com, "Webhooks", "List of Event Types", "Rate Limits"; its OpenAPI document.
//! Failed webhooks are retried for 72 hours; after three days of failure the subscription is paused.

mod events;
mod fields;
mod hydrate;
mod reconcile;
mod register;
mod verify;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Hydrates, Kind, Pace, Probes, Reconciles, Registers,
    Settings, Sort, Unfit, WritesBack,
};
use crate::domain::fields as read;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::{HOUR_MS, SECOND_MS};

pub use verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// The field that registering fills in.
const SIGNATURE_KEY: &str = "signature_key";

pub const KIND: Kind = Kind {
    name: "close",
    title: "Close",
    sort: Sort::Crm,
    fields: &[
        Field::secret(
            "api_key",
            "env:CLOSE_API_KEY",
            "Settings > Developer > API Keys, of an administrator.",
        )
        .needed(),
        Field::secret(
            SIGNATURE_KEY,
            "env:CLOSE_SIGNATURE_KEY",
            "The webhook subscription's signature key, shown once when it is made: signs webhooks.",
        ),
        Field::base_url("https://api.close.com/api/v1"),
    ],
    authenticity: Authenticity::SignedWithTime,
    steps: &[
        "Close has no page for webhooks: `followup connect` registers them by its API, and shows the \
         signature key once.",
        "By hand: POST https://api.close.com/api/v1/webhook/ with your API key as the user, no password, \
         and the body {\"url\": \"{url}\", \"events\": [{\"object_type\": \"contact\", \"action\": \"created\"}, ...]}; \
         keep the signature_key of the answer.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let key = settings.secret(SIGNATURE_KEY).map(verify::key).transpose();
    let close = Arc::new(Close {
        base_url: settings.base_url()?,
        api_key: settings.needed_secret("api_key")?,
        signature_key: key?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&close) as Arc<dyn Hook>),
        hydrates: Some(Arc::clone(&close) as Arc<dyn Hydrates>),
        reconciles: Some(Arc::clone(&close) as Arc<dyn Reconciles>),
        writes: Some(Arc::clone(&close) as Arc<dyn WritesBack>),
        registers: Some(Arc::clone(&close) as Arc<dyn Registers>),
        probes: Some(close),
        // "20 RPS" for each API key is the example of the page "Rate Limits"; the limits themselves
        // differ by endpoint and are told by headers.
        pace: Some(Pace {
            calls: 10,
            per_ms: SECOND_MS,
            concurrent_max: 4,
        }),
        ..Connector::default()
    })
}

/// One connected Close organization.
struct Close {
    base_url: String,
    api_key: SecretString,
    /// Without it no webhook is believed.
    signature_key: Option<verify::Key>,
}

impl Hook for Close {
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let key = self.signature_key.as_ref();
        let key = key.ok_or(Refusal::NotConfigured(SIGNATURE_KEY))?;
        verify::verify(key, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        events::batch(&parse_json(&request.body)?, now)
    }
}

impl Probes for Close {
    fn request(&self, _now: Instant) -> Request {
        self.get("/me/")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = success(answer)?;
        let organization = call::items(&body, "organizations")
            .iter()
            .find_map(|item| read::text(item, "name"))
            .unwrap_or("an organization without a name");
        let user = read::text(&body, "email").unwrap_or("a user without an address");
        Ok(format!("{organization}, as {user}"))
    }
}

impl Close {
    fn get(&self, path: &str) -> Request {
        call::get(format!("{}{path}", self.base_url), Some(self.credentials()))
    }

    fn send(&self, method: Method, path: &str, body: &Value) -> Request {
        let url = format!("{}{path}", self.base_url);
        call::send(method, url, Some(self.credentials()), body)
    }

    /// "The API key acts as the username and the password is always empty" (Authentication with API Keys).
    fn credentials(&self) -> (&'static str, String) {
        let user = format!("{}:", self.api_key.expose_secret().trim());
        ("authorization", format!("Basic {}", STANDARD.encode(user)))
    }
}

/// The body of a good answer.
fn success(answer: &Response) -> Result<Value, AskError> {
    let body = answer.json();
    if answer.status == 200 && body.is_object() {
        return Ok(body);
    }
    let hint = "check api_key, and that its user is an administrator";
    let error = answer::ask_failure("Close", answer, &explanation(answer), hint);
    Err(call::asking(error, wait_ms(answer)))
}

/// `{"error": "..."}`, or what is wrong with each field.
fn explanation(answer: &Response) -> String {
    let body = answer.json();
    if let Some(said) = read::text(&body, "error") {
        return said.to_owned();
    }
    ["field-errors", "errors"]
        .iter()
        .filter_map(|key| body.get(*key))
        .find(|value| value.as_array().is_none_or(|list| !list.is_empty()))
        .map(Value::to_string)
        .unwrap_or_default()
}

/// `RateLimit: limit=100, remaining=50, reset=5`: "please sleep/pause for the number of seconds specified by
/// the `rate_reset` value"; decimals are allowed (Rate Limits).
fn wait_ms(answer: &Response) -> Option<i64> {
    let reset = answer
        .header("ratelimit")?
        .split(',')
        .find_map(|part| part.trim().strip_prefix("reset="))?;
    let (whole, rest) = reset.trim().split_once('.').unwrap_or((reset.trim(), ""));
    let seconds: i64 = whole.parse().ok()?;
    // A part of a second is waited as a whole one.
    let seconds = seconds.checked_add(i64::from(rest.bytes().any(|b| b != b'0')))?;
    let ms = seconds.checked_mul(SECOND_MS)?;
    (0..=24 * HOUR_MS).contains(&ms).then_some(ms)
}

impl fmt::Debug for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Close")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_header_says_how_long() {
        for (header, expect) in [
            ("limit=100, remaining=0, reset=5", Some(5_000)),
            ("limit=100, remaining=0, reset=0.25", Some(1_000)),
            ("limit=100,remaining=0,reset=2.0", Some(2_000)),
            ("limit=100, remaining=0", None),
            ("reset=soon", None),
            ("reset=99999999999999999999", None),
        ] {
            let answer = Response {
                status: 429,
                headers: vec![("ratelimit".to_owned(), header.to_owned())],
                body: Vec::new(),
            };
            assert_eq!(wait_ms(&answer), expect, "{header}");
        }
    }
}
