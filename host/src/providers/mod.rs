//! Pure mappings, one folder per e-mail provider: a mail into a request, the answer into an outcome,
//! their event webhooks into our events.
//!
//! In: `Mail`, raw webhooks and HTTP answers as `domain` types. Out: requests to be made by `net`,
//! outcomes, verdicts and events. Never any I/O, clock or state. The mapping that matters most is
//! `outcome`: what may be repeated, what may not, and what nobody knows; each says why.
//! A new provider is a new folder, with golden payloads in `tests/golden/NAME/`.

mod address;
#[cfg(test)]
mod answers;
pub mod brevo;
pub mod capture;
mod form;
mod header;
pub mod mailgun;
pub mod postmark;
mod rebuilt;
pub mod resend;
pub mod sendgrid;
pub mod ses;
pub mod smtp;
mod sns;
pub mod sparkpost;

pub use resend::Resend;
pub use sendgrid::SendGrid;

use std::sync::Arc;

use crate::domain::connector::{Connector, Kind, Probes, Receives, Sends};
use crate::domain::hook::Hook;
use crate::domain::mail::Provider;

/// Every provider that can be connected.
pub const KINDS: &[&Kind] = &[
    &sendgrid::KIND,
    &resend::KIND,
    &mailgun::KIND,
    &ses::KIND,
    &sparkpost::KIND,
    &postmark::KIND,
    &brevo::KIND,
    &smtp::KIND,
];

/// Under this name our message id travels with a mail and comes back in every event about it.
pub const MESSAGE_ID_KEY: &str = "followup_message_id";

/// What every provider with an API does: its webhooks, sending, received mails, a probe. Each adds what
/// else it can.
fn connector<P>(provider: &Arc<P>) -> Connector
where
    P: Hook + Provider + Receives + Probes + 'static,
{
    Connector {
        hook: Some(Arc::clone(provider) as _),
        sends: Some(Sends::Http(Arc::clone(provider) as _)),
        receives: Some(Arc::clone(provider) as _),
        probes: Some(Arc::clone(provider) as _),
        ..Connector::default()
    }
}

/// A returned message id, where it has the shape of one of ours.
fn our_message_id(value: Option<&serde_json::Value>) -> Option<String> {
    let id = value?.as_str()?;
    let ours = id.starts_with("msg_")
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ours.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_our_ids_are_taken_back() {
        assert_eq!(
            our_message_id(Some(&json!("msg_a2"))).as_deref(),
            Some("msg_a2")
        );
        for foreign in [
            json!("a2"),
            json!("msg_A"),
            json!("msg_a;"),
            json!(7),
            json!(null),
        ] {
            assert_eq!(our_message_id(Some(&foreign)), None, "{foreign}");
        }
        assert_eq!(
            our_message_id(Some(&json!(format!("msg_{}", "a".repeat(61))))),
            None
        );
    }
}
