//! Resend.

use followup::domain::Instant;
use followup::domain::connector::Settings;
use followup::signatures::standard_webhooks::{self, Secret};

use super::{OTHER_WHSEC, Sample, WHSEC, headers};

pub(super) fn sample() -> Sample {
    let settings = |secret: &str| {
        Settings::default()
            .with_secret("api_key", "re_x")
            .with_secret("webhook_secret", secret)
            .with_text("inbound_address", "reply@in.acme.example")
            .with_secret("inbound_secret", secret)
    };
    Sample::of("resend", settings(WHSEC), Some(settings(OTHER_WHSEC)))
        .signed_by_headers(|body, at| signed_by_svix("svix", body, at))
}

/// The three headers of Standard Webhooks, whose names begin with `webhook` or `svix`.
pub(super) fn signed_by_svix(family: &str, body: &[u8], at: Instant) -> Vec<(String, String)> {
    let secret = Secret::parse(&WHSEC.into()).expect("a secret");
    let signature = standard_webhooks::sign(&secret, "msg_2b", at.0 / 1000, body);
    headers(&[
        (&format!("{family}-id"), "msg_2b"),
        (&format!("{family}-timestamp"), &(at.0 / 1000).to_string()),
        (&format!("{family}-signature"), &signature),
    ])
}
