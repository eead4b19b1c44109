//! Attio. Payloads are those of its documentation (docs.attio.com, Webhook reference).

use followup::crm::attio::SIGNATURE_HEADER;
use followup::domain::connector::Settings;
use followup::signatures::hmac;

use super::{OTHER_PASSWORD, PASSWORD, Sample, headers};

pub(super) fn sample() -> Sample {
    let settings = |secret: &str| {
        Settings::default()
            .with_text("won_stages", "Signed")
            .with_text("lost_stages", "No budget")
            .with_secret("access_token", "attio-token-1")
            .with_secret("webhook_secret", secret)
            .with_text("people_object", "97052eb9-e65e-443f-a297-f2d9a4a7f795")
            .with_text("deals_object", "5f4f2d9c-2b3e-4a83-9c76-1de3a3f14f26")
            .with_text("own_actor", "11111111-e65e-443f-a297-f2d9a4a7f795")
    };
    Sample {
        ping: Some("\"events\": []"),
        ..Sample::of("attio", settings(PASSWORD), Some(settings(OTHER_PASSWORD))).signed_by_headers(
            |body, _| {
                let digits = hmac::sign_hex(PASSWORD.as_bytes(), &[body]);
                headers(&[(SIGNATURE_HEADER, &digits)])
            },
        )
    }
}
