//! An e-mail ready to hand to a provider, and what the provider made of it.

use serde::{Deserialize, Serialize};

use super::EmailAddress;

/// A name and an address, as in a From line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: EmailAddress,
}

/// Who a sequence writes as, and through which connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name in the configuration.
    pub name: String,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// The connection that sends.
    pub connection: String,
    /// Where answers come in: each mail gets its own `+TOKEN` in it.
    pub inbound: Option<EmailAddress>,
    /// Where people may write to be taken off.
    pub unsubscribe_mailto: Option<EmailAddress>,
    /// What is counted of its mails; none where nothing is.
    pub tracking: Option<TrackingDomain>,
}

/// The sender's own domain for links that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingDomain {
    /// `https://go.acme.example`.
    pub base_url: String,
    pub opens: bool,
    pub clicks: bool,
}

/// One message for one recipient, composed and final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Our deterministic message id (`msg_…`, `[a-z0-9_]`): idempotency key and metadata.
    pub id: String,
    pub from: Mailbox,
    pub to: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub text: String,
    /// None in a plain-text message.
    pub html: Option<String>,
    /// RFC 5322 Message-ID without the angle brackets.
    pub message_id: String,
    /// Message-IDs without angle brackets; the parent is the last of `references` too.
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// Further headers, by name: `List-Unsubscribe`, ...
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What the counted links lead to, by their index: a redirect goes nowhere else.
    #[serde(default)]
    pub links: Vec<String>,
}

/// What became of handing a mail to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The provider took it on; its own id, where it gives one.
    Accepted { provider_id: Option<String> },
    /// Refused for good: sending the same again would be refused again.
    Rejected { reason: String },
    /// Certainly not accepted; worth repeating, not before `after_ms` where the provider said so.
    Retry {
        reason: String,
        after_ms: Option<i64>,
    },
    /// It may have been accepted.
    InDoubt { reason: String },
}

/// An e-mail provider's HTTP API: pure, the call itself is made by `net`.
pub trait Provider: Send + Sync {
    /// The call that sends `mail`. The same mail gives the same bytes.
    fn send_request(&self, mail: &Mail) -> super::http::Request;

    /// What the answer, or its absence, means by the provider's own documentation.
    fn outcome(&self, answer: &Result<super::http::Response, super::http::Failure>) -> Outcome;

    /// How long after the first attempt the same request may be repeated without a second mail;
    /// none where the provider has no idempotency key.
    fn repeatable_ms(&self) -> Option<i64>;
}
