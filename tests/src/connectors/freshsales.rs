//! Freshsales. Payloads: the body that the kind's steps recommend, and others that administrators write; answers: as
//! developers.freshworks.com/crm/api shows them.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample, headers};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_text("base_url", "https://acme.myfreshworks.com/crm/sales/api")
            .with_secret("api_key", "fs-key-1")
            .with_secret("webhook_password", password)
    };
    Sample::of(
        "freshsales",
        settings(PASSWORD),
        Some(settings(OTHER_PASSWORD)),
    )
    .signed_by_headers(|_, _| headers(&[("x-followup-key", PASSWORD)]))
}
