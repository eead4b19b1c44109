//! Never "Hi ,": a mail whose template needs an unknown field waits for it.

use followup_tests::town::{Event, Town};
use serde_json::{Value, json};

use super::{SEQUENCES, at};

const DAN: &str = "dan@forge.example";

/// Dan filled in a form, and nobody knows his name: one mail, held.
async fn held() -> Town {
    let town = Town::found(at("2026-03-02T10:00:00+01:00"), SEQUENCES)
        .await
        .expect("starts");
    tell(&town, "form-submitted", json!({})).await;
    let message = only_message(&town).await;
    assert_eq!(message["status"], "held");
    assert_eq!(message["held_reason"], "missing contact.first_name");
    assert_eq!(mails(&town), 0);
    town
}

async fn tell(town: &Town, kind: &str, data: Value) {
    town.hear(Event::new(kind, DAN, data)).await.expect("heard");
    town.settle().await.expect("settles");
}

async fn only_message(town: &Town) -> Value {
    let report = town.report(DAN).await.expect("known");
    assert_eq!(report.messages.len(), 1, "{:?}", report.messages);
    serde_json::to_value(&report.messages[0]).expect("JSON")
}

fn mails(town: &Town) -> usize {
    town.mails().expect("readable").len()
}

#[tokio::test]
async fn released_when_the_field_is_told() {
    let town = held().await;
    // Another field does not help, nor does a blank one.
    tell(
        &town,
        "contact-updated",
        json!({ "contact": { "last_name": "Forge" } }),
    )
    .await;
    tell(
        &town,
        "contact-updated",
        json!({ "contact": { "first_name": "  " } }),
    )
    .await;
    assert_eq!(only_message(&town).await["status"], "held");
    tell(
        &town,
        "contact-updated",
        json!({ "contact": { "first_name": "Dan" } }),
    )
    .await;
    let message = only_message(&town).await;
    assert_eq!(
        (&message["status"], &message["held_reason"]),
        (&json!("sent"), &Value::Null)
    );
    let mails = town.mails().expect("readable");
    let mail = mails.values().next().expect("one");
    assert_eq!(mail.header("Subject"), "A quick question, Dan");
    assert_eq!(mail.header("To"), "\"Dan Forge\" <dan@forge.example>");
    assert!(mail.body().starts_with("Hi Dan,"), "{}", mail.body());
}

#[tokio::test]
async fn an_exit_while_held_cancels() {
    let town = held().await;
    tell(&town, "replied", json!({})).await;
    tell(
        &town,
        "contact-updated",
        json!({ "contact": { "first_name": "Dan" } }),
    )
    .await;
    town.live_until(at("2026-04-02T10:00:00+02:00"))
        .await
        .expect("lives");
    let message = only_message(&town).await;
    assert_eq!(
        (&message["status"], &message["status_reason"]),
        (&json!("cancelled"), &json!("exit: replied"))
    );
    assert_eq!(mails(&town), 0);
}

#[tokio::test]
async fn the_field_comes_with_the_opt_out() {
    let town = held().await;
    tell(
        &town,
        "unsubscribed",
        json!({ "contact": { "first_name": "Dan" } }),
    )
    .await;
    assert_eq!(only_message(&town).await["status"], "cancelled");
    assert_eq!(mails(&town), 0);
}

#[tokio::test]
async fn it_outlives_a_crash() {
    let town = held().await.crash().await.expect("starts again");
    assert_eq!(only_message(&town).await["status"], "held");
    tell(
        &town,
        "contact-updated",
        json!({ "contact": { "first_name": "Dan" } }),
    )
    .await;
    assert_eq!(only_message(&town).await["status"], "sent");
}
