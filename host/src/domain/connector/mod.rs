//! What can be connected: kinds of CRMs and e-mail providers, and what a connected one can do for us.
//!
//! In: what an administrator wrote (`Settings`). Out: a `Connector`, a set of pure abilities; each
//! ability writes requests and reads answers, and `net` makes the calls between. A kind is a table
//! (`Kind`): the configuration, `followup connect`, `followup doctor` and the documentation read the
//! same fields and the same steps. Never any I/O, clock or state.

mod ask;
mod kind;
mod receive;
mod reconcile;
mod register;
mod settings;
mod writeback;

use std::sync::Arc;

pub use ask::{AskError, Hydrates, Pace, Probes, Refreshes, Token};
pub use kind::{Authenticity, Field, Form, Kind, Sort};
pub use receive::{RawMail, Received, Receives};
pub use reconcile::{Cursor, Found, Reconciles, Record};
pub use register::{Registered, Registers, Renews};
pub use settings::{Settings, Unfit};
pub use writeback::{
    Done, SentMail, Write, WriteKind, WriteOutcome, WritesBack, is_marked, marker, marker_in,
};

use super::hook::Hook;
use super::mail::{Provider, SmtpServer};

/// What one connection can do. What is none is not possible, and whoever asks says so.
#[derive(Clone, Default)]
pub struct Connector {
    /// Takes in its webhooks.
    pub hook: Option<Arc<dyn Hook>>,
    /// Sends mail.
    pub sends: Option<Sends>,
    /// Takes in mails that its inbound webhook tells of.
    pub receives: Option<Arc<dyn Receives>>,
    /// Completes thin events.
    pub hydrates: Option<Arc<dyn Hydrates>>,
    /// Is asked for what its webhooks did not tell.
    pub reconciles: Option<Arc<dyn Reconciles>>,
    /// Takes tasks, notes, fields and copies of sent mail.
    pub writes: Option<Arc<dyn WritesBack>>,
    /// Can be told where to send its webhooks.
    pub registers: Option<Arc<dyn Registers>>,
    /// Forgets us unless it is told again, and again.
    pub renews: Option<Arc<dyn Renews>>,
    /// Tells whether the credentials are good.
    pub probes: Option<Arc<dyn Probes>>,
    /// Gives out access tokens that expire. Without it, requests carry their credentials as written.
    pub refreshes: Option<Arc<dyn Refreshes>>,
    /// How often its API may be called.
    pub pace: Option<Pace>,
}

/// How mail leaves.
#[derive(Clone)]
pub enum Sends {
    Http(Arc<dyn Provider>),
    Smtp(Arc<SmtpServer>),
}
