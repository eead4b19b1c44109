//! Nouns: what the other rooms talk about.
//!
//! Pure data and the rules that hold for it everywhere: no I/O, no async, no clock, no wasmtime,
//! no SQL, and nothing of ours imported from above. Names follow the glossary in ARCHITECTURE.md.

pub mod account;
pub mod answer;
pub mod backoff;
pub mod component;
pub mod connector;
pub mod contact;
pub mod decision;
pub mod digest;
pub mod doubt;
pub mod enrollment;
pub mod event;
pub mod fault;
pub mod fields;
pub mod hook;
pub mod http;
pub mod install;
pub mod instant;
pub mod known;
pub mod machine;
pub mod mail;
pub mod manifest;
pub mod message;
pub mod network;
pub mod outgoing;
pub mod outlook;
pub mod pause;
pub mod spelling;
pub mod submission;
pub mod token;
pub mod touch;
pub mod trigger;
pub mod verdict;

pub use contact::{ContactPatch, ContactRef, EmailAddress};
pub use event::{Event, NewEvent};
pub use instant::Instant;

/// A JSON object, in the order its sender wrote it.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
