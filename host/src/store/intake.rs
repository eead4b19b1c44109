//! What the doors ask: store events, and apply at once what must not wait.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono_tz::Tz;

use super::{Error, TenantId};
use crate::domain::account::account_key;
use crate::domain::enrollment::{AccountStop, ExitReason, ExitRules};
use crate::domain::event::kind;
use crate::domain::instant::DAY_MS;
use crate::domain::{EmailAddress, Instant, NewEvent, digest};

#[async_trait]
pub trait Intake {
    /// Stores events, in one transaction with everything they imply at once: contacts are found or
    /// made and their fields merged, messages take the state the provider reports, addresses are
    /// suppressed, exit conditions finish enrollments (their timers go, their messages not yet
    /// handed to a provider are cancelled), and the contacts become due. Events whose key is
    /// known already change nothing.
    async fn ingest(&self, arrival: Arrival) -> Result<Ingested, Error>;

    /// `ingest`, and then the wait that an acknowledgement owes: at most `exit_wait_ms` for the calls
    /// to a provider that were under way for an enrollment just ended. What a door answers after.
    async fn take_in(&self, arrival: Arrival, exit_wait_ms: u64) -> Result<Ingested, Error> {
        let connection = arrival.connection.clone();
        let ingested = self.ingest(arrival).await.inspect_err(|e| {
            tracing::error!(connection, error = %e, "events could not be stored; the sender tries again");
        })?;
        metrics::counter!("followup_events_total").increment(ingested.stored as u64);
        let in_flight = &ingested.in_flight;
        if !in_flight.is_empty() && !self.wait_concluded(in_flight, exit_wait_ms).await? {
            tracing::warn!(
                connection,
                messages = in_flight.len(),
                "an exit came while a provider still holds a message; it was handed over before"
            );
        }
        Ok(ingested)
    }

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
    pub reactions: Arc<Reactions>,
}

impl Arrival {
    /// The same, of nothing.
    #[must_use]
    pub fn without_events(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            events: Vec::new(),
            reactions: Arc::clone(&self.reactions),
            ..*self
        }
    }
}

/// What events do at once, as configured.
#[derive(Debug, Clone)]
pub struct Reactions {
    /// By the sequence's name. A sequence that is no longer configured honours every exit.
    pub exits: HashMap<String, ExitRules>,
    /// What a colleague's answer does to those enrolled; nothing where the sequence is not named.
    pub account_stop: HashMap<String, AccountStop>,
    /// Kinds by which the CRM reports what people did by hand, counted as touches.
    pub touch_events: Vec<String>,
    /// How long somebody is left in peace whose auto-reply names no date.
    pub auto_reply_pause_ms: i64,
    /// So many soft bounces without a delivery between them are a hard one.
    pub soft_bounces_max: u32,
    /// Where a contact has no time zone of its own.
    pub zone: Tz,
    /// Domains shared by strangers, beside the well-known ones.
    pub free_mail_domains: Vec<String>,
}

impl Default for Reactions {
    fn default() -> Self {
        Self {
            exits: HashMap::new(),
            account_stop: HashMap::new(),
            touch_events: vec![kind::EMAIL_SENT.to_owned()],
            auto_reply_pause_ms: 14 * DAY_MS,
            soft_bounces_max: 5,
            zone: Tz::UTC,
            free_mail_domains: Vec::new(),
        }
    }
}

impl Reactions {
    /// Who belongs together: see `domain::account`.
    pub fn account_key(
        &self,
        account_id: Option<&str>,
        email: Option<&EmailAddress>,
    ) -> Option<String> {
        account_key(account_id, email, &self.free_mail_domains)
    }

    /// Whether an event of this kind means, to any sequence, that somebody of the account answered, booked
    /// a meeting or converted.
    pub fn is_answer(&self, event_kind: &str) -> bool {
        let answers = |rules: &ExitRules| {
            matches!(
                rules.reason_for(event_kind),
                Some(ExitReason::Replied | ExitReason::MeetingBooked | ExitReason::Converted)
            )
        };
        answers(&ExitRules::default()) || self.exits.values().any(answers)
    }

    pub fn exit_rules(&self, sequence: &str) -> ExitRules {
        self.exits.get(sequence).cloned().unwrap_or_default()
    }

    pub fn account_stop(&self, sequence: &str) -> AccountStop {
        self.account_stop
            .get(sequence)
            .copied()
            .unwrap_or(AccountStop::Nothing)
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

/// The id of an event, made of who told of it and by what key: known before it is stored.
pub fn event_id(tenant: TenantId, connection: &str, source_key: &str) -> String {
    let tenant = tenant.0.to_be_bytes();
    let parts = [
        tenant.as_slice(),
        connection.as_bytes(),
        source_key.as_bytes(),
    ];
    digest::id("evt", &parts)
}
