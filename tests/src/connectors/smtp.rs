//! SMTP: sends mail, and has no webhooks and no HTTP API.

use followup::domain::connector::Settings;

use super::Sample;

pub(super) fn sample() -> Sample {
    let settings = Settings::default().with_text("host", "smtp.example.com");
    Sample::of("smtp", settings, None)
}
