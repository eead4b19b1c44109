//! SDK for Followup policies: implement [`Policy`], call [`export!`], and a plain
//! `cargo build --target wasm32-wasip2` makes a plugin.
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
//! The types here are the SDK's own, never the generated ones, and everything runs natively too:
//! a policy is tested with plain `cargo test` (see `testing`). The guide is `guest/README.md`.
//! A policy is a pure function of its input; nothing here reads a clock, a file or the network.

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
mod instant;
pub mod log;
mod pointer;
mod policy;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod when;

pub use action::{Action, Email, Task};
pub use attributes::{Attributes, Value};
pub use calendar::LocalTime;
pub use contact::{Account, Contact};
pub use context::Context;
pub use decision::Decision;
pub use enrollment::{Enrollment, Timer, Touch};
pub use error::{FieldError, PolicyError};
pub use event::{Event, kind};
pub use instant::Instant;
pub use policy::Policy;
pub use serde_json::{self, json};
pub use when::{Span, TimeOfDay, When};
