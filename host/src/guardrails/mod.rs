//! Whether it may be done: the host's rules, whatever a plugin asks for.
//!
//! Pure: everything a rule needs comes in as an argument. Each rule is a file of its own and
//! answers with a ruling that says which rule spoke and why. All of them run twice: when a message
//! is queued (`decide`) and when it is claimed for sending (`deliver`).

mod address;
mod missing_field;
mod stopped;

use crate::domain::{EmailAddress, Instant};

pub mod breaker;
mod frame;
pub use crate::domain::touch::Recent;
pub use frame::{Frame, Sender, task_title};

#[derive(Debug, Clone, Default)]
pub struct Rules;
#[derive(Debug, Clone, Default)]
pub struct IdentityRules;

/// What a rule says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    Allow,
    Delay {
        until: Instant,
        rule: &'static str,
        reason: String,
    },
    Hold {
        rule: &'static str,
        reason: String,
    },
    Refuse {
        rule: &'static str,
        reason: String,
    },
    Drop {
        rule: &'static str,
        reason: String,
    },
    Task {
        rule: &'static str,
        reason: String,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    pub to: Option<&'a EmailAddress>,
    pub suppressed: Option<&'a str>,
    pub stopped: Option<&'a str>,
    pub missing_fields: &'a [String],
    pub paused: Option<&'a str>,
    pub quiet: Option<(Instant, &'a str)>,
    pub asked_at: Instant,
    pub zone: chrono_tz::Tz,
    pub country: Option<&'a str>,
    pub rules: &'a Rules,
    pub identity: &'a IdentityRules,
    pub recent: &'a Recent,
    pub message_id: &'a str,
}

/// The rules, strictest first: the first that objects is the answer.
const RULES: &[fn(&Proposal<'_>) -> Ruling] = &[stopped::rule, address::rule, missing_field::rule];

/// What all rules together say.
pub fn judge(
    proposal: &Proposal<'_>,
    _calendar: &crate::calendar::Calendar,
    _at: Instant,
    _now: Instant,
) -> Ruling {
    RULES
        .iter()
        .map(|rule| rule(proposal))
        .find(|ruling| *ruling != Ruling::Allow)
        .unwrap_or(Ruling::Allow)
}
