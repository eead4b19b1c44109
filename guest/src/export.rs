//! The macros: make a component of a policy or a trigger, with `plugin.toml` inside.

use std::marker::PhantomData;

use crate::bindings::exports::followup::plugin::policy_decide as wire;
use crate::bindings::followup::plugin::types;
use crate::bindings::migrating::exports::followup::plugin::policy_migrate as wire_migrate;
use crate::bindings::poll::exports::followup::plugin::trigger_poll as wire_poll;
use crate::bindings::webhook::exports::followup::plugin::trigger_webhook as wire_webhook;
use crate::bindings::webhook::followup::plugin::trigger_types as wire_trigger;
use crate::trigger::{self, wire as trigger_wire};
use crate::{Migrate, Policy, Poll, Webhook, convert, policy};

/// A plugin in the shape the contract wants. Named by [`export!`](crate::export!) and
/// [`export_trigger!`](crate::export_trigger!) only.
pub struct Component<P>(PhantomData<P>);

impl<P: Policy> wire::Guest for Component<P> {
    fn decide(input: wire::DecideInput) -> Result<wire::Decision, types::PluginError> {
        convert::call_in(input)
            .and_then(policy::run::<P>)
            .map(convert::answer_out)
            .map_err(convert::error_out)
    }
}

impl<P: Migrate> wire_migrate::Guest for Component<P> {
    fn migrate(input: wire_migrate::MigrateInput) -> Result<String, types::PluginError> {
        policy::migrate::<P>(&input.state, &input.from_version, &input.config)
            .map_err(convert::error_out)
    }
}

impl<T: Webhook> wire_webhook::Guest for Component<T> {
    fn receive(
        context: wire_trigger::TriggerContext,
        request: wire_webhook::Request,
    ) -> Result<wire_webhook::Outcome, types::PluginError> {
        let cx = trigger_wire::context_in(context);
        let now = cx.now;
        trigger::receive::<T>(cx, &trigger_wire::request_in(request))
            .and_then(|received| trigger_wire::received_out(received, now))
            .map_err(convert::error_out)
    }
}

impl<T: Poll> wire_poll::Guest for Component<T> {
    fn poll(
        context: wire_trigger::TriggerContext,
        cursor: Option<String>,
    ) -> Result<wire_poll::Page, types::PluginError> {
        let cx = trigger_wire::context_in(context);
        let now = cx.now;
        trigger::poll::<T>(cx, cursor.as_deref())
            .and_then(|page| trigger_wire::page_out(page, now))
            .map_err(convert::error_out)
    }
}

/// Exports a policy as the component's own and embeds the crate's `plugin.toml`, so that a plain
/// `cargo build --target wasm32-wasip2` yields a complete plugin. Once per crate.
///
/// `export!(Mine)` takes a [`Policy`]; `export!(Mine, migrate)` one that carries its state over
/// from earlier versions ([`Migrate`]).
///
/// The manifest is the custom section `followup:manifest`, byte for byte: the host reads it before
/// it runs any code of the plugin. Natively the macro only checks that the traits are there.
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        $crate::embed_manifest!();
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::export::Component<$policy>;
    $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
        const _: () = {
            const fn is_policy<P: $crate::Policy>() {}
            is_policy::<$policy>()
        };
    };
    ($policy:ty, migrate) => {
        $crate::export!($policy);
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::export::Component<$policy>;
            $crate::bindings::migrating::export_migrating!(
                Component with_types_in $crate::bindings::migrating
            );
        };
        const _: () = {
            const fn migrates<P: $crate::Migrate>() {}
            migrates::<$policy>()
        };
    };
}

/// Exports a trigger, as [`export!`](crate::export!) does a policy. Once per crate.
///
/// `export_trigger!(Mine)` takes a type that is both [`Webhook`] and [`Poll`];
/// `export_trigger!(Mine, webhook)` and `export_trigger!(Mine, poll)` take one of the two.
#[macro_export]
macro_rules! export_trigger {
    ($trigger:ty) => {
        $crate::embed_manifest!();
        $crate::export_trigger!(@webhook $trigger);
        $crate::export_trigger!(@poll $trigger);
    };
    ($trigger:ty, webhook) => {
        $crate::embed_manifest!();
        $crate::export_trigger!(@webhook $trigger);
    };
    ($trigger:ty, poll) => {
        $crate::embed_manifest!();
        $crate::export_trigger!(@poll $trigger);
    };
    (@webhook $trigger:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::export::Component<$trigger>;
            $crate::bindings::webhook::export_webhook!(
                Component with_types_in $crate::bindings::webhook
            );
        };
        const _: () = {
            const fn is_webhook<T: $crate::Webhook>() {}
            is_webhook::<$trigger>()
        };
    };
    (@poll $trigger:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::export::Component<$trigger>;
            $crate::bindings::poll::export_poll!(
                Component with_types_in $crate::bindings::poll
            );
        };
        const _: () = {
            const fn polls<T: $crate::Poll>() {}
            polls::<$trigger>()
        };
    };
}

/// The crate's `plugin.toml` as a custom section of the component.
#[doc(hidden)]
#[macro_export]
macro_rules! embed_manifest {
    () => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const MANIFEST: &[u8] =
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
            #[expect(
                unsafe_code,
                reason = "a custom section is the only way to carry the manifest, and the name of a section may clash; this one is ours"
            )]
            #[used]
            #[unsafe(link_section = "followup:manifest")]
            static SECTION: [u8; MANIFEST.len()] = *include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/plugin.toml"
            ));
        };
    };
}
