//! An invitee as Calendly's webhooks describe one: the person, and the meeting they booked.
//!
//! Source: Calendly's API reference, "Webhook payload" (invitee payload); every key but `uri` and
//! `email` may be missing or null.

use followup_guest::serde_json::Value;
use serde::Deserialize;

/// The longest text taken over, in characters: people write essays into booking forms.
const TEXT_MAX: usize = 500;

#[derive(Debug, Deserialize)]
pub struct Invitee {
    pub uri: String,
    pub email: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    timezone: Option<String>,
    #[serde(default)]
    pub rescheduled: bool,
    /// Calendly's `old_invitee`: the booking that this one takes the place of.
    #[serde(default, rename = "old_invitee")]
    pub moved_from: Option<String>,
    #[serde(default)]
    pub no_show: Option<Named>,
    #[serde(default)]
    cancellation: Option<Cancellation>,
    #[serde(default)]
    reschedule_url: Option<String>,
    #[serde(default)]
    cancel_url: Option<String>,
    #[serde(default)]
    scheduled_event: Option<Meeting>,
    #[serde(default)]
    questions_and_answers: Vec<Answer>,
}

/// An object that is only named.
#[derive(Debug, Deserialize)]
pub struct Named {
    pub uri: String,
}

#[derive(Debug, Deserialize)]
struct Cancellation {
    #[serde(default)]
    reason: Option<String>,
    /// `host` or `invitee`.
    #[serde(default)]
    canceler_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Meeting {
    uri: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    start_time: Option<String>,
    #[serde(default)]
    end_time: Option<String>,
    #[serde(default)]
    event_type: Option<String>,
    /// A place, or how to call: its shape depends on its `type`.
    #[serde(default)]
    location: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    question: String,
    #[serde(default)]
    answer: Option<String>,
}

impl Invitee {
    /// The meeting's name; empty where none is told.
    pub fn title(&self) -> &str {
        let meeting = self.scheduled_event.as_ref();
        meeting.and_then(|m| m.name.as_deref()).unwrap_or_default()
    }

    /// What an event says of the meeting.
    ///
    /// A meeting that is moved gets a new id from Calendly, and the payload names only the one before
    /// it: whoever moves twice would leave one behind. So `meeting_id` is that of the event type, of
    /// which a person has one at a time; Calendly's own stands beside it.
    pub fn data(&self) -> Vec<(&'static str, String)> {
        let meeting = self.scheduled_event.as_ref();
        let id = meeting.and_then(|m| m.event_type.as_deref().or(Some(&m.uri)));
        let location = meeting.and_then(|m| m.location.as_ref());
        let place = |key| location.and_then(|l| l.get(key)?.as_str());
        let cancellation = self.cancellation.as_ref();
        [
            ("meeting_id", id.map(last_part)),
            ("title", meeting.and_then(|m| m.name.as_deref())),
            ("starts_at", meeting.and_then(|m| m.start_time.as_deref())),
            ("ends_at", meeting.and_then(|m| m.end_time.as_deref())),
            ("url", place("join_url")),
            ("location", place("location")),
            ("calendly_event", meeting.map(|m| last_part(&m.uri))),
            ("reschedule_url", self.reschedule_url.as_deref()),
            ("cancel_url", self.cancel_url.as_deref()),
            ("reason", cancellation.and_then(|c| c.reason.as_deref())),
            (
                "cancelled_by",
                cancellation.and_then(|c| c.canceler_type.as_deref()),
            ),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, short(text?))))
        .filter(|(_, text)| !text.is_empty())
        .collect()
    }

    /// Fields of the person. A form asks for one name or for two; of one, the first word is the first
    /// name.
    pub fn person(&self) -> Vec<(&'static str, String)> {
        let name = self.name.as_deref().unwrap_or_default().trim();
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        [
            ("first_name", self.first_name.as_deref().unwrap_or(first)),
            ("last_name", self.last_name.as_deref().unwrap_or(last)),
            ("time_zone", self.timezone.as_deref().unwrap_or_default()),
        ]
        .into_iter()
        .map(|(name, text)| (name, short(text)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
    }

    /// What was answered to a question of the form.
    pub fn answer(&self, question: &str) -> Option<String> {
        let mut answers = self.questions_and_answers.iter();
        let answer = answers.find(|answer| answer.question.trim() == question)?;
        let text = short(answer.answer.as_deref()?);
        (!text.is_empty()).then_some(text)
    }
}

/// `AAAA` of `https://api.calendly.com/scheduled_events/AAAA`.
pub fn last_part(uri: &str) -> &str {
    let uri = uri.trim_end_matches('/');
    uri.rsplit('/').next().unwrap_or(uri)
}

fn short(text: &str) -> String {
    text.trim().chars().take(TEXT_MAX).collect()
}
