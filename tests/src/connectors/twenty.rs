//! Twenty. Payloads have the form that its server gives them (twentyhq/twenty,
//! `transform-event-batch-to-webhook-events.ts` and `call-webhook.job.ts`); `documented.json` is the example
//! of its documentation (docs.twenty.com, Webhooks).

use followup::crm::twenty::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
use followup::domain::connector::Settings;
use followup::signatures::hmac;

use super::{OTHER_PASSWORD, PASSWORD, Sample, headers};

pub(super) fn sample() -> Sample {
    let settings = |secret: &str| {
        Settings::default()
            .with_text("won_stages", "Signed")
            .with_text("lost_stages", "No budget")
            .with_secret("api_key", "twenty-key-1")
            .with_secret("webhook_secret", secret)
    };
    let (good, stranger) = (settings(PASSWORD), settings(OTHER_PASSWORD));
    Sample::of("twenty", good, Some(stranger)).signed_by_headers(|body, at| {
        let timestamp = at.0.to_string();
        let message = [timestamp.as_bytes(), b":", body];
        let digits = hmac::sign_hex(PASSWORD.as_bytes(), &message);
        headers(&[(SIGNATURE_HEADER, &digits), (TIMESTAMP_HEADER, &timestamp)])
    })
}
