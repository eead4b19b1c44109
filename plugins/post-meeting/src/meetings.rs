//! What the policy remembers of a contact's meetings: few, and only what a mail needs.

use followup_guest::{Event, Instant};
use serde::{Deserialize, Serialize};

/// The most meetings remembered; the oldest are dropped.
pub const MEETINGS_MAX: usize = 12;

/// The longest title, location and meeting id kept, in characters.
const TEXT_MAX: usize = 200;

/// The longest URL kept, in bytes: one that is cut off leads nowhere.
const URL_MAX: usize = 1_000;

/// The state of an enrollment: meetings in the order they were heard of.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meetings {
    meetings: Vec<Meeting>,
    /// How many meetings there have been, the forgotten ones too.
    heard_of: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meeting {
    id: String,
    /// Names its reminder: ids of calendars may be longer than a timer's name.
    pub number: u32,
    pub starts_at: Instant,
    pub title: String,
    pub url: String,
    pub location: String,
    /// Held, missed or cancelled.
    pub over: bool,
    /// When the newest report about it happened.
    as_of: Instant,
}

impl Meetings {
    pub fn get(&self, number: u32) -> Option<&Meeting> {
        self.meetings
            .iter()
            .find(|meeting| meeting.number == number)
    }

    pub fn all_over(&self) -> bool {
        self.meetings.iter().all(|meeting| meeting.over)
    }

    /// Whether a newer report about the event's meeting came before it: events arrive in any order.
    pub fn know_better_than(&self, event: &Event) -> bool {
        let meeting = self.of(event);
        meeting.is_some_and(|meeting| event.occurred_at < meeting.as_of)
    }

    /// Notes the time of the event's meeting. Gives the time that was known before, where it was
    /// still to come: a cancelled meeting that is booked again is a new one.
    pub fn plan(
        &mut self,
        event: &Event,
        starts_at: Instant,
        now: Instant,
    ) -> (Option<Instant>, &Meeting) {
        let before = self.of(event).filter(|meeting| !meeting.over);
        let before = before.map(|meeting| meeting.starts_at);
        let meeting = self.known(event, starts_at);
        meeting.starts_at = starts_at;
        meeting.over &= starts_at <= now;
        (before, meeting)
    }

    /// The event's meeting, with what the event adds to it; a new one starts at `starts_at`,
    /// unless the event knows better.
    pub fn known(&mut self, event: &Event, starts_at: Instant) -> &mut Meeting {
        let id = id_of(event);
        let index = self.meetings.iter().position(|meeting| meeting.id == id);
        let index =
            index.unwrap_or_else(|| self.add(id, event.instant("starts_at").unwrap_or(starts_at)));
        let meeting = &mut self.meetings[index];
        meeting.as_of = event.occurred_at;
        for (field, key) in [
            (&mut meeting.title, "title"),
            (&mut meeting.location, "location"),
        ] {
            if let Some(text) = event.text(key) {
                *field = text.chars().take(TEXT_MAX).collect();
            }
        }
        if let Some(url) = event.text("url").filter(|url| url.len() <= URL_MAX) {
            url.clone_into(&mut meeting.url);
        }
        meeting
    }

    fn of(&self, event: &Event) -> Option<&Meeting> {
        let id = id_of(event);
        self.meetings.iter().find(|meeting| meeting.id == id)
    }

    /// Makes room for a new meeting; gives its place.
    fn add(&mut self, id: String, starts_at: Instant) -> usize {
        if self.meetings.len() >= MEETINGS_MAX {
            self.meetings.remove(0);
        }
        self.heard_of += 1;
        self.meetings.push(Meeting {
            id,
            number: self.heard_of,
            starts_at,
            title: "our meeting".to_owned(),
            ..Meeting::default()
        });
        self.meetings.len() - 1
    }
}

/// A sender that names no meeting means the only one there is.
fn id_of(event: &Event) -> String {
    let id = event.text("meeting_id").unwrap_or("the-meeting");
    id.chars().take(TEXT_MAX).collect()
}
