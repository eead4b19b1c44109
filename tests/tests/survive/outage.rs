//! The provider is down for a day: its mails are made up for within the limits, each once, in their order.

use followup::domain::Instant;
use followup::domain::instant::{HOUR_MS, MINUTE_MS};
use followup_tests::town::{Event, Town};
use followup_tests::{FakeProvider, Gate, Weather};
use serde_json::json;

const PEOPLE: usize = 40;
/// What the identity may send in an hour, and the least time between two of its mails and to one contact.
const HOURLY_MAX: usize = 12;
const GAP_MS: i64 = MINUTE_MS;
const CONTACT_GAP_MS: i64 = 4 * HOUR_MS;

/// What its front says while it is down.
const DOWN: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const CONFIG: &str = r#"
[connections.mail]
kind = "sendgrid"
api_key = "file:key"
base_url = "@provider@"
[identities.bob]
from = "Bob <bob@acme.example>"
connection = "mail"
caps = ["12/1h"]
gap_ms = 60_000
[guardrails]
gap_ms = 14_400_000
[sequences.steady]
policy = "cadence"
identity = "bob"
enrol = 'event.kind == "form-submitted"'
config.steps = [
    { template = "step-1" },
    { template = "step-2", after_business_days = 1, at = "09:30" },
    { template = "step-3", after_business_days = 1, at = "09:30" },
]
"#;

fn at(hours: i64) -> Instant {
    let begins_at = Instant::parse_rfc3339("2026-03-02T08:00:00Z").expect("RFC 3339");
    begins_at.plus_ms(hours * HOUR_MS)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_was_down_for_a_day() {
    let provider = FakeProvider::start().await;
    let gate = Gate::before(&provider.url).await;
    let key = [("key".to_owned(), b"SG.123".to_vec())];
    let config = CONFIG.replace("@provider@", &gate.url);
    let town = Town::found_with(at(0), &config, &key)
        .await
        .expect("starts");
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@x{n}.example")).collect();
    for (number, email) in people.iter().enumerate() {
        if number == PEOPLE / 4 {
            gate.turn(Weather::Answer(DOWN));
        }
        town.live_until(at(0).plus_ms(number as i64 * 20 * MINUTE_MS))
            .await
            .expect("lives");
        let data = json!({ "contact": { "first_name": "Zoë" } });
        let told = Event::new("form-submitted", email, data);
        town.hear(told).await.expect("heard");
    }
    town.live_until(at(27)).await.expect("lives");
    let tried = gate.met();
    gate.turn(Weather::Fair);
    town.live_until(at(14 * 24)).await.expect("lives");

    let mut sent: Vec<(Instant, String)> = Vec::new();
    let mut attempts = 0;
    for email in &people {
        let messages = town.report(email).await.expect("known").messages;
        let mut before: Option<Instant> = None;
        for (place, message) in messages.iter().enumerate() {
            assert_eq!(message.template, format!("step-{}", place + 1), "{email}");
            assert_eq!(message.status, "sent", "{email}: {message:?}");
            let sent_at = message.sent_at.as_deref().expect("a time");
            let sent_at = Instant::parse_rfc3339(sent_at).expect("RFC 3339");
            if let Some(before) = before {
                let gap_ms = sent_at.since_ms(before);
                assert!(gap_ms >= CONTACT_GAP_MS, "{email}: {gap_ms} ms apart");
            }
            before = Some(sent_at);
            attempts = attempts.max(message.attempts);
            sent.push((sent_at, message.id.clone()));
        }
        assert_eq!(messages.len(), 3, "{email}");
    }
    sent.sort();
    for (place, (sent_at, _)) in sent.iter().enumerate() {
        let within = |other: &&(Instant, String)| other.0.since_ms(*sent_at) < HOUR_MS;
        let hour = sent[place..].iter().take_while(within).count();
        assert!(
            hour <= HOURLY_MAX,
            "{hour} mails in the hour from {sent_at}"
        );
        if let Some((next, _)) = sent.get(place + 1) {
            assert!(next.since_ms(*sent_at) >= GAP_MS, "{sent_at} and {next}");
        }
    }
    let mut ids: Vec<_> = sent.into_iter().map(|(_, id)| id).collect();
    let mut accepted = provider.accepted();
    ids.sort();
    accepted.sort();
    assert_eq!(accepted, ids, "each once");
    eprintln!(
        "{} mails, {tried} calls while it was down, at most {attempts} of one mail",
        ids.len()
    );
}
