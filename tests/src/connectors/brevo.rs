//! Brevo. Payloads: Brevo's documentation ("Transactional webhooks", "Inbound parse webhooks") and django-anymail's
//! tests, with addresses, texts and our id put in.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample, headers};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_secret("api_key", "xkeysib-x")
            .with_secret("webhook_password", password)
            .with_text("inbound_address", "reply@in.example.com")
    };
    Sample::of("brevo", settings(PASSWORD), Some(settings(OTHER_PASSWORD)))
        .signed_by_headers(|_, _| headers(&[("authorization", &format!("Bearer {PASSWORD}"))]))
        .in_batches()
}
