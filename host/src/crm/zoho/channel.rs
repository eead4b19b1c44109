//! The channel through which notifications come: made, and made anew each day.
//!
//! "The expiry can be a maximum of one week" and is an hour where none is told (Zoho CRM docs, Enable
//! Notifications). The call that makes the channel also keeps it: none of the errors that it is documented
//! with speaks of a channel that exists, while PUT, which replaces all of one, answers `NOT_SUBSCRIBED` where there
//! is none (Zoho's OpenAPI document v8, `notifications.json`). Not verified against a live account.

use secrecy::ExposeSecret;
use serde_json::json;

use crate::domain::Instant;
use crate::domain::connector::{AskError, Renews};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::DAY_MS;

use super::Zoho;
use super::api::{explanation, failure, verdict};

/// Below the week, so that clocks may differ.
const LASTS_MS: i64 = 6 * DAY_MS;
const EVENTS: &[&str] = &[
    "Leads.all",
    "Contacts.all",
    "Deals.all",
    "Tasks.all",
    "Events.all",
    "Calls.all",
];

impl Renews for Zoho {
    fn request(&self, url: &str, now: Instant) -> Request {
        let until = now
            .plus_ms(LASTS_MS)
            .to_utc()
            .format("%Y-%m-%dT%H:%M:%S+00:00");
        let channel = json!({
            "channel_id": self.channel_id,
            "events": EVENTS,
            "channel_expiry": until.to_string(),
            "token": self.webhook_token.expose_secret().trim(),
            "notify_url": url,
            // Tells which fields changed: whether a deal moved.
            "return_affected_field_values": true,
        });
        self.call(
            Method::Post,
            "/actions/watch",
            Some(&json!({"watch": [channel]})),
        )
    }

    fn read(&self, answer: &Response) -> Result<(), AskError> {
        let body = answer.json();
        let code = fields::text(verdict(&body), "code");
        match (answer.status, code) {
            (200..=299, Some("SUCCESS")) => Ok(()),
            (200..=299, Some(_)) => Err(AskError::Refused(format!(
                "Zoho made no channel: {}",
                explanation(answer)
            ))),
            _ => Err(failure(answer)),
        }
    }

    fn every_ms(&self) -> i64 {
        DAY_MS
    }
}
