//! One e-mail through its life.
//!
//! ```text
//!             field arrives
//!     held ◀──────────────▶ queued ──claim──▶ sending ──accepted──▶ sent ──▶ delivered
//!       │                     │  ▲               │ │                  └────▶ bounced, complained
//!       └──── exit ───────────┤  └── retry ──────┤ ├──rejected──▶ failed
//!                             ▼                  │ └──in doubt──▶ uncertain ──proof──▶ sent, ...
//!                         cancelled ◀── exit ────┘ (only after a certain "not accepted")
//! ```
//! The table repeats the states as a CHECK constraint.

use serde::{Deserialize, Serialize};

use super::event::kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageStatus {
    /// Waits for its time and a free sender.
    Queued,
    /// May not go as it is; `held_reason` says what is missing.
    Held,
    /// Handed to the provider; the answer is not in yet.
    Sending,
    Sent,
    /// Nobody knows whether the provider took it; waits for proof (an event, a search), or for a person.
    Uncertain,
    Delivered,
    Bounced,
    Complained,
    /// Refused for good.
    Failed,
    Cancelled,
}

impl MessageStatus {
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Held,
        Self::Sending,
        Self::Sent,
        Self::Uncertain,
        Self::Delivered,
        Self::Bounced,
        Self::Complained,
        Self::Failed,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Uncertain => "uncertain",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether it may still reach the recipient without anybody sending it anew.
    pub fn waits(self) -> bool {
        matches!(
            self,
            Self::Queued | Self::Held | Self::Sending | Self::Uncertain
        )
    }

    /// Where a provider's event about the message takes it. An event never takes a message back
    /// to an earlier state: providers promise no order.
    #[must_use]
    pub fn after_event(self, event_kind: &str) -> Self {
        let proves_acceptance = matches!(
            event_kind,
            kind::EMAIL_ACCEPTED
                | kind::EMAIL_DEFERRED
                | kind::EMAIL_OPENED
                | kind::LINK_CLICKED
                | kind::UNSUBSCRIBED
                | kind::SOFT_BOUNCED
                | kind::MACHINE_OPENED
                | kind::MACHINE_CLICKED
                | kind::REPLIED
                | kind::AUTO_REPLIED
                | kind::READ_RECEIPT
        );
        let known_to_provider = matches!(
            self,
            Self::Sending | Self::Uncertain | Self::Sent | Self::Delivered
        );
        match event_kind {
            // A mail system may bounce or a person complain after "delivered".
            kind::COMPLAINED if known_to_provider || self == Self::Bounced => Self::Complained,
            kind::HARD_BOUNCED if known_to_provider => Self::Bounced,
            kind::EMAIL_DROPPED if known_to_provider => Self::Failed,
            kind::EMAIL_DELIVERED if known_to_provider => Self::Delivered,
            _ if proves_acceptance && matches!(self, Self::Sending | Self::Uncertain) => Self::Sent,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_move_a_message_forward_only() {
        use MessageStatus as S;
        for (from, event_kind, to) in [
            (S::Sent, "email-delivered", S::Delivered),
            (S::Delivered, "email-accepted", S::Delivered),
            (S::Uncertain, "email-accepted", S::Sent),
            (S::Uncertain, "email-opened", S::Sent),
            (S::Uncertain, "machine-opened", S::Sent),
            (S::Uncertain, "email-delivered", S::Delivered),
            (S::Delivered, "hard-bounced", S::Bounced),
            (S::Bounced, "email-delivered", S::Bounced),
            (S::Delivered, "complained", S::Complained),
            (S::Sent, "email-dropped", S::Failed),
            (S::Cancelled, "email-delivered", S::Cancelled),
            (S::Queued, "email-opened", S::Queued),
        ] {
            assert_eq!(from.after_event(event_kind), to, "{from:?} + {event_kind}");
        }
    }

    #[test]
    fn words_round_trip() {
        for status in MessageStatus::ALL {
            assert_eq!(MessageStatus::parse(status.as_str()), Some(status));
        }
    }
}
