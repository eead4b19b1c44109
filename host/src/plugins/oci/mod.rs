//! Plugins in OCI registries: pulled by tag or digest, pushed with their signature.
//!
//! In: a reference, and what is known of its registry. Out: bytes that have the digest by which the
//! registry listed them, and the digest that the tag stood for. Whether they are signed is not judged
//! here. A component's size is known before its first byte comes, and a transfer has an end; only a
//! manifest is read by the library without a limit of size, within the time of the transfer. What is
//! called is what the administrator named and where that registry leads (its token server, its
//! storage); credentials go to the named host only. Proxies of the environment are used, as by other
//! tools for registries.

mod artifact;
mod error;
mod link;
mod pull;
mod push;

pub use error::RegistryError;
pub use push::Pushed;

pub(super) use pull::{Pulled, pull};
pub(super) use push::push;
