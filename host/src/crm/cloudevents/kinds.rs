//! The `type` of a CloudEvent into our kind.
//!
//! Our own names are taken in any spelling of their dashes (`email_opened`, `Email.Opened`), then the
//! aliases below. Everything else is a custom kind under the name it came with: a reverse-DNS type
//! such as `com.example.link-clicked` stays one, for its meaning is its owner's.

use crate::domain::event::{KIND_MAX_BYTES, kind};

/// Common words for our kinds, in dashes and lower case. Listed in the README for senders.
pub const ALIASES: &[(&str, &str)] = &[
    ("reply", kind::REPLIED),
    ("email-reply", kind::REPLIED),
    ("email-replied", kind::REPLIED),
    ("open", kind::EMAIL_OPENED),
    ("opened", kind::EMAIL_OPENED),
    ("email-open", kind::EMAIL_OPENED),
    ("click", kind::LINK_CLICKED),
    ("clicked", kind::LINK_CLICKED),
    ("link-click", kind::LINK_CLICKED),
    ("email-clicked", kind::LINK_CLICKED),
    ("page-view", kind::PAGE_VISITED),
    ("page-viewed", kind::PAGE_VISITED),
    ("page-visit", kind::PAGE_VISITED),
    ("download", kind::RESOURCE_DOWNLOADED),
    ("downloaded", kind::RESOURCE_DOWNLOADED),
    ("form-submit", kind::FORM_SUBMITTED),
    ("form-submission", kind::FORM_SUBMITTED),
    ("unsubscribe", kind::UNSUBSCRIBED),
    ("email-unsubscribed", kind::UNSUBSCRIBED),
    ("opt-out", kind::UNSUBSCRIBED),
    ("opted-out", kind::UNSUBSCRIBED),
    ("complaint", kind::COMPLAINED),
    ("email-complained", kind::COMPLAINED),
    ("spam-complaint", kind::COMPLAINED),
    ("spam-report", kind::COMPLAINED),
    ("delivered", kind::EMAIL_DELIVERED),
    ("soft-bounce", kind::SOFT_BOUNCED),
    ("hard-bounce", kind::HARD_BOUNCED),
    ("call", kind::CALL_MADE),
    ("call-logged", kind::CALL_MADE),
    ("call-completed", kind::CALL_MADE),
    ("meeting-scheduled", kind::MEETING_BOOKED),
    ("meeting-canceled", kind::MEETING_CANCELLED),
    ("meeting-completed", kind::MEETING_HELD),
    ("no-show", kind::MEETING_NO_SHOW),
    ("deal-closed-won", kind::DEAL_WON),
    ("deal-closed-lost", kind::DEAL_LOST),
];

/// The kind of an event, or why it cannot be one.
pub(super) fn kind_of(event_type: &str) -> Result<String, String> {
    if event_type.len() > KIND_MAX_BYTES {
        return Err(format!("`type` is longer than {KIND_MAX_BYTES} bytes"));
    }
    let dashed: String = event_type
        .chars()
        .map(|c| {
            if ".-_ ".contains(c) {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    if dashed == kind::ENROLLED || dashed == kind::TIMER_FIRED {
        return Err(format!(
            "`type` {event_type:?} is Followup's own and cannot be sent in"
        ));
    }
    let known = kind::ALL.iter().find(|kind| **kind == dashed);
    let alias = || {
        ALIASES
            .iter()
            .find(|(word, _)| *word == dashed)
            .map(|(_, kind)| kind)
    };
    Ok(known
        .or_else(alias)
        .map_or_else(|| event_type.to_owned(), |kind| (*kind).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (event_type, expect) in [
            ("link-clicked", "link-clicked"),
            ("Email_Opened", "email-opened"),
            ("meeting.no.show", "meeting-no-show"),
            ("email.replied", "replied"),
            ("reply", "replied"),
            ("hard-bounce", "hard-bounced"),
            ("com.example.link-clicked", "com.example.link-clicked"),
            ("acme.order-paid", "acme.order-paid"),
            ("Bestellung bezahlt", "Bestellung bezahlt"),
        ] {
            assert_eq!(kind_of(event_type).as_deref(), Ok(expect), "{event_type}");
        }
        assert!(kind_of("timer.fired").is_err());
        assert!(kind_of("enrolled").is_err());
        assert!(kind_of(&"x".repeat(101)).is_err());
    }

    #[test]
    fn aliases_lead_to_our_kinds_and_shadow_none() {
        for (word, kind) in ALIASES {
            assert!(kind::ALL.contains(kind), "{kind}");
            assert!(!kind::ALL.contains(word), "{word}");
        }
    }
}
