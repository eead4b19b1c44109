//! Something that happened to a contact, or a timer of this enrollment that came due.

use serde_json::{Map, Value};

use crate::{Attributes, Instant};

/// The kinds the host itself knows. The set is open: ignore those you do not know. What `data`
/// holds is listed in the guide.
pub mod kind {
    pub const REPLIED: &str = "replied";
    pub const EMAIL_OPENED: &str = "email-opened";
    pub const LINK_CLICKED: &str = "link-clicked";
    pub const PAGE_VISITED: &str = "page-visited";
    pub const RESOURCE_DOWNLOADED: &str = "resource-downloaded";
    pub const FORM_SUBMITTED: &str = "form-submitted";
    pub const UNSUBSCRIBED: &str = "unsubscribed";
    pub const COMPLAINED: &str = "complained";
    pub const OPTED_OUT: &str = "opted-out";
    pub const PAUSED_BY_CONTACT: &str = "paused-by-contact";
    pub const OPTED_IN: &str = "opted-in";
    pub const AUTO_REPLIED: &str = "auto-replied";
    pub const READ_RECEIPT: &str = "read-receipt";
    pub const EMAIL_DELIVERED: &str = "email-delivered";
    pub const EMAIL_DEFERRED: &str = "email-deferred";
    pub const EMAIL_ACCEPTED: &str = "email-accepted";
    pub const EMAIL_DROPPED: &str = "email-dropped";
    pub const SOFT_BOUNCED: &str = "soft-bounced";
    pub const HARD_BOUNCED: &str = "hard-bounced";
    pub const EMAIL_SENT: &str = "email-sent";
    pub const MEETING_BOOKED: &str = "meeting-booked";
    pub const MEETING_RESCHEDULED: &str = "meeting-rescheduled";
    pub const MEETING_CANCELLED: &str = "meeting-cancelled";
    pub const MEETING_HELD: &str = "meeting-held";
    pub const MEETING_NO_SHOW: &str = "meeting-no-show";
    pub const DEAL_CREATED: &str = "deal-created";
    pub const DEAL_STAGE_CHANGED: &str = "deal-stage-changed";
    pub const DEAL_WON: &str = "deal-won";
    pub const DEAL_LOST: &str = "deal-lost";
    pub const CONTACT_CREATED: &str = "contact-created";
    pub const CONTACT_UPDATED: &str = "contact-updated";
    pub const CONTACT_DELETED: &str = "contact-deleted";
    pub const ENROL_ASKED: &str = "enrol-asked";
    pub const ENROLLED: &str = "enrolled";
    pub const TIMER_FIRED: &str = "timer-fired";
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    /// One of [`kind`], or any other name.
    pub kind: String,
    /// When it happened, by the sender's account; events arrive in any order.
    pub occurred_at: Instant,
    /// Every key may be missing: senders differ.
    pub data: Map<String, Value>,
    pub extra: Attributes,
}

impl Event {
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// A text of `data` that says something: blank ones count as missing.
    pub fn text(&self, key: &str) -> Option<&str> {
        let text = self.data.get(key)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.data.get(key)?.as_f64()
    }

    /// A moment of `data`: RFC 3339 text or Unix milliseconds.
    pub fn instant(&self, key: &str) -> Option<Instant> {
        match self.data.get(key)? {
            Value::String(text) => Instant::parse_rfc3339(text.trim()),
            value => value.as_i64().map(Instant),
        }
    }

    /// The id of the touch that the event is about.
    pub fn message_id(&self) -> Option<&str> {
        self.text("message_id")
    }

    /// The name of the timer that came due; none where the event is no timer.
    pub fn timer(&self) -> Option<&str> {
        self.is(kind::TIMER_FIRED).then(|| self.text("timer"))?
    }

    /// Whether this timer came due.
    pub fn is_timer(&self, name: &str) -> bool {
        self.timer() == Some(name)
    }

    /// What the timer was given when it was set; null where there is nothing.
    pub fn timer_data(&self) -> &Value {
        self.data.get("data").unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event;
    use serde_json::json;

    #[test]
    fn data_is_read_by_key() {
        let event = event(
            kind::LINK_CLICKED,
            json!({"url": " https://x.example ", "link": "", "n": 2, "starts_at": "2026-03-02T09:00:00Z", "ms": 5}),
        );
        assert_eq!(event.text("url"), Some("https://x.example"));
        assert_eq!(event.text("link"), None);
        assert_eq!(event.text("n"), None);
        assert_eq!(event.number("n"), Some(2.0));
        assert_eq!(event.instant("starts_at"), Some(Instant(1_772_442_000_000)));
        assert_eq!(event.instant("ms"), Some(Instant(5)));
        assert_eq!(event.instant("url"), None);
        assert_eq!(event.timer(), None);
        assert_eq!(event.timer_data(), &Value::Null);
    }

    #[test]
    fn timers_are_known_by_name() {
        let fired = event(
            kind::TIMER_FIRED,
            json!({"timer": "next", "data": {"step": 2}}),
        );
        assert!(fired.is_timer("next"));
        assert!(!fired.is_timer("close"));
        assert_eq!(fired.timer_data()["step"], 2);
        let foreign = event("acme.alarm", json!({"timer": "next"}));
        assert!(!foreign.is_timer("next"));
    }
}
