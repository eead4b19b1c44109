//! Whether what a trigger brings keeps the contract (`wit/trigger.wit`): everything that types
//! cannot say.
//!
//! Taken whole or not at all: a page of which one event is wrong leaves its cursor where it was.

use serde_json::Value;

use crate::calendar::{EARLIEST, HOST_FIELDS, LATEST};
use crate::domain::event::KIND_MAX_BYTES;
use crate::domain::manifest::Manifest;
use crate::domain::trigger::{
    DEDUPE_KEY_MAX_BYTES, Page, Received, TriggerContact, TriggerEvent, TriggerResponse,
};
use crate::sandbox::fault::BadOutput;
use crate::sandbox::limits::TriggerLimits;

use super::{at_most, name, not_empty};

/// The longest address or foreign id of a person, and the longest token of a link.
const CONTACT_MAX_BYTES: usize = 500;

/// Headers of an answer that say something about the connection, or that would let a trigger write
/// cookies for the host's own pages.
const HEADERS_OF_THE_HOST: &[&str] = &[
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "server",
    "set-cookie",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(in crate::sandbox) fn received(
    received: Received,
    manifest: &Manifest,
    limits: &TriggerLimits,
) -> Result<Received, BadOutput> {
    events(&received.events, manifest, limits)?;
    if let Some(response) = &received.response {
        self::response(response, limits)
            .map_err(|why| BadOutput(format!("the response: {why}")))?;
    }
    Ok(received)
}

pub(in crate::sandbox) fn page(
    page: Page,
    manifest: &Manifest,
    limits: &TriggerLimits,
) -> Result<Page, BadOutput> {
    events(&page.events, manifest, limits)?;
    if let Some(cursor) = &page.cursor {
        let max = limits.cursor_max_bytes;
        at_most("the cursor", cursor.len(), max, "cursor_max_bytes").map_err(BadOutput)?;
        serde_json::from_str::<Value>(cursor)
            .map_err(|e| BadOutput(format!("the cursor is no JSON: {e}")))?;
    }
    if let Some(at) = page.next_at
        && !(EARLIEST..=LATEST).contains(&at)
    {
        return Err(BadOutput(format!(
            "next-at, {at}, lies outside the years 1970 to 9999"
        )));
    }
    Ok(page)
}

fn events(
    events: &[TriggerEvent],
    manifest: &Manifest,
    limits: &TriggerLimits,
) -> Result<(), BadOutput> {
    if events.len() > limits.events_max {
        return Err(BadOutput(format!(
            "{} events, events_max is {}: give the rest with the next cursor",
            events.len(),
            limits.events_max
        )));
    }
    for (index, given) in events.iter().enumerate() {
        event(given, manifest, limits)
            .map_err(|why| BadOutput(format!("events[{index}]: {why}")))?;
    }
    Ok(())
}

fn event(event: &TriggerEvent, manifest: &Manifest, limits: &TriggerLimits) -> Result<(), String> {
    if !manifest.events.contains(&event.kind) {
        let shown: String = event.kind.chars().take(KIND_MAX_BYTES).collect();
        return Err(format!(
            "{shown:?} is not among the manifest's events: list it there"
        ));
    }
    not_empty("dedupe key", &event.dedupe_key)?;
    if event.dedupe_key.len() > DEDUPE_KEY_MAX_BYTES {
        return Err(format!(
            "the dedupe key is {} bytes long, {DEDUPE_KEY_MAX_BYTES} are allowed: give a digest of it",
            event.dedupe_key.len()
        ));
    }
    let at = event.occurred_at;
    if !(EARLIEST..=LATEST).contains(&at) {
        return Err(format!("{at} lies outside the years 1970 to 9999"));
    }
    let (what, contact) = match &event.contact {
        TriggerContact::Email(text) => ("contact's address", text),
        TriggerContact::External(text) => ("contact's id", text),
        TriggerContact::Token(text) => ("contact's token", text),
    };
    not_empty(what, contact)?;
    if contact.len() > CONTACT_MAX_BYTES {
        return Err(format!(
            "the {what} is longer than {CONTACT_MAX_BYTES} bytes"
        ));
    }
    for field in event.fields.keys() {
        name("name of a field", field)?;
        if HOST_FIELDS.contains(&field.as_str()) {
            return Err(format!(
                "{field} says where the contact's night and holidays are: only a CRM may"
            ));
        }
    }
    let bytes = |value: &crate::domain::JsonMap| {
        serde_json::to_vec(value).map_or(usize::MAX, |text| text.len())
    };
    let total = bytes(&event.data).saturating_add(bytes(&event.fields));
    at_most(
        "the event",
        total,
        limits.event_max_bytes,
        "event_max_bytes",
    )
}

fn response(response: &TriggerResponse, limits: &TriggerLimits) -> Result<(), String> {
    if !(200..=599).contains(&response.status) {
        return Err(format!("{} is no status of an answer", response.status));
    }
    let mut total = response.body.len();
    for (name, value) in &response.headers {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("{name:?} is no name of a header"));
        }
        if HEADERS_OF_THE_HOST.contains(&name.as_str()) {
            return Err(format!("the header {name} is the host's own"));
        }
        if !value
            .bytes()
            .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
        {
            return Err(format!("the header {name} holds a character that none can"));
        }
        total = total.saturating_add(name.len() + value.len());
    }
    at_most(
        "all of it",
        total,
        limits.response_max_bytes,
        "response_max_bytes",
    )
}

#[cfg(test)]
mod tests;
