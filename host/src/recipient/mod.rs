//! The door for recipients: the pages and addresses behind the links of our mails.
//!
//! In: a signed token that names one message, and what the person (or a machine) did with it. Out:
//! a small page, a redirect or a picture, and events under the connection `@recipient`, stored by the
//! same transaction as all others: an unsubscription is acknowledged when nothing further goes out.
//!
//! GET and HEAD never change what anybody gets: scanners follow every link, so leaving takes a POST
//! (RFC 8058). Opens and clicks are noted, never trusted (`domain::machine`). A redirect leads only to
//! a link that was in the message. Never decides, never sends; needs no cookie, no script and
//! nothing from elsewhere. A token that is not ours gets one and the same answer everywhere.

mod choice;
mod form;
mod page;
mod routes;
mod trace;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::store;
use crate::store::intake::Reactions;

pub use routes::router;

/// What the door works with.
#[derive(Clone)]
pub struct Door {
    pub store: store::Shared,
    pub clock: Arc<dyn Clock>,
    pub reactions: Arc<Reactions>,
    /// How long a browser may take to send its form.
    pub body_timeout_ms: u64,
    /// How long an answer waits for calls to a provider that an opt-out came too late for.
    pub exit_wait_ms: u64,
    /// Requests under way, together with those at the door for webhooks.
    pub permits: Arc<Semaphore>,
}
