//! An e-mail ready to hand to a provider, and what the provider made of it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::connector::AskError;
use super::http::{Failure, Request, Response};
use super::{EmailAddress, Instant};

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
    /// What its provider makes of mails: they are composed for it.
    pub quirks: Quirks,
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
    /// For the provider's statistics: the sequence.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// What became of handing a mail to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The provider took it on.
    Accepted {
        /// Its own id, where it gives one.
        provider_id: Option<String>,
        /// The Message-ID that the recipient sees, without brackets, where the provider replaces ours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
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

impl Outcome {
    /// Taken on under the provider's own id, our Message-ID unchanged.
    pub fn accepted(provider_id: Option<String>) -> Self {
        Self::Accepted {
            provider_id,
            message_id: None,
        }
    }
}

/// What a provider makes of a mail that we would have otherwise. The composer writes for it, and
/// `followup check` and `doctor` say what it costs.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a provider, not states of one thing"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// Sends our Message-ID on. Where not, answers are recognised by the provider's.
    pub keeps_message_id: bool,
    /// Sends In-Reply-To and References on, so that follow-ups stand in their thread. Where not, they
    /// are composed as mails of their own.
    pub keeps_threading: bool,
    /// Sends our List-Unsubscribe on (RFC 8058). Where not, the link in the text is the way out.
    pub keeps_unsubscribe: bool,
    /// Refuses a mail without an HTML part: a plain text is composed with one that looks the same.
    pub needs_html: bool,
    /// Further sentences for people.
    pub remarks: &'static [&'static str],
}

impl Quirks {
    /// Sends everything as it is.
    pub const NONE: Self = Self {
        keeps_message_id: true,
        keeps_threading: true,
        keeps_unsubscribe: true,
        needs_html: false,
        remarks: &[],
    };
}

/// An e-mail provider's HTTP API: pure, the call itself is made by `net`.
pub trait Provider: Send + Sync {
    /// The call that sends `mail`. The same mail gives the same bytes but for what is signed with `now`.
    fn send_request(&self, mail: &Mail, now: Instant) -> Request;

    /// What the answer, or its absence, means by the provider's own documentation.
    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome;

    /// How long after the first attempt the same request may be repeated without a second mail;
    /// none where the provider has no idempotency key.
    fn repeatable_ms(&self) -> Option<i64>;

    fn quirks(&self) -> Quirks {
        Quirks::NONE
    }

    /// The call that looks for a mail whose sending began at `since` and was never answered; none where
    /// the provider cannot be searched.
    fn lookup(&self, _mail: &Mail, _since: Instant, _now: Instant) -> Option<Request> {
        None
    }

    /// The mail, if the search found it: then it was accepted. That it was not found proves nothing by
    /// itself, since searches lag behind.
    fn looked_up(&self, _mail: &Mail, _answer: &Response) -> Result<Option<Outcome>, AskError> {
        Ok(None)
    }
}

/// A mail server that takes mail for submission (RFC 6409).
#[derive(Debug, Clone)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// Name and password, where it asks for them.
    pub login: Option<(String, SecretString)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (port 465, RFC 8314).
    Tls,
    /// After STARTTLS, and not at all without it (port 587).
    StartTls,
    /// None: only for a relay on this machine or in the same private network.
    None,
}
