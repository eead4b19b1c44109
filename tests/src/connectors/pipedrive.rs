//! Pipedrive. Payloads: "Guide for Webhooks v2" and its sample in prismatic.io's documentation, with data as in
//! the OpenAPI document of API v2; answers: the same document.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_text("base_url", "https://acme.pipedrive.com")
            .with_secret("api_token", "pd-token-1")
            .with_secret("webhook_password", password)
    };
    Sample::of(
        "pipedrive",
        settings(PASSWORD),
        Some(settings(OTHER_PASSWORD)),
    )
    .with_basic_password()
}
