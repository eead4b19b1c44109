//! The deliver loop: due messages in, calls to providers out, outcomes recorded.
//!
//! A message is composed, judged once more by the guardrails, and claimed: its status, its final
//! bytes and an attempt row are committed *before* the provider is called, the outcome after. So a
//! crash leaves "in doubt", never "unknown to us". Reads and writes messages and attempts.
//! Never decides what to send: what is not in the outbox does not exist here.

mod breakers;
mod judge;
mod lookup;
mod next;
mod recover;
mod send;
mod tick;
mod unanswered;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::compose::{Letterhead, Templates};
use crate::domain::backoff::Backoff;
use crate::domain::mail::Provider;
use crate::domain::touch::Lookback;
use crate::guardrails::Breaker;
use crate::guardrails::{Rules, Sender};
use crate::net::{Net, Reach, Submitter};
use crate::store;

pub use tick::Progress;
pub use unanswered::Unanswered;

/// Everything the loop works with.
#[derive(Clone)]
pub struct Deliverer {
    pub store: store::Shared,
    pub templates: Arc<Templates>,
    pub letterhead: Arc<Letterhead>,
    pub calendar: Arc<Calendar>,
    /// By name, as messages refer to them.
    pub sequences: Arc<HashMap<String, Arc<Rules>>>,
    pub identities: Arc<HashMap<String, Sender>>,
    /// By the name of the connection.
    pub transports: Arc<HashMap<String, Transport>>,
    pub net: Arc<Net>,
    /// How far back the limits look.
    pub lookback: Lookback,
    pub breaker: Breaker,
    /// Of this host; empty at its start.
    pub unanswered: Unanswered,
    pub limits: Limits,
}

/// How mail leaves through a connection.
#[derive(Clone)]
pub enum Transport {
    Http {
        provider: Arc<dyn Provider>,
        reach: Reach,
    },
    /// Hands mails to a mail server.
    Smtp(Arc<Submitter>),
    /// Writes RFC 5322 files into a folder; the same message is the same file.
    Capture { folder: PathBuf },
}

impl Transport {
    /// How long after the first attempt the same request may be repeated without a second mail.
    pub fn repeatable_ms(&self) -> Option<i64> {
        match self {
            Self::Http { provider, .. } => provider.repeatable_ms(),
            // A server takes the same mail twice.
            Self::Smtp(_) => None,
            // A file is replaced by itself.
            Self::Capture { .. } => Some(i64::MAX),
        }
    }
}

/// The loop's limits, by name as in `[deliver]`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls under way at once.
    pub concurrent_max: usize,
    pub backoff: Backoff,
}
