//! Close. Payloads: the example of "Webhooks" and the object types of "List of Event Types" (developer.close.com);
//! answers: Close's OpenAPI document.

use followup::crm::close;
use followup::domain::connector::Settings;

use super::{Sample, headers};

/// The key of the example in "Webhook Signatures", and another.
const KEY: &str = "058bfb6a3d8cfdc4da7c3be5901b16ae11da982b46a25fb2cd7016e97a140a1c";
const OTHER_KEY: &str = "158bfb6a3d8cfdc4da7c3be5901b16ae11da982b46a25fb2cd7016e97a140a1c";

pub(super) fn sample() -> Sample {
    let settings = |key: &str| {
        Settings::default()
            .with_secret("api_key", "api_close_1")
            .with_secret("signature_key", key)
    };
    Sample::of("close", settings(KEY), Some(settings(OTHER_KEY))).signed_by_headers(|body, at| {
        let seconds = at.0 / 1000;
        let signature = close::sign(KEY, seconds, body).expect("a key");
        headers(&[
            (close::SIGNATURE_HEADER, &signature),
            (close::TIMESTAMP_HEADER, &seconds.to_string()),
        ])
    })
}
