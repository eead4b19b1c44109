//! What authors do: from an empty folder to a registry.
//!
//! `template` and `sdk` write, `toolchain` builds in the author's language, `scenario` plays in the
//! sandbox that production has.

pub(super) mod bench;
pub(super) mod build;
pub(super) mod inspect;
pub(super) mod new;
pub(super) mod replay;
pub mod scenario;
mod sdk;
pub(super) mod sign;
mod template;
pub(super) mod test;
mod toolchain;
