//! The one macro: makes a component of a policy, with `plugin.toml` inside.

use std::marker::PhantomData;

use crate::bindings::exports::followup::plugin::policy_decide::{self as wire, Guest};
use crate::bindings::followup::plugin::types::PluginError;
use crate::{Policy, convert, policy};

/// A policy in the shape the contract wants. Named by [`export!`](crate::export!) only.
pub struct Component<P>(PhantomData<P>);

impl<P: Policy> Guest for Component<P> {
    fn decide(input: wire::DecideInput) -> Result<wire::Decision, PluginError> {
        convert::call_in(input)
            .and_then(policy::run::<P>)
            .map(convert::answer_out)
            .map_err(convert::error_out)
    }
}

/// Exports a policy as the component's own and embeds the crate's `plugin.toml`, so that a plain
/// `cargo build --target wasm32-wasip2` yields a complete plugin. Once per crate.
///
/// The manifest is the custom section `followup:manifest`, byte for byte: the host reads it before
/// it runs any code of the plugin. Natively the macro only checks that the type is a [`Policy`].
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::export::Component<$policy>;
            $crate::bindings::export_component!(Component with_types_in $crate::bindings);

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
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_policy<P: $crate::Policy>() {}
            is_policy::<$policy>()
        };
    };
}
