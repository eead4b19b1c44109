//! Pure mappings, one folder per CRM: their webhooks into our events, and what to ask their API.
//!
//! In: raw requests and answers as `domain` types. Out: verdicts, events, requests to be made.
//! Never any I/O, clock or state; unknown words become custom kinds, never errors; what the CRM wrote
//! rides along untouched in `raw`. A new CRM is a new folder, and golden payloads in
//! `tests/golden/NAME/` that the shared contract test (`tests/tests/hooks/`) runs over.

pub mod attio;
mod body;
mod call;
pub mod close;
pub mod cloudevents;
pub mod espocrm;
mod event;
pub mod freshsales;
pub mod hubspot;
mod moment;
pub mod odoo;
mod person;
pub mod pipedrive;
pub mod salesforce;
mod stages;
pub mod time_zone;
pub mod twenty;
mod writable;
pub mod zoho;

use serde_json::Value;

use crate::domain::connector::Kind;
use crate::domain::event::kind;
use crate::domain::{ContactPatch, JsonMap, NewEvent};

pub use cloudevents::CloudEvents;
pub use hubspot::Hubspot;

/// Every CRM that can be connected.
pub const KINDS: &[&Kind] = &[
    &hubspot::KIND,
    &salesforce::KIND,
    &zoho::KIND,
    &pipedrive::KIND,
    &close::KIND,
    &freshsales::KIND,
    &odoo::KIND,
    &attio::KIND,
    &twenty::KIND,
    &espocrm::KIND,
    &cloudevents::KIND,
];

/// The CRM's own opt-out of a person, met in an event about something else: nothing may be sent to
/// them. Once per person, since a person who opts in again does so by our own page.
fn opt_out(event: &NewEvent) -> NewEvent {
    let person = event
        .contact
        .external_id
        .as_deref()
        .unwrap_or(&event.source_key);
    NewEvent {
        source_key: format!("opted-out/{person}"),
        kind: kind::UNSUBSCRIBED.to_owned(),
        occurred_at: event.occurred_at,
        contact: event.contact.clone(),
        patch: ContactPatch::default(),
        message_id: None,
        answers: Vec::new(),
        data: JsonMap::new(),
        raw: Value::Null,
        hydrate: None,
        about: None,
    }
}
