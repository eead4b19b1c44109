//! Postmark. Payloads: Postmark's documentation ("Webhooks", "Inbound webhook") and postmark-skills ("Webhook
//! Payload Examples"), with addresses, texts and our id put in; `unsubscribe.json` is of
//! django-anymail issue 447.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_secret("server_token", "00000000-0000-0000-0000-000000000000")
            .with_secret("webhook_password", password)
            .with_text("inbound_address", "reply@in.example.com")
    };
    Sample::of(
        "postmark",
        settings(PASSWORD),
        Some(settings(OTHER_PASSWORD)),
    )
    .with_basic_password()
}
