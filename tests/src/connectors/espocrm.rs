//! EspoCRM. Payloads are the values of a record, or those that changed, as its server collects them
//! (espocrm/espocrm, `Core/Webhook/Manager.php`). What happened is not in them: each has the id of the
//! webhook for its event, known here by the id of its first record.

use followup::crm::espocrm::{SIGNATURE_HEADER, sign};
use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample, headers};

/// The first record of a payload, and the event that it came with.
const EVENTS: &[(&str, &str)] = &[
    ("65f0a1b2c3d4e5f01", "Contact.create"),
    ("65f0a1b2c3d4e5f02", "Contact.update"),
    ("65f0a1b2c3d4e5f03", "Contact.delete"),
    ("65f0a1b2c3d4e5f04", "Lead.create"),
    ("65f0a1b2c3d4e5f05", "Lead.update"),
    ("65f0a1b2c3d4e5f06", "Opportunity.create"),
    ("65f0a1b2c3d4e5f07", "Opportunity.update"),
    ("65f0a1b2c3d4e5f08", "Meeting.create"),
    ("65f0a1b2c3d4e5f09", "Meeting.update"),
    ("65f0a1b2c3d4e5f0a", "Call.update"),
    ("65f0a1b2c3d4e5f0b", "Task.update"),
    ("65f0a1b2c3d4e5f0c", "Email.create"),
    ("65f0a1b2c3d4e5f0d", "Account.update"),
    ("65f0a1b2c3d4e5f0e", "Contact.fieldUpdate.assignedUserId"),
    ("65f0a1b2c3d4e5f0f", "Rocket.create"),
];

pub(super) fn sample() -> Sample {
    let settings = |key: &str| {
        let entry = |(id, event): &(&str, &str)| format!("{event}={id}:{key}");
        let entries: Vec<_> = EVENTS.iter().map(entry).collect();
        Settings::default()
            .with_text("base_url", "https://crm.example.com")
            .with_secret("api_key", "espo-key-1")
            .with_secret("webhook_secrets", entries.join(","))
    };
    let (good, stranger) = (settings(PASSWORD), settings(OTHER_PASSWORD));
    Sample::of("espocrm", good, Some(stranger))
        .signed_by_headers(|body, _| {
            headers(&[(SIGNATURE_HEADER, &sign(webhook(body), PASSWORD, body))])
        })
        .in_batches()
}

/// The webhook that a payload comes from: here each has the id of the record that it is known by.
fn webhook(body: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(body);
    let first = text
        .split('"')
        .find_map(|word| EVENTS.iter().find(|(id, _)| *id == word));
    first.map_or("65f0a1b2c3d4e5f02", |(id, _)| id)
}
