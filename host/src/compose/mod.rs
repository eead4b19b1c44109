//! From a template and a contact to a message.
//!
//! In: template text, and the fields of one contact, account, event and sender. Out: subject, plain
//! text and HTML, and the headers that keep a conversation in one thread. Pure: files are read by
//! `config`, messages are stored by `decide` and sent by `deliver`.
//!
//! Never: a blank where a field is missing, and never a field that becomes markup or a link.

mod fields;
mod front_matter;
pub mod mail;
mod markdown;
mod template;
mod templates;
#[cfg(test)]
mod tests;
pub mod thread;

pub use fields::Context;
pub use template::{RenderError, Rendered, Template, TemplateError, fill_in};
pub use templates::{Found, Templates};

/// The largest template file, in bytes.
pub const TEMPLATE_MAX_BYTES: usize = 64 * 1024;

/// The largest rendered body, in bytes, before it becomes HTML.
pub const RENDERED_MAX_BYTES: usize = 256 * 1024;

/// Steps of the template engine for one part of one message; bounds every loop.
pub const RENDER_FUEL_MAX: u64 = 200_000;

/// The longest subject, in bytes (RFC 5322 2.1.1: "Each line of characters MUST be no more than
/// 998 characters, and SHOULD be no more than 78 characters, excluding the CRLF").
pub const SUBJECT_MAX_BYTES: usize = 998;
