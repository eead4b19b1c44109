//! Something that happened to a contact, normalized.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ContactPatch, ContactRef, Instant, JsonMap};

/// The kinds the host itself knows. The set is open: any other name is stored and offered to the
/// policies that ask for it. What `data` holds is listed in `guest/README.md`.
pub mod kind {
    // The person, by their own hand.
    pub const REPLIED: &str = "replied";
    pub const EMAIL_OPENED: &str = "email-opened";
    pub const LINK_CLICKED: &str = "link-clicked";
    pub const PAGE_VISITED: &str = "page-visited";
    pub const RESOURCE_DOWNLOADED: &str = "resource-downloaded";
    pub const FORM_SUBMITTED: &str = "form-submitted";
    pub const UNSUBSCRIBED: &str = "unsubscribed";
    pub const COMPLAINED: &str = "complained";
    /// Wants no more of one sequence (`data.sequence`), others are welcome.
    pub const OPTED_OUT: &str = "opted-out";
    /// Wants no mail before `data.until`.
    pub const PAUSED_BY_CONTACT: &str = "paused-by-contact";
    /// Took an earlier choice of their own back: the opt-out of `data.sequence`, or without it the
    /// pause and the unsubscription. Without effect unless it comes from their own page.
    pub const OPTED_IN: &str = "opted-in";

    // The person's machines: never taken for the person.
    /// A mailbox answered by itself: away, left, or asking who writes.
    pub const AUTO_REPLIED: &str = "auto-replied";
    /// A mail program reported that a message was displayed (or deleted unread).
    pub const READ_RECEIPT: &str = "read-receipt";
    /// A privacy proxy fetched the picture.
    pub const MACHINE_OPENED: &str = "machine-opened";
    /// A security scanner followed the link.
    pub const MACHINE_CLICKED: &str = "machine-clicked";

    // Our messages, as the provider saw them.
    pub const EMAIL_DELIVERED: &str = "email-delivered";
    pub const EMAIL_DEFERRED: &str = "email-deferred";
    /// The provider took the message on; proof of acceptance for one in doubt.
    pub const EMAIL_ACCEPTED: &str = "email-accepted";
    /// The provider refused to send it on.
    pub const EMAIL_DROPPED: &str = "email-dropped";
    pub const SOFT_BOUNCED: &str = "soft-bounced";
    pub const HARD_BOUNCED: &str = "hard-bounced";

    // What people of the company did, as the CRM reported it.
    /// A rep wrote to the contact outside Followup.
    pub const EMAIL_SENT: &str = "email-sent";
    /// A rep called.
    pub const CALL_MADE: &str = "call-made";
    /// A list or a person asks to enrol the contact in `data.sequence`.
    pub const ENROL_ASKED: &str = "enrol-asked";
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
    /// Others were merged into this contact: `data.merged_ids` are the sender's ids of them.
    pub const CONTACT_MERGED: &str = "contact-merged";
    pub const TASK_CREATED: &str = "task-created";
    pub const TASK_COMPLETED: &str = "task-completed";

    // The host's own.
    pub const ENROLLED: &str = "enrolled";
    pub const TIMER_FIRED: &str = "timer-fired";

    pub const ALL: &[&str] = &[
        REPLIED,
        EMAIL_OPENED,
        LINK_CLICKED,
        PAGE_VISITED,
        RESOURCE_DOWNLOADED,
        FORM_SUBMITTED,
        UNSUBSCRIBED,
        COMPLAINED,
        AUTO_REPLIED,
        READ_RECEIPT,
        EMAIL_DELIVERED,
        EMAIL_DEFERRED,
        EMAIL_ACCEPTED,
        EMAIL_DROPPED,
        SOFT_BOUNCED,
        HARD_BOUNCED,
        EMAIL_SENT,
        CALL_MADE,
        ENROL_ASKED,
        MEETING_BOOKED,
        MEETING_RESCHEDULED,
        MEETING_CANCELLED,
        MEETING_HELD,
        MEETING_NO_SHOW,
        DEAL_CREATED,
        DEAL_STAGE_CHANGED,
        DEAL_WON,
        DEAL_LOST,
        CONTACT_CREATED,
        CONTACT_UPDATED,
        CONTACT_DELETED,
        CONTACT_MERGED,
        TASK_CREATED,
        TASK_COMPLETED,
        ENROLLED,
        TIMER_FIRED,
    ];
}

