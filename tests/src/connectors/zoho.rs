//! Zoho CRM. The payloads follow the notification quoted in Zoho's "Notification APIs" pages (v8) and the shape
//! of `affected_values` in "Enable Notifications".

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample};

pub(super) fn sample() -> Sample {
    let settings = |token: &str| {
        Settings::default()
            .with_text("won_stages", "Signed")
            .with_text("lost_stages", "No budget")
            .with_text("client_id", "1000.X")
            .with_secret("client_secret", "client-secret")
            .with_secret("refresh_token", "1000.refresh")
            .with_secret("webhook_token", token)
    };
    // The payloads repeat `PASSWORD`.
    let mut sample = Sample::of("zoho", settings(PASSWORD), Some(settings(OTHER_PASSWORD)));
    sample.ping = Some("\"ids\":[]");
    sample
}
