//! SDK for Followup plugins: implement [`Policy`] and call [`export!`], or [`Webhook`], [`Poll`] or
//! both and call [`export_trigger!`], and a plain `cargo build --target wasm32-wasip2` makes a plugin.
//!
//! # A policy
//!
//! decides what follows when something happens to a contact:
//!
//! ```
//! use followup_guest::{Context, Decision, Email, Event, Policy, PolicyError, TimeOfDay, When};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Config {
//!     template: String,
//! }
//!
//! #[derive(Default, Serialize, Deserialize)]
//! struct State {
//!     sent: bool,
//! }
//!
//! struct Hello;
//!
//! impl Policy for Hello {
//!     type Config = Config;
//!     type State = State;
//!
//!     fn decide(cx: &Context<Config>, state: &mut State, _event: &Event) -> Result<Decision, PolicyError> {
//!         if state.sent {
//!             return Ok(Decision::because("the greeting has gone out"));
//!         }
//!         state.sent = true;
//!         Ok(Decision::because("greets a new contact")
//!             .send(Email::template(&cx.config.template).when(When::after_business_days(1).at(TimeOfDay::new(9, 30)))))
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # A trigger
//!
//! brings events from a foreign system, by its webhooks or by asking it:
//!
//! ```
//! use followup_guest::{Instant, Received, Request, TriggerContext, TriggerError, TriggerEvent, Webhook, kind};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Config {
//!     form: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct Submission {
//!     id: String,
//!     form: String,
//!     email: String,
//!     submitted_at: Option<String>,
//! }
//!
//! struct Forms;
//!
//! impl Webhook for Forms {
//!     type Config = Config;
//!
//!     fn receive(cx: &TriggerContext<Config>, request: &Request) -> Result<Received, TriggerError> {
//!         let told: Submission = request.json()?;
//!         if told.form != cx.config.form {
//!             return Ok(Received::nothing());
//!         }
//!         let at = told.submitted_at.as_deref().and_then(Instant::parse_rfc3339);
//!         let event = TriggerEvent::new(told.id, kind::FORM_SUBMITTED)
//!             .email(told.email)
//!             .at(at)
//!             .data("form", told.form);
//!         Ok(Received::event(event))
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! and, after it, `followup_guest::export_trigger!(Forms, webhook);`. Secrets are in [`secrets`], outgoing
//! requests in `http` (a feature: a component that imports the network must have been granted it).
//!
//! # Features
//!
//! `http`: outgoing requests of triggers. `schema`: keeps `[config]` of `plugin.toml` equal to the
//! Rust type of the configuration, by a test.
//!
//! The types here are the SDK's own, never the generated ones, and everything runs natively too:
//! a plugin is tested with plain `cargo test` (see `testing`). The guide is `guest/README.md`.
//! A plugin is a pure function of its input; nothing here reads a clock, a file or the network.

mod action;
mod attributes;
#[doc(hidden)]
#[expect(
    clippy::same_length_and_capacity,
    reason = "generated: the wire's lists have no spare capacity"
)]
pub mod bindings;
pub mod calendar;
mod contact;
mod context;
mod convert;
mod decision;
mod enrollment;
mod error;
mod event;
#[doc(hidden)]
pub mod export;
#[cfg(feature = "http")]
pub mod http;
mod instant;
pub mod log;
mod pointer;
mod policy;
#[cfg(all(feature = "schema", not(target_arch = "wasm32")))]
pub mod schema;
pub mod secrets;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod trigger;
mod when;

pub use action::{Action, Email, Task};
pub use attributes::{Attributes, Value};
pub use calendar::LocalTime;
pub use contact::{Account, Contact};
pub use context::Context;
pub use decision::Decision;
pub use enrollment::{Enrollment, Timer, Touch};
pub use error::{FieldError, PluginError, PolicyError, TriggerError};
pub use event::{Event, kind};
pub use instant::Instant;
pub use policy::{Migrate, Policy};
pub use serde_json::{self, json};
pub use trigger::{
    ContactRef, Page, Poll, Received, Request, Response, TriggerContext, TriggerEvent, Webhook,
};
pub use when::{Span, TimeOfDay, When};
