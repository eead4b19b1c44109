//! One contact's run through one sequence, and what reached out to the contact so far.

use crate::{Attributes, Instant};

#[derive(Debug, Clone, PartialEq)]
pub struct Enrollment {
    pub id: String,
    /// The sequence's name.
    pub sequence: String,
    pub enrolled_at: Instant,
    /// How many decisions were taken before this one; 0 for the event that enrolled the contact.
    pub decisions: u64,
    /// Timers still to ring, soonest first.
    pub timers: Vec<Timer>,
    pub extra: Attributes,
}

/// An alarm clock of the enrollment.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    pub name: String,
    pub at: Instant,
    /// As it was set.
    pub data: serde_json::Value,
}

/// A message of ours, a task for a rep, or an e-mail that a rep sent and the CRM reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    /// What `Email::in_thread` takes.
    pub id: String,
    /// `email`, `task`, or another word of the CRM.
    pub kind: String,
    /// When it left, or, while it waits, when it is due.
    pub at: Instant,
    pub subject: Option<String>,
    /// The template, where it was ours.
    pub template: Option<String>,
    /// The sequence, where it was ours.
    pub sequence: Option<String>,
    /// `queued`, `held`, `sending`, `sent`, `delivered`, `uncertain`, `bounced`, `complained`,
    /// `failed`, `cancelled`; `reported` for a rep's. May grow.
    pub status: String,
    pub extra: Attributes,
}

impl Touch {
    pub fn is_email(&self) -> bool {
        self.kind == "email"
    }

    /// It has not left yet, and still may.
    pub fn is_waiting(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "held" | "sending")
    }

    /// It left and, as far as anybody knows, arrived.
    pub fn went_out(&self) -> bool {
        !self.is_waiting() && !matches!(self.status.as_str(), "bounced" | "failed" | "cancelled")
    }
}
