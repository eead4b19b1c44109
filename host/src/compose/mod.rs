//! From a template and a contact to a message.
//!
//! In: template text, snippets and a stylesheet, and the fields of one contact, account, event and
//! sender. Out: subject, plain text and HTML that say the same, and the headers that keep a
//! conversation in one thread and let people out. Pure: files are read by `config`, messages are
//! stored by `decide` and sent by `deliver`; nothing is fetched.
//!
//! Never: a blank where a field is missing, and never a field that becomes markup or a link. The
//! same draft gives the same bytes.

mod fields;
mod front_matter;
mod html;
mod layout;
mod letterhead;
pub mod mail;
mod markdown;
mod part;
mod plain;
mod snippets;
mod style;
mod template;
mod templates;
#[cfg(test)]
mod tests;
mod text;
mod texts;
pub mod thread;
mod tracking;
pub mod unsubscribe;
mod visits;

pub use fields::{Context, HostFields};
pub use letterhead::{Letterhead, Stamp};
pub use snippets::{INCLUDES_MAX, SNIPPET_DEPTH_MAX, Snippets};
pub use style::{STYLE_MAX_BYTES, Style};
pub use template::{Body, Format, RenderError, Rendered, Template, TemplateError, fill_in};
pub use templates::{Found, Listed, Templates};
pub use text::{NESTING_MAX, TAGS_MAX, TEXT_WIDTH};
pub use tracking::{LINKS_MAX, Tracking};
pub use visits::{Visits, without_token};

/// The largest template file, in bytes.
pub const TEMPLATE_MAX_BYTES: usize = 64 * 1024;

/// The largest rendered body, in bytes, before it becomes HTML.
pub const RENDERED_MAX_BYTES: usize = 256 * 1024;

/// Steps of the template engine for one part of one message; bounds every loop.
pub const RENDER_FUEL_MAX: u64 = 200_000;

/// The longest subject, in bytes (RFC 5322 2.1.1: "Each line of characters MUST be no more than
/// 998 characters, and SHOULD be no more than 78 characters, excluding the CRLF").
pub const SUBJECT_MAX_BYTES: usize = 998;
