//! What a trigger answers: events, and what the sender or the next poll is told.

use serde::Serialize;

use super::TriggerEvent;
use crate::{Instant, PluginError};

/// The answer to a webhook: its events, and what the sender is told (202 where the trigger has no
/// say in it).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    pub events: Vec<TriggerEvent>,
    pub response: Option<Response>,
}

impl Received {
    /// Nothing of interest.
    pub fn nothing() -> Self {
        Self::default()
    }

    pub fn event(event: TriggerEvent) -> Self {
        Self::events([event])
    }

    pub fn events(events: impl IntoIterator<Item = TriggerEvent>) -> Self {
        Self {
            events: events.into_iter().collect(),
            response: None,
        }
    }

    #[must_use]
    pub fn respond(mut self, response: Response) -> Self {
        self.response = Some(response);
        self
    }
}

/// What the sender of a webhook is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::status(status)
            .header("content-type", "text/plain; charset=utf-8")
            .body(body.into())
    }

    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, PluginError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| format!("the response cannot be written as JSON: {e}"))?;
        Ok(Self::status(status)
            .header("content-type", "application/json")
            .body(body))
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<C> {
    pub events: Vec<TriggerEvent>,
    /// Stored with the events and given to the next call; none leaves the stored one.
    pub cursor: Option<C>,
    /// When to ask again; none keeps the configured interval.
    pub next_at: Option<Instant>,
}

impl<C> Page<C> {
    pub fn events(events: impl IntoIterator<Item = TriggerEvent>) -> Self {
        Self {
            events: events.into_iter().collect(),
            cursor: None,
            next_at: None,
        }
    }

    #[must_use]
    pub fn cursor(mut self, cursor: C) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// Ask again at this moment: at once (`cx.now`) where there are more pages.
    #[must_use]
    pub fn next_at(mut self, at: Instant) -> Self {
        self.next_at = Some(at);
        self
    }
}
