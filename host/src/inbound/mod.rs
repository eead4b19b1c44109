//! Inbound mail: raw RFC 5322 bytes in, events out.
//!
//! ```text
//! bytes ─▶ mail (read within limits) ─▶ classify ─▶ events ─▶ the door stores them
//!                                        │ bounce, complaint, receipt, challenge,
//!                                        └ bulk, auto-reply, person
//! ```
//! The order of `classify` is the point: a bounce that carries `Auto-Submitted` is a bounce, and only
//! what is none of the machines' mails counts as a person's reply. Everything here is pure: the key of
//! the reply tokens and our own addresses come in as arguments, `now` too. Nothing here ever answers a
//! mail (RFC 3834, 2: a responder must not answer automatic mail; we answer none at all), and no
//! input is an error: what cannot be understood is a person's mail that says nothing.

mod addresses;
mod auto_reply;
mod bounce;
mod bounce_text;
mod bulk;
mod challenge;
mod classify;
mod complaint;
mod departed;
mod events;
mod fields;
mod fold;
mod hook;
mod mail;
mod mime;
mod opt_out;
mod opt_out_words;
mod quoted;
mod receipt;
mod return_date;
mod status;
mod status_words;
mod subjects;
mod through;
mod transcript;

pub use auto_reply::AutoReply;
pub use bounce::{Delivery, Recipient};
pub use classify::{Classified, Kind, Ours, classify};
pub use complaint::Feedback;
pub use events::events;
pub use hook::Inbound;
pub use mail::{Envelope, InboundMail};
pub use receipt::Receipt;
pub use through::Through;

/// Recipients of one envelope; SMTP servers must take 100 (RFC 5321 4.5.3.1.8).
const ENVELOPE_MAX: usize = 100;

/// The largest mail taken in: what Gmail and Outlook accept (25 MB of attachments), in base64.
const MAIL_MAX_BYTES: usize = 36 * 1024 * 1024;
