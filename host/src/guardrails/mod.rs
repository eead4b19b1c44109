//! Whether it may be done, and when: the host's rules, whatever a plugin asks for.
//!
//! Pure: everything a rule needs comes in as an argument. Each rule is a file of its own and
//! answers with a ruling that says which rule spoke and why. All of them run twice: when a message
//! is queued (`decide`) and when it is claimed for sending (`deliver`).
//!
//! First come the rules that refuse, then those that hold, then those that only ask for another
//! moment (`pace`).

mod absent;
mod address;
mod breaker;
mod business_day;
mod cap;
mod caps;
mod cold;
pub mod enrolment;
mod gap;
mod identity;
mod missing_field;
mod pace;
mod paused;
mod quiet;
mod restored;
mod role_address;
mod rules;
mod send_window;
mod sender;
mod stale;
mod stopped;
#[cfg(test)]
mod tests;

use chrono_tz::Tz;

use crate::calendar::Calendar;
use crate::domain::{EmailAddress, Instant};

pub use breaker::{Breaker, tripped};
pub use cap::{CAPS_MAX, COUNT_MAX, Cap, GRAMMAR as CAP_GRAMMAR, SPAN_MAX_MS, Span};
pub use pace::{HORIZON_MS, ROUNDS_MAX};
pub use role_address::{RolePolicy, is_role, task_title};
pub use rules::{Absence, IdentityRules, OverCap, Ramp, Rules};
pub use sender::Sender;

pub use crate::domain::enrollment::AccountStop;
pub use crate::domain::touch::Recent;

/// What the rules say about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    Allow,
    /// Not then: `until` is the earliest moment at which all rules would let it go as things stand,
    /// and the rule is the one that moved it furthest.
    Delay {
        until: Instant,
        rule: &'static str,
        reason: String,
    },
    /// Kept until somebody does something: supplies a field, resumes, releases.
    Hold {
        rule: &'static str,
        reason: String,
    },
    /// Never.
    Refuse {
        rule: &'static str,
        reason: String,
    },
    /// Never, and the enrollment ends.
    Drop {
        rule: &'static str,
        reason: String,
    },
    /// Never, and a person gets a task instead.
    Task {
        rule: &'static str,
        reason: String,
    },
}

/// A message about to be queued or sent, with all that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    pub to: Option<&'a EmailAddress>,
    /// Why the address must not be mailed: `unsubscribed`, `hard-bounce`, `complaint`, ...
    pub suppressed: Option<&'a str>,
    /// The exit reason, where a host rule ended the enrollment.
    pub stopped: Option<&'a str>,
    /// A backup was restored then, and the message follows from something before: its ledger is lost.
    pub restored: Option<Instant>,
    /// Fields that the template prints and nobody has told.
    pub missing_fields: &'a [String],
    /// What a person paused and why: "sequence welcome is paused: trade fair".
    pub paused: Option<&'a str>,
    /// The contact is not to be written to before then, and why: `out-of-office`, `account-replied`.
    pub quiet: Option<(Instant, &'a str)>,
    /// When it was to go: for a message being queued, the due time of the event or timer that it
    /// follows; for one being claimed, the slot that it was promised last. Not the first wish: what a
    /// cap made wait for a week is not late.
    pub due_at: Instant,
    /// The contact's (`Calendar::zone_of`).
    pub zone: Tz,
    /// The holidays that the contact keeps (`Calendar::country_of`).
    pub country: Option<&'a str>,
    /// Of the sequence.
    pub rules: &'a Rules,
    /// Of who writes.
    pub identity: &'a IdentityRules,
    pub recent: &'a Recent,
    /// Seed of the jitter.
    pub message_id: &'a str,
    /// Whether the mail has a way to unsubscribe, and a postal address.
    pub unsubscribable: bool,
    pub postal_address: bool,
}

/// The rules that need no clock, strictest first.
const REFUSALS: &[fn(&Proposal<'_>) -> Ruling] =
    &[stopped::rule, address::rule, cold::rule, role_address::rule];
// First what a resumed pause or a field that comes must not let go.
const HOLDS: &[fn(&Proposal<'_>) -> Ruling] = &[restored::rule, paused::rule, missing_field::rule];

/// What all rules together say about a message that may go from `at` on. `Allow` means: at `at`, or
/// at once where that is past.
pub fn judge(proposal: &Proposal<'_>, calendar: &Calendar, at: Instant, now: Instant) -> Ruling {
    REFUSALS
        .iter()
        .chain(HOLDS)
        .map(|rule| rule(proposal))
        .chain([stale::rule(proposal, now)])
        .find(|ruling| *ruling != Ruling::Allow)
        .unwrap_or_else(|| pace::pace(proposal, calendar, at.max(now)))
}

impl Ruling {
    /// The name of the rule that spoke.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Allow => None,
            Self::Delay { rule, .. }
            | Self::Hold { rule, .. }
            | Self::Refuse { rule, .. }
            | Self::Drop { rule, .. }
            | Self::Task { rule, .. } => Some(rule),
        }
    }
}
