//! What the tests share. For those that cross processes: a real `followup serve`, signed webhooks,
//! fake APIs. For those that live through weeks: a `town` with a clock that is moved.
//!
//! ```text
//!  Senders ──signed HTTP──▶ Server (child process, Site on disk) ──HTTP──▶ FakeProvider, FakeHubspot
//!                             ▲
//!  Site::contact, status ─────┘ through the command line
//! ```
//! Nothing here sleeps for luck: tests wait for a condition (`eventually`), and fakes are held and
//! released by hand.

pub mod cluster;
pub mod connectors;
pub mod dice;
pub mod fake;
pub mod keys;
pub mod raw;
pub mod registry;
pub mod senders;
pub mod server;
pub mod site;
pub mod town;
pub mod versions;
pub mod wait;

pub use dice::Dice;
pub use fake::collector::{Collected, FakeCollector};
pub use fake::dns::FakeDns;
pub use fake::gate::{Gate, Weather};
pub use fake::hubspot::FakeHubspot;
pub use fake::json_api::FakeJsonApi;
pub use fake::provider::{Answer, Call, FakeProvider, Search};
pub use fake::scripted::ScriptedApi;
pub use keys::Keys;
pub use registry::Registry;
pub use senders::Senders;
pub use server::Server;
pub use site::{Options, Site};
pub use wait::eventually;
