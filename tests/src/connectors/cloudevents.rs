//! CloudEvents.

use followup::domain::connector::Settings;

use super::{OTHER_WHSEC, Sample, WHSEC, resend::signed_by_svix};

pub(super) fn sample() -> Sample {
    let settings = |secret: &str| Settings::default().with_secret("secret", secret);
    let mut sample = Sample::of("cloudevents", settings(WHSEC), Some(settings(OTHER_WHSEC)))
        .signed_by_headers(|body, at| signed_by_svix("webhook", body, at))
        .in_batches();
    sample.content_type = "application/json; charset=utf-8";
    sample
}
