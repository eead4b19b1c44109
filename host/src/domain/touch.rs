//! What reached out to somebody lately: what caps and limits count.

use super::Instant;

/// Moments of touches, oldest first: those that happened, also by people and by other sequences, and
/// those already promised to other messages that wait. Never the message itself that is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent {
    /// Of the contact, over all sequences, those made by hand counted.
    pub contact: Vec<Instant>,
    /// Of everybody of the contact's account.
    pub account: Vec<Instant>,
    /// Of everybody whose address has the recipient's domain.
    pub domain: Vec<Instant>,
    /// By the identity that writes.
    pub identity: Vec<Instant>,
}

/// When a message that waits will go, and how important its sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub at: Instant,
    pub priority: i64,
}

/// How far back each kind of touch is asked for, in milliseconds: as far as the longest cap looks.
/// Zero: not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookback {
    pub contact_ms: i64,
    pub account_ms: i64,
    pub domain_ms: i64,
    pub identity_ms: i64,
}

/// Why somebody is not to be written to before a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    pub until: Instant,
    /// `out-of-office`, `account-replied`, `asked-for-a-pause`.
    pub reason: String,
}
