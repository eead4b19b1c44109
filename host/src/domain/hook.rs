//! A webhook as the mappings see it: raw bytes in, verdict or events out.

use std::borrow::Cow;

use serde_json::Value;

use super::http::Request;
use super::{Instant, NewEvent};

/// A received request, before anything in it is believed.
#[derive(Debug, Clone)]
pub struct HookRequest {
    /// Upper-case.
    pub method: String,
    /// The public URL the sender called, rebuilt from configuration (never from the Host header).
    pub url: String,
    /// Names in lower case; a name may occur more than once.
    pub headers: Vec<(String, String)>,
    /// The bytes as they came: signatures are over these.
    pub body: Vec<u8>,
    /// The certificate (PEM) that `Hook::certificate_url` asked for.
    pub certificate: Option<Vec<u8>>,
}

impl HookRequest {
    /// The one value of a header. A header sent twice is refused: two verifiers could read two
    /// different ones.
    pub fn header(&self, name: impl Into<Cow<'static, str>>) -> Result<&str, Refusal> {
        let name = name.into();
        let mut values = self.headers.iter().filter(|(n, _)| *n == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => Err(Refusal::MissingHeader(name)),
            (Some(_), Some(_)) => Err(Refusal::RepeatedHeader(name)),
        }
    }
}

/// Why a sender is not believed. All of these answer 401 and change nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("header {0} is missing")]
    MissingHeader(Cow<'static, str>),
    #[error("header {0} was sent more than once")]
    RepeatedHeader(Cow<'static, str>),
    #[error("header {0} cannot be read")]
    MalformedHeader(Cow<'static, str>),
    #[error(
        "the signature does not match: check the secret of this connection and, for senders that sign the URL, server.public_url"
    )]
    BadSignature,
    #[error(
        "the timestamp is {age_s} s away from our clock, more than the {tolerance_s} s allowed: check both clocks"
    )]
    Stale { age_s: i64, tolerance_s: i64 },
    #[error("this connection has no {0}: set it in followup.toml, nothing is accepted without")]
    NotConfigured(&'static str),
    /// What it shows is not what this connection believes, in a sentence that says what to change.
    #[error("{0}")]
    NotOurs(&'static str),
}

/// How far a signed timestamp may lie from our clock, either way.
pub const TOLERANCE_MS: i64 = 5 * 60 * 1000;

/// Refuses a signed timestamp that is too far from now, in the past or in the future.
pub fn check_fresh(signed_at: Instant, now: Instant) -> Result<(), Refusal> {
    let age_ms = now.since_ms(signed_at);
    if age_ms.saturating_abs() > TOLERANCE_MS {
        return Err(Refusal::Stale {
            age_s: age_ms / 1000,
            tolerance_s: TOLERANCE_MS / 1000,
        });
    }
    Ok(())
}

/// The body as a whole is not what this sender sends: answered 400, with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// The most events that one request may carry; senders stay far below (HubSpot 100, SendGrid hundreds).
pub const BATCH_MAX_EVENTS: usize = 10_000;

/// The body as JSON.
pub fn parse_json(body: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(body).map_err(|e| Malformed(format!("the body is no JSON: {e}")))
}

/// What one request said.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Batch {
    pub events: Vec<NewEvent>,
    /// The parts that could not be read; the rest counts all the same.
    pub rejected: Vec<Rejected>,
}

impl Batch {
    /// Reads the items of a batch one by one: one that cannot be read does not spoil the others.
    /// `read` answers with what is wrong, to which the place in the batch is added.
    pub fn collect(
        items: &[Value],
        read: impl Fn(&Value) -> Result<NewEvent, String>,
    ) -> Result<Self, Malformed> {
        if items.len() > BATCH_MAX_EVENTS {
            return Err(Malformed(format!(
                "{} events in one request, {BATCH_MAX_EVENTS} allowed: send smaller batches",
                items.len()
            )));
        }
        let mut batch = Self::default();
        for (index, item) in items.iter().enumerate() {
            match read(item) {
                Ok(event) => batch.events.push(event),
                Err(what) => batch.rejected.push(Rejected {
                    index,
                    reason: format!("events[{index}]: {what}"),
                }),
            }
        }
        Ok(batch)
    }
}

/// One part of a batch that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rejected {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// The one body that a sender understands as "taken in".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgement {
    pub content_type: &'static str,
    pub body: &'static str,
}

/// A sender of webhooks: pure, everything it needs comes in as an argument.
pub trait Hook: Send + Sync {
    /// Whether the request deserves that its body is read at all, by its headers alone. For senders
    /// whose bodies are large; it takes the place of nothing in `verify`.
    fn admit(&self, _head: &HookRequest) -> Result<(), Refusal> {
        Ok(())
    }

    /// The largest body it may send, in bytes; none where the server's own limit holds.
    fn body_max_bytes(&self) -> Option<usize> {
        None
    }

    /// Where the certificate is that this request is signed with, for senders that sign so. The address
    /// is checked to be one of the sender's; nothing else is believed yet.
    fn certificate_url(&self, _request: &HookRequest) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    /// The call that confirms a subscription, where the (verified) request asks for it.
    fn confirmation(&self, _request: &HookRequest) -> Option<Request> {
        None
    }

    /// What this sender must be answered when everything was taken in; none where any 2xx will do.
    fn acknowledgement(&self) -> Option<Acknowledgement> {
        None
    }

    /// Whether the request is from who it says, over the raw bytes, before any parsing.
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal>;

    /// Its events in our words. Unknown kinds become a custom name, never an error.
    /// `now` stands in where the sender told no time.
    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed>;
}
