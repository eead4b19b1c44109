//! HubSpot.

use followup::crm::hubspot;
use followup::domain::connector::Settings;

use super::{Sample, URL, headers};

pub(super) fn sample() -> Sample {
    let settings = |secret: &str| {
        Settings::default()
            .with_secret("client_secret", secret)
            .with_secret("access_token", "pat-1")
    };
    Sample::of(
        "hubspot",
        settings("client-secret"),
        Some(settings("other-secret")),
    )
    .signed_by_headers(|body, at| {
        let signature = hubspot::sign("client-secret", "POST", URL, body, at.0);
        headers(&[
            (hubspot::SIGNATURE_HEADER, &signature),
            (hubspot::TIMESTAMP_HEADER, &at.0.to_string()),
        ])
    })
    .in_batches()
}
