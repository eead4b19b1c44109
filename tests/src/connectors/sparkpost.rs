//! SparkPost. Payloads: SparkPost's documentation of webhooks (the samples of its API) and django-anymail's tests;
//! relay webhooks after the API documentation.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_secret("api_key", "14ac5499cfdd2bb2859e4476d2e5b1d2bad079bf")
            .with_text("inbound_address", "reply@in.acme.example")
            .with_secret("webhook_password", password)
    };
    let stranger = settings(OTHER_PASSWORD);
    let mut sample = Sample::of("sparkpost", settings(PASSWORD), Some(stranger));
    sample.ping = Some("\"msys\": {}");
    sample.with_basic_password().in_batches()
}
