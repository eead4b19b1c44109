//! The plugin contract in the host's own types: what a policy is given and what it may ask for.
//!
//! Mirrors `wit/policy.wit`; `sandbox` converts between the two, one file per released version.
//! Serialized into the ledger, so that a decision can be recomputed from its row.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Instant, JsonMap};

/// Everything a decision may depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecideInput {
    pub now: Instant,
    pub seed: u64,
    pub event: Event,
    pub contact: ContactView,
    pub account: Option<AccountView>,
    pub enrollment: EnrollmentView,
    /// Newest first.
    pub touches: Vec<Touch>,
    /// Newest first, the event itself left out.
    pub history: Vec<Event>,
    /// JSON text, as the last decision left it.
    pub state: Option<String>,
    /// JSON text, valid against the manifest's schema.
    pub config: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactView {
    pub id: String,
    pub email: Option<String>,
    pub time_zone: String,
    pub locale: Option<String>,
    pub attributes: JsonMap,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub id: String,
    pub name: Option<String>,
    pub attributes: JsonMap,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnrollmentView {
    pub id: String,
    pub sequence: String,
    pub enrolled_at: Instant,
    /// Decisions taken before this one.
    pub decisions: u64,
    /// Soonest first.
    pub timers: Vec<Timer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    pub name: String,
    pub at: Instant,
    pub data: Value,
}

/// Something that reached out to the contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// A message id (`msg_…`) or the id of the event that reported it (`evt_…`).
    pub id: String,
    pub kind: String,
    pub at: Instant,
    pub subject: Option<String>,
    pub template: Option<String>,
    pub sequence: Option<String>,
    pub status: String,
}

/// What a policy returned for one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub actions: Vec<Action>,
    /// JSON text; none leaves the state as it was.
    pub state: Option<String>,
    pub reason: String,
}

/// What a policy may ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    SendEmail(SendEmail),
    SetTimer(SetTimer),
    CancelTimer { name: String },
    CreateTask(CreateTask),
    AddNote { text: String },
    SetProperties { properties: JsonMap },
    EmitEvent { kind: String, data: JsonMap },
    Exit { outcome: String },
    Custom { kind: String, data: Value },
}

impl Decision {
    /// The decision in one word, for the figures: the weightiest of what it asks for.
    pub fn outcome(&self) -> &'static str {
        let words = || self.actions.iter().map(Action::word);
        if words().any(|word| word == "send-email") {
            "email"
        } else if words().any(|word| word == "exit") {
            "exit"
        } else if words().any(|word| !matches!(word, "set-timer" | "cancel-timer")) {
            "act"
        } else {
            "wait"
        }
    }
}

impl Action {
    /// The word the manifest lists it under.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SendEmail(_) => "send-email",
            Self::SetTimer(_) => "set-timer",
            Self::CancelTimer { .. } => "cancel-timer",
            Self::CreateTask(_) => "create-task",
            Self::AddNote { .. } => "add-note",
            Self::SetProperties { .. } => "set-properties",
            Self::EmitEvent { .. } => "emit-event",
            Self::Exit { .. } => "exit",
            Self::Custom { .. } => "custom",
        }
    }

    /// Every word `word` can return.
    pub const WORDS: &'static [&'static str] = &[
        "send-email",
        "set-timer",
        "cancel-timer",
        "create-task",
        "add-note",
        "set-properties",
        "emit-event",
        "exit",
        "custom",
    ];
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendEmail {
    pub template: String,
    pub variables: JsonMap,
    pub when: When,
    pub reply_to: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetTimer {
    pub name: String,
    pub when: When,
    pub data: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreateTask {
    pub title: String,
    pub body: String,
    pub due: When,
}

/// When something should happen; resolved by `calendar` in the contact's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    Now,
    At(Instant),
    AfterMs(u64),
    AfterBusinessDays { days: u32, at: Option<TimeOfDay> },
}

/// A local wall-clock time: hour 0 to 23, minute 0 to 59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeOfDay {
    pub hour: u8,
    pub minute: u8,
}
