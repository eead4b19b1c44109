//! The door: HTTP in, events stored, answer out.
//!
//! limit → verify over the raw bytes → normalize (pure) → one transaction → 2xx. The transaction
//! applies exit conditions and cancels what has not been handed to a provider, and the answer waits
//! for the calls that a provider holds at that moment: once a reply is acknowledged, nothing
//! further goes out. Writes events, contacts, enrollments, timers, messages, suppressions. Never
//! decides, never sends. For a trigger its plugin normalizes, and may say what the sender is told.
//!
//! Status codes are chosen for what senders make of them (HubSpot gives up for good on 400, 401,
//! 403, 404 and 405; all retry on 429, 503 and time-outs): a broken store, a full queue and too
//! many requests answer 503 with Retry-After, so that nothing is lost by us being busy.

mod answer;
mod body;
mod call_out;
mod door;
mod trigger;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

use crate::clock::Clock;
use crate::domain::hook::Hook;
use crate::net::Net;
use crate::store;
use crate::store::intake::Reactions;

pub use door::router;
pub use trigger::{CALLS_MAX, Listener};

/// What the door works with.
#[derive(Clone)]
pub struct Door {
    pub store: store::Shared,
    pub clock: Arc<dyn Clock>,
    /// For the certificates and confirmations that some senders ask for.
    pub net: Arc<Net>,
    /// By name, as in `/hooks/{connection}`; received mails of a provider under `inbound(name)`.
    pub connections: Arc<HashMap<String, Connection>>,
    /// Those that a plugin listens for.
    pub triggers: Arc<HashMap<String, Listener>>,
    pub reactions: Arc<Reactions>,
    /// Of senders that sign with one, by address.
    pub certificates: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    /// What senders call us, without a slash at the end: some sign the URL.
    pub public_url: String,
    pub limits: Limits,
    /// Requests under way; `limits.concurrent_max` permits.
    pub permits: Arc<Semaphore>,
}

/// What stands below a connection's address where its provider posts received mails.
const INBOUND: &str = "inbound";

/// The name under which a connection's received mails come in.
pub fn inbound(connection: &str) -> String {
    format!("{connection}/{INBOUND}")
}

/// A sender of webhooks.
#[derive(Clone)]
pub struct Connection {
    pub hook: Arc<dyn Hook>,
    /// Whether the people it speaks of become contacts: a CRM's do, a mail provider's do not.
    pub creates_contacts: bool,
}

/// The door's limits, by name as in `[server]`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub body_max_bytes: usize,
    /// How long a sender may take to send its body.
    pub body_timeout_ms: u64,
    pub concurrent_max: usize,
    /// How long an answer waits for calls to a provider that an exit condition came too late for.
    pub exit_wait_ms: u64,
}
