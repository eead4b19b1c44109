//! A policy that misbehaves in the way its configuration names: `{"misbehave": "loop"}`.
//!
//! Written without the SDK, which would keep most of this from happening: a stranger's plugin may
//! be built with anything. `none` behaves. Only a component: elsewhere the crate is empty.
#![cfg(target_arch = "wasm32")]

mod misbehave;
mod pester;

#[expect(
    unsafe_code,
    clippy::same_length_and_capacity,
    reason = "generated glue between the component's memory and Rust"
)]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "followup:plugin/policy-migrating" });
    export!(Rogue with_types_in self);
    use super::Rogue;
}

use bindings::exports::followup::plugin::policy_decide::{DecideInput, Decision, Guest};
use bindings::exports::followup::plugin::policy_migrate::{Guest as Migrate, MigrateInput};
use bindings::followup::plugin::types::PluginError;

/// The manifest, where the host looks for it.
#[expect(
    unsafe_code,
    reason = "the only way to write a custom section from Rust"
)]
#[unsafe(link_section = "followup:manifest")]
#[used]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

struct Rogue;

impl Guest for Rogue {
    fn decide(input: DecideInput) -> Result<Decision, PluginError> {
        let config: serde_json::Value = serde_json::from_str(&input.config)
            .map_err(|e| PluginError::Permanent(e.to_string()))?;
        let misdeed = config["misbehave"].as_str().unwrap_or_default();
        match pester::decide(misdeed, &input) {
            Some(decision) => Ok(decision),
            None => misbehave::decide(misdeed, &input),
        }
    }
}

impl Migrate for Rogue {
    fn migrate(input: MigrateInput) -> Result<String, PluginError> {
        let config: serde_json::Value = serde_json::from_str(&input.config)
            .map_err(|e| PluginError::Permanent(e.to_string()))?;
        misbehave::migrate(config["misbehave"].as_str().unwrap_or_default(), input)
    }
}