/// The longest kind, and the longest dedupe key, in bytes.
pub const KIND_MAX_BYTES: usize = 100;
pub const SOURCE_KEY_MAX_BYTES: usize = 300;

/// The name of a kind that only its sender has: `hubspot.company.creation`. Cut where it is too long.
pub fn custom_kind(sender: &str, word: &str) -> String {
    let mut name = format!("{sender}.{word}");
    name.truncate(name.floor_char_boundary(KIND_MAX_BYTES));
    name
}

/// A sender's own id of an event as a `source_key`: itself where it fits, else its digest.
pub fn source_key(id: &str) -> String {
    if id.len() <= SOURCE_KEY_MAX_BYTES {
        id.to_owned()
    } else {
        super::digest::id("key", &[id.as_bytes()])
    }
}

/// An event as the rest of the house reads it. Immutable once decided; until then only the kind of a
/// click changes, where others show that a machine made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`: derived from the connection and the sender's key, so the same event has the same id.
    pub id: String,
    pub kind: String,
    /// By the sender's account; events arrive in any order.
    pub occurred_at: Instant,
    pub data: JsonMap,
}

/// An event as a mapping normalized it, before it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The sender's id of this event: the same key twice, from one connection, is one event.
    pub source_key: String,
    pub kind: String,
    pub occurred_at: Instant,
    pub contact: ContactRef,
    /// What the sender told about the contact beside the event.
    pub patch: ContactPatch,
    /// The id of our message that the event is about, where the sender gave it back.
    pub message_id: Option<String>,
    /// RFC 5322 Message-IDs, without their brackets, of mails that this event may be about, likeliest
    /// first: what a mail answers, or what a report returned. Not proof of anything: anybody can
    /// write them. For the store to look up where `message_id` is not set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    pub data: JsonMap,
    /// What the sender wrote, untouched.
    pub raw: Value,
    /// Set on thin events: what must be asked of the sender's API before the event says enough.
    pub hydrate: Option<Hydrate>,
    /// The sender's object that it tells the state of, so that a poll need not tell it again and our own
    /// writes are known when they come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

impl NewEvent {
    /// What policies read of it: its data, with the message of ours that it is about.
    pub fn facts(&self) -> JsonMap {
        let mut facts = self.data.clone();
        if let Some(id) = &self.message_id {
            facts.insert("message_id".to_owned(), Value::from(id.as_str()));
        }
        facts
    }
}

/// An object of the sender that a thin event only names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hydrate {
    /// The sender's word: `contact`, `deal`, `meeting`, ...
    pub object: String,
    pub id: String,
}

/// An object of the sender, as its API and its webhooks alike name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The sender's word: `contact`, `deal`, `task`, ...
    pub object: String,
    pub id: String,
}

impl About {
    pub fn new(object: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            id: id.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_stay_within_their_limits() {
        assert_eq!(
            custom_kind("hubspot", "company.creation"),
            "hubspot.company.creation"
        );
        let long = custom_kind("sendgrid", &"ü".repeat(KIND_MAX_BYTES));
        assert!(
            long.len() <= KIND_MAX_BYTES && long.ends_with('ü'),
            "{long}"
        );

        assert_eq!(source_key("evt-1"), "evt-1");
        let (one, two) = ("x".repeat(301), "x".repeat(302));
        assert!(source_key(&one).len() <= SOURCE_KEY_MAX_BYTES);
        assert_ne!(source_key(&one), source_key(&two));
    }
}
