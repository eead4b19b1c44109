//! One contact's run through one sequence, and what ends it.
//!
//! ```text
//!            enrol rule                       resume
//!   (none) ────────────▶ active ◀───────────────────── paused
//!                          │  └───── plugin parked ──────▶ │
//!                          └──── exit condition, ──────────┤
//!                                policy exit               ▼
//!                                                       finished (exit reason)
//! ```

use serde::{Deserialize, Serialize};

use super::event::kind;
use super::machine::is_machine_kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnrollmentStatus {
    Active,
    /// Waiting for a person: its plugin failed too often. Exit conditions still apply.
    Paused,
    Finished,
}

impl EnrollmentStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Finished];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }
}

/// A host rule that ends enrollments, whatever the plugin thinks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitReason {
    Replied,
    Converted,
    MeetingBooked,
    Unsubscribed,
    HardBounce,
    Complaint,
    ContactDeleted,
    /// The CRM merged the contact into another, whose own enrollments go on.
    Merged,
    /// Somebody of the same account answered.
    AccountReplied,
    /// An auto-reply said that the person left the company.
    Departed,
    /// Put on the suppression list by a person.
    Suppressed,
    /// Over a cap, where the sequence drops its contacts then.
    OverCap,
}

impl ExitReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Converted => "converted",
            Self::MeetingBooked => "meeting-booked",
            Self::Unsubscribed => "unsubscribed",
            Self::HardBounce => "hard-bounce",
            Self::Complaint => "complaint",
            Self::ContactDeleted => "contact-deleted",
            Self::Merged => "merged",
            Self::AccountReplied => "account-replied",
            Self::Departed => "departed",
            Self::Suppressed => "suppressed",
            Self::OverCap => "over-cap",
        }
    }
}

/// What happens to an enrollment when a colleague of the contact answers, books a meeting or
/// converts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountStop {
    #[default]
    Nothing,
    /// It ends.
    Stop,
    /// The contact is not written to for so long.
    Delay { ms: i64 },
}

/// Which exit conditions a sequence honours. All of them, unless its configuration says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch per exit condition, as in the configuration"
)]
pub struct ExitRules {
    pub replied: bool,
    pub converted: bool,
    pub meeting_booked: bool,
    pub unsubscribed: bool,
    pub hard_bounce: bool,
    pub complaint: bool,
    pub contact_deleted: bool,
    /// The kinds that mean "converted".
    pub converted_events: Vec<String>,
}

impl Default for ExitRules {
    fn default() -> Self {
        Self {
            replied: true,
            converted: true,
            meeting_booked: true,
            unsubscribed: true,
            hard_bounce: true,
            complaint: true,
            contact_deleted: true,
            converted_events: vec![kind::DEAL_WON.to_owned()],
        }
    }
}

impl ExitRules {
    /// The exit condition that an event of this kind meets under these rules.
    pub fn reason_for(&self, event_kind: &str) -> Option<ExitReason> {
        let (on, reason) = match event_kind {
            kind::REPLIED => (self.replied, ExitReason::Replied),
            kind::MEETING_BOOKED => (self.meeting_booked, ExitReason::MeetingBooked),
            kind::UNSUBSCRIBED => (self.unsubscribed, ExitReason::Unsubscribed),
            kind::HARD_BOUNCED => (self.hard_bounce, ExitReason::HardBounce),
            kind::COMPLAINED => (self.complaint, ExitReason::Complaint),
            kind::CONTACT_DELETED => (self.contact_deleted, ExitReason::ContactDeleted),
            _ => (false, ExitReason::Converted),
        };
        if on {
            return Some(reason);
        }
        // Not even where the configuration names them.
        if is_machine_kind(event_kind) {
            return None;
        }
        (self.converted && self.converted_events.iter().any(|k| k == event_kind))
            .then_some(ExitReason::Converted)
    }
}

/// The suppression that an event of this kind brings on its address, in every sequence and
/// whatever the exit rules say.
pub fn suppression_for(event_kind: &str) -> Option<ExitReason> {
    match event_kind {
        kind::UNSUBSCRIBED => Some(ExitReason::Unsubscribed),
        kind::HARD_BOUNCED => Some(ExitReason::HardBounce),
        kind::COMPLAINED => Some(ExitReason::Complaint),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_condition_is_on_by_default() {
        let rules = ExitRules::default();
        for (event_kind, reason) in [
            ("replied", "replied"),
            ("deal-won", "converted"),
            ("meeting-booked", "meeting-booked"),
            ("unsubscribed", "unsubscribed"),
            ("hard-bounced", "hard-bounce"),
            ("complained", "complaint"),
            ("contact-deleted", "contact-deleted"),
        ] {
            assert_eq!(
                rules.reason_for(event_kind).map(ExitReason::as_str),
                Some(reason)
            );
        }
        assert_eq!(rules.reason_for("email-opened"), None);
        assert_eq!(rules.reason_for("soft-bounced"), None);
    }

    #[test]
    fn a_configured_event_converts_and_an_exit_can_be_off() {
        let rules = ExitRules {
            meeting_booked: false,
            converted_events: ["order-paid", "meeting-booked", "machine-clicked"]
                .map(str::to_owned)
                .into(),
            ..ExitRules::default()
        };
        assert_eq!(rules.reason_for("order-paid"), Some(ExitReason::Converted));
        assert_eq!(rules.reason_for("deal-won"), None);
        assert_eq!(rules.reason_for("machine-clicked"), None);
        assert_eq!(
            rules.reason_for("meeting-booked"),
            Some(ExitReason::Converted)
        );
    }
}
