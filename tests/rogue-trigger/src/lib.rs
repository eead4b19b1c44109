//! A trigger that misbehaves in the way its configuration names: `{"misbehave": "loop"}`.
//!
//! Written without the SDK, like its sister `rogue`: a stranger's plugin may be built with anything.
//! `fetch` makes the requests that the configuration lists and answers what came of each. Only a
//! component: elsewhere the crate is empty.
#![cfg(target_arch = "wasm32")]

mod fetch;
mod misbehave;

#[expect(
    unsafe_code,
    clippy::same_length_and_capacity,
    reason = "generated glue between the component's memory and Rust"
)]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "followup:plugin/trigger" });
    export!(Rogue with_types_in self);
    use super::Rogue;
}

use bindings::exports::followup::plugin::trigger_poll::{Guest as Poll, Page};
use bindings::exports::followup::plugin::trigger_webhook::{
    Guest as Webhook, Outcome, Request, Response,
};
use bindings::followup::plugin::trigger_types::TriggerContext;
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

impl Webhook for Rogue {
    fn receive(context: TriggerContext, request: Request) -> Result<Outcome, PluginError> {
        let done = misbehave::act(&context, &request.body)?;
        let response = done.says.map(|text| Response {
            status: done.status,
            headers: done.headers,
            body: text.into_bytes(),
            extra: Vec::new(),
        });
        Ok(Outcome {
            events: done.events,
            response,
            extra: Vec::new(),
        })
    }
}

impl Poll for Rogue {
    fn poll(context: TriggerContext, cursor: Option<String>) -> Result<Page, PluginError> {
        let done = misbehave::act(&context, &[])?;
        Ok(Page {
            events: done.events,
            cursor: done.says.or(cursor),
            next_at: None,
            extra: Vec::new(),
        })
    }
}
