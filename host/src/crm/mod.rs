//! Pure mappings, one folder per CRM: their webhooks into our events, and what to ask their API.
//!
//! In: raw requests and answers as `domain` types. Out: verdicts, events, requests to be made.
//! Never any I/O, clock or state; unknown words become custom kinds, never errors; what the CRM wrote
//! rides along untouched in `raw`. A new CRM is a new folder, and golden payloads in
//! `tests/golden/NAME/` that the shared contract test (`tests/tests/hooks/`) runs over.

pub mod cloudevents;
pub mod hubspot;
pub mod time_zone;

pub use cloudevents::CloudEvents;
pub use hubspot::Hubspot;
