//! Our own writes come back as webhooks, and are nobody's doing.

use serde_json::json;

use super::bench::{ADA, Bench};
use super::fake::{Order, changed};

#[tokio::test]
async fn a_record_that_we_made_tells_nothing() {
    let bench = Bench::new().await;
    bench.ada().await;
    bench.decided("task", &json!({"title": "Call", "body": ""}));
    bench.write_all().await;
    let told = json!({"subject": "Call"});
    bench
        .hear(changed(
            "task",
            "1",
            bench.now(),
            "7",
            "task-created",
            &told,
        ))
        .await;
    let (status, remark) = bench.fate("task-created");
    assert_eq!(status, "stored");
    assert!(remark.expect("why").contains("we made this record"));
    // A person may finish it, and that is news.
    bench
        .hear(changed(
            "task",
            "1",
            bench.now(),
            "7",
            "task-completed",
            &told,
        ))
        .await;
    assert_eq!(bench.fate("task-completed").0, "pending");
    // Somebody else's task is news.
    bench
        .hear(changed(
            "task",
            "99",
            bench.now(),
            "7",
            "task-created",
            &told,
        ))
        .await;
    assert_eq!(bench.fate("task-created").0, "pending");
}

/// The webhook can be faster than the answer, and the answer can be lost.
#[tokio::test]
async fn an_echo_before_the_answer_is_one() {
    let bench = Bench::new().await;
    bench.ada().await;
    bench.decided("task", &json!({"title": "Call", "body": ""}));
    bench.crm.order([Order::MakeAndCut]);
    bench.scribe.tick(&bench.clock()).await.expect("a tick");
    bench
        .hear(changed(
            "task",
            "1",
            bench.now(),
            "7",
            "task-created",
            &json!({}),
        ))
        .await;
    assert_eq!(bench.fate("task-created").0, "stored");
}

#[tokio::test]
async fn the_marker_is_known_wherever_it_stands() {
    let bench = Bench::new().await;
    bench.ada().await;
    let text = json!({"body": {"html": "<p>followup:wb_ab12</p>"}});
    bench
        .hear(changed("note", "5", bench.now(), "7", "email-sent", &text))
        .await;
    assert_eq!(bench.fate("email-sent").0, "stored");
    assert_eq!(
        bench.touches(),
        0,
        "a copy of our own mail is no touch by hand"
    );
}

/// A person who quotes the marker in a reply has replied all the same.
#[tokio::test]
async fn what_only_a_person_does_is_never_an_echo() {
    let bench = Bench::new().await;
    bench.ada().await;
    let quoting = json!({"text": "> followup:wb_ab12"});
    for kind in ["replied", "meeting-booked", "deal-won", "unsubscribed"] {
        bench
            .hear(changed("mail", kind, bench.now(), "7", kind, &quoting))
            .await;
        let (status, remark) = bench.fate(kind);
        assert_eq!((status.as_str(), remark), ("pending", None), "{kind}");
    }
}

#[tokio::test]
async fn fields_that_we_wrote_are_no_news_and_others_are() {
    let bench = Bench::new().await;
    bench.ada().await;
    let update = |id: &str, fields: serde_json::Value| {
        changed(
            "contact",
            id,
            bench.now(),
            "7",
            "contact-updated",
            &json!({"fields": fields, "email": ADA}),
        )
    };
    let ours = update("7", json!({"plan": "gold", "score": "7"}));
    bench.decided("properties", &json!({"plan": "gold", "score": 7}));
    bench.write_all().await;
    bench.hear(ours).await;
    assert_eq!(bench.fate("contact-updated").0, "stored");
    assert_eq!(
        bench.attributes()["plan"],
        "gold",
        "and yet it is known now"
    );

    let more = changed(
        "contact",
        "7",
        bench.now().plus_ms(1),
        "7",
        "contact-updated",
        &json!({"fields": {"plan": "gold", "city": "Ulm"}}),
    );
    bench.hear(more).await;
    assert_eq!(bench.fate("contact-updated").0, "pending");

    bench.clock.set(bench.now().plus_ms(11 * 60_000));
    let later = changed(
        "contact",
        "7",
        bench.now(),
        "7",
        "contact-updated",
        &json!({"fields": {"plan": "gold"}}),
    );
    bench.hear(later).await;
    assert_eq!(
        bench.fate("contact-updated").0,
        "pending",
        "too long ago to be ours"
    );
}
