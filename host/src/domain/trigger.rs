//! What a trigger is given and gives back: a foreign webhook or a poll in, events out.

use std::collections::BTreeMap;

use super::event::kind;
use super::{Instant, JsonMap};

/// The longest dedupe key, in bytes.
pub const DEDUPE_KEY_MAX_BYTES: usize = 200;

/// Kinds that only the host itself, our own pages and the e-mail provider may tell.
const NOT_FOR_TRIGGERS: &[&str] = &[
    kind::TIMER_FIRED,
    kind::ENROLLED,
    kind::ENROL_ASKED,
    kind::OPTED_IN,
    kind::MACHINE_OPENED,
    kind::MACHINE_CLICKED,
    kind::EMAIL_OPENED,
    kind::EMAIL_DELIVERED,
    kind::EMAIL_DEFERRED,
    kind::EMAIL_ACCEPTED,
    kind::EMAIL_DROPPED,
];

/// Whether a trigger may bring events of this kind.
pub fn may_bring(kind: &str) -> bool {
    !NOT_FOR_TRIGGERS.contains(&kind)
}

/// What every call of a trigger is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerContext {
    pub now: Instant,
    pub seed: u64,
    /// The connection's name.
    pub connection: String,
    /// Its configuration, JSON text valid against the manifest's schema.
    pub config: String,
}

/// A foreign request, within the door's limits and verified where the manifest says how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerRequest {
    /// Upper-case.
    pub method: String,
    /// What follows the connection's name, `/` at least.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// What the sender is told, where the trigger has a say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// How a foreign system names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerContact {
    Email(String),
    External(String),
    /// What stood behind a link of one of our mails.
    Token(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TriggerEvent {
    /// Unique within the connection: the same key twice is one event.
    pub dedupe_key: String,
    pub kind: String,
    pub occurred_at: Instant,
    pub contact: TriggerContact,
    /// Fields of the contact.
    pub fields: JsonMap,
    pub data: JsonMap,
}

/// The answer to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub events: Vec<TriggerEvent>,
    /// None answers 202.
    pub response: Option<TriggerResponse>,
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub events: Vec<TriggerEvent>,
    /// JSON text for the next poll.
    pub cursor: Option<String>,
    /// None keeps the configured interval.
    pub next_at: Option<Instant>,
}
