//! Writing back to a CRM: tasks, notes, fields, copies of sent mail.
//!
//! The discipline is that of mail: an attempt row before the call, its outcome after. A write is
//! one or more calls (`step`); what cannot be repeated without harm is searched for before it is
//! repeated, and what cannot be searched for is shown to people.

use std::fmt::Write as _;

use crate::domain::http::{Failure, Request, Response};
use crate::domain::{Instant, JsonMap};

use super::AskError;

/// Something to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// `wb_…`, `[a-z0-9_]`: stands in what is written, so that it can be found again (`marker`).
    pub id: String,
    pub kind: WriteKind,
    /// The CRM's id of the contact.
    pub contact_id: String,
    /// Its ids of what the contact belongs to and of who owns it, as far as they are known.
    pub account_id: Option<String>,
    pub deal_id: Option<String>,
    pub owner_id: Option<String>,
    /// When it was decided.
    pub at: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WriteKind {
    Task {
        title: String,
        body: String,
        due_at: Option<Instant>,
    },
    Note {
        body: String,
    },
    /// Fields of the contact, in the CRM's names; null clears.
    Properties(JsonMap),
    Mail(SentMail),
}

/// A mail that left, for the contact's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Without angle brackets.
    pub message_id: String,
    pub sent_at: Instant,
}

impl WriteKind {
    /// As in the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Task { .. } => "task",
            Self::Note { .. } => "note",
            Self::Properties(_) => "properties",
            Self::Mail(_) => "mail",
        }
    }
}

/// A CRM that takes writes.
pub trait WritesBack: Send + Sync {
    /// Whether this CRM can take it, before anything is called; the reason is for people.
    fn check(&self, write: &Write) -> Result<(), String>;

    /// The next call, `done` being what the calls before it gave; none when nothing is left to do.
    fn request(&self, write: &Write, done: &[Done]) -> Option<Request>;

    /// What the answer to that call, or its absence, means.
    fn outcome(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Result<Response, Failure>,
    ) -> WriteOutcome;

    /// Whether that call may simply be made again (an upsert, an id that we chose).
    fn is_repeatable(&self, write: &Write, done: &[Done]) -> bool;

    /// The call that looks for what an unanswered call may have made; none where there is no way.
    fn search(&self, write: &Write, done: &[Done]) -> Option<Request>;

    /// What was looked for, if it is there.
    fn found(
        &self,
        write: &Write,
        done: &[Done],
        answer: &Response,
    ) -> Result<Option<Done>, AskError>;
}

/// What a call made or changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Done {
    /// The CRM's word, as in the `about` of its events: an event about this object is our own echo.
    pub object: String,
    pub id: String,
}

impl Done {
    pub fn new(object: &str, id: String) -> Self {
        let object = object.to_owned();
        Self { object, id }
    }
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOutcome {
    Done(Done),
    /// Refused for good.
    Rejected {
        reason: String,
    },
    /// Certainly not done; worth repeating.
    Retry {
        reason: String,
        after_ms: Option<i64>,
    },
    /// It may have been done.
    InDoubt {
        reason: String,
    },
}

/// Stands in what is written, where people see it last: `followup:wb_…`.
pub fn marker(write: &Write) -> String {
    let mut text = String::from(MARKER);
    let _ = write!(text, "{}", write.id);
    text
}

/// The id of a write of ours, where a text carries one.
pub fn marker_in(text: &str) -> Option<&str> {
    let from = text.find(concat!("followup:", "wb_"))? + MARKER.len();
    let rest = &text[from..];
    let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let end = rest.find(|c| !is_id(c)).unwrap_or(rest.len());
    (end > "wb_".len()).then(|| &rest[..end])
}

/// Whether a text carries the marker of this very write. A copied mail may quote another's.
pub fn is_marked(text: &str, write: &Write) -> bool {
    text.match_indices(MARKER)
        .any(|(at, _)| marker_in(&text[at..]) == Some(write.id.as_str()))
}

const MARKER: &str = "followup:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_again() {
        for (text, expect) in [
            ("Call back\n\nfollowup:wb_ab12", Some("wb_ab12")),
            ("<p>followup:wb_ab12</p>", Some("wb_ab12")),
            ("followup:wb_", None),
            ("followup:msg_ab12", None),
            ("", None),
        ] {
            assert_eq!(marker_in(text), expect, "{text}");
        }
    }

    #[test]
    fn a_write_finds_its_own_marker_only() {
        let write = Write {
            id: "wb_ab1".to_owned(),
            kind: WriteKind::Note {
                body: String::new(),
            },
            contact_id: "7".to_owned(),
            account_id: None,
            deal_id: None,
            owner_id: None,
            at: Instant(0),
        };
        for (text, expect) in [
            ("followup:wb_ab1", true),
            ("> followup:wb_other\n\nfollowup:wb_ab1", true),
            ("followup:wb_ab12", false),
            ("followup: see wb_ab1", false),
            ("", false),
        ] {
            assert_eq!(is_marked(text, &write), expect, "{text}");
        }
    }
}
