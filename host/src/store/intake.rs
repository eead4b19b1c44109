//! What the door asks: store events, and apply at once what must not wait.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, TenantId};
use crate::domain::enrollment::ExitRules;
use crate::domain::{Instant, NewEvent};

#[async_trait]
pub trait Intake {
    /// Stores events, in one transaction with everything they imply at once: contacts are found or
    /// made and their fields merged, messages take the state the provider reports, addresses are
    /// suppressed, exit conditions finish enrollments (their timers go, their messages not yet
    /// handed to a provider are cancelled), and the contacts become due. Events whose key is
    /// known already change nothing.
    async fn ingest(&self, arrival: Arrival) -> Result<Ingested, Error>;

    /// Returns true as soon as none of the messages is with a provider any more, or false after
    /// `wait_ms`.
    async fn wait_concluded(&self, messages: &[i64], wait_ms: u64) -> Result<bool, Error>;

    /// Thin events whose details may be asked for now, earliest first.
    async fn thin_events(&self, now: Instant, limit: usize) -> Result<Vec<ThinEvent>, Error>;

    /// When the next thin event may be asked for.
    async fn next_hydrate_at(&self) -> Result<Option<Instant>, Error>;

    /// Completes a thin event, or says why not.
    async fn hydrated(&self, thin: i64, answer: Hydration) -> Result<Ingested, Error>;
}

/// Events of one connection, received together.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub tenant: TenantId,
    pub connection: String,
    pub received_at: Instant,
    pub events: Vec<NewEvent>,
    /// Whether the sender knows people we should know (a CRM), or only reports on our mail.
    pub creates_contacts: bool,
    pub exits: Arc<ExitTable>,
}

impl Arrival {
    /// The same, of nothing.
    #[must_use]
    pub fn without_events(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            events: Vec::new(),
            exits: Arc::clone(&self.exits),
            ..*self
        }
    }
}

/// The exit rules of every sequence by name. A sequence that is no longer configured has them all.
#[derive(Debug, Default, Clone)]
pub struct ExitTable(pub HashMap<String, ExitRules>);

impl ExitTable {
    pub fn rules(&self, sequence: &str) -> ExitRules {
        self.0.get(sequence).cloned().unwrap_or_default()
    }
}

/// What became of an arrival.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub stored: usize,
    pub duplicates: usize,
    /// Enrollments that an exit condition finished.
    pub exits: usize,
    /// Messages of finished enrollments that a provider holds at this moment. The door answers
    /// only when their calls are over: once a reply is acknowledged, nothing further goes out.
    pub in_flight: Vec<i64>,
}

/// An event that only names an object of its sender; the object is in `event.hydrate`.
#[derive(Debug, Clone)]
pub struct ThinEvent {
    pub seq: i64,
    pub tenant: TenantId,
    pub connection: String,
    pub event: NewEvent,
    pub attempts: u32,
}

/// What asking for the details brought.
#[derive(Debug, Clone)]
pub enum Hydration {
    /// The events it stands for, now with their details; they are ingested in its place.
    Complete(Arrival),
    /// The object is gone: the event is kept for the record.
    Gone {
        reason: String,
    },
    Retry {
        at: Instant,
        reason: String,
    },
    /// Only a person can help (no token, not allowed): kept thin, tried again after a restart.
    Refused {
        reason: String,
    },
}
