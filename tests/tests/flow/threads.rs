//! A follow-up in the thread of the mail before it, through a provider that keeps threads and through one
//! that does not.

use followup::store::DEFAULT_TENANT;
use followup::store::explain::ThreadFacts;
use followup_tests::FakeProvider;
use followup_tests::town::{Event, Town};
use serde_json::{Value, json};

use super::{at, story};

const AMY: &str = "amy@north.example";

const SEQUENCE: &str = r#"
[calendar]
time_zone = "Europe/Berlin"

[sequences.pricing-page]
policy = "cadence"
enrol = 'event.kind == "form-submitted"'
plain_text = true
config.steps = [{ template = "step-1" }, { template = "step-2", after_business_days = 2, at = "09:30" }]
"#;

/// The requests for the two mails, and what is told of the thread of the second.
async fn two_mails(kind: &str) -> ([Value; 2], Option<ThreadFacts>) {
    let provider = FakeProvider::start().await;
    let connection = format!(
        "[connections.mail]\nkind = \"{kind}\"\napi_key = \"file:key\"\nbase_url = \"{}\"\n",
        provider.url
    );
    let files = [
        ("key", "KEY.123"),
        (
            "templates/step-1.md",
            "---\nsubject: Pricing\n---\nHi **Amy**",
        ),
        (
            "templates/step-2.md",
            "---\nsubject: \"Re: Pricing, again\"\n---\nStill here, see https://acme.example/p",
        ),
    ]
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    let town = Town::found_with(story::begins_at(), &(connection + SEQUENCE), &files).await;
    let town = town.expect("starts");
    let data = json!({ "contact": { "first_name": "Amy" } });
    town.clock.set(at("2026-03-02T10:00:00+01:00"));
    let event = Event::new("form-submitted", AMY, data);
    town.hear(event).await.expect("heard");
    town.live_until(at("2026-03-06T00:00:00+01:00"))
        .await
        .expect("lives");

    let calls = provider.calls_to(AMY);
    let second = &calls.last().expect("two mails").message_id;
    let store = &town.daemon.store;
    let told = store.why_message(DEFAULT_TENANT, second).await;
    let told = told.expect("read").expect("there");
    let bodies: Vec<Value> = calls.iter().map(|call| call.body.clone()).collect();
    let bodies = bodies.try_into().expect("two mails");
    town.stop().await;
    (bodies, told.thread)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_threads_are_kept_the_second_answers_the_first() {
    let ([first, second], told) = two_mails("sendgrid").await;
    assert_eq!(first["subject"], "Pricing");
    assert_eq!(second["subject"], "Re: Pricing");
    let answers = second["headers"]["In-Reply-To"].as_str().expect("a thread");
    assert_eq!(second["headers"]["References"], answers);
    let answers = answers.trim_matches(['<', '>']).to_owned();
    let kept = Some(true);
    assert_eq!(told, Some(ThreadFacts { answers, kept }));
}

/// Its mails stand alone, and none of them looks as if it did not. It takes no mail without a page.
#[tokio::test(flavor = "multi_thread")]
async fn where_they_are_dropped_each_mail_is_one_of_its_own() {
    let ([first, second], told) = two_mails("brevo").await;
    assert_eq!(first["subject"], "Pricing");
    assert_eq!(second["subject"], "Pricing, again");
    for header in ["In-Reply-To", "References"] {
        assert_eq!(second["headers"].get(header), None, "{header}");
    }
    assert_eq!(
        second["textContent"],
        "Still here, see https://acme.example/p\n"
    );
    let page = second["htmlContent"].as_str().expect("a page");
    assert!(
        page.contains("<a href=\"https://acme.example/p\">"),
        "{page}"
    );
    let told = told.expect("it was to answer the first");
    assert_eq!(
        told.answers, "provider-1@brevo.example",
        "as its reader knows it"
    );
    assert_eq!(told.kept, Some(false));
}
