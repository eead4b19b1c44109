//! The person answers at the very moment that Followup begins: no mail crosses the answer.

use followup_tests::town::{Event, Town};
use serde_json::json;

use super::{SEQUENCES, at};

const AMY: &str = "amy@north.example";

async fn town() -> Town {
    Town::found(at("2026-03-02T10:00:00+01:00"), SEQUENCES)
        .await
        .expect("starts")
}

fn event(kind: &str) -> Event {
    Event::new(kind, AMY, json!({ "contact": { "first_name": "Amy" } }))
}

/// Lives two weeks; returns the enrollments as `sequence: exit reason`, and how many mails left.
async fn outcome(town: &Town) -> (Vec<String>, usize) {
    town.live_until(at("2026-03-16T10:00:00+01:00"))
        .await
        .expect("lives");
    let report = town.report(AMY).await.expect("known");
    let exits = report.enrollments.iter().map(|run| {
        format!(
            "{}: {}",
            run.sequence,
            run.exit_reason.as_deref().unwrap_or(&run.status)
        )
    });
    (exits.collect(), town.mails().expect("readable").len())
}

#[tokio::test]
async fn a_reply_before_the_decision() {
    let nobody = (Vec::new(), 0);
    for exit in [
        "replied",
        "unsubscribed",
        "hard-bounced",
        "complained",
        "deal-won",
        "contact-deleted",
    ] {
        let apart = town().await;
        apart.hear(event("form-submitted")).await.expect("heard");
        apart.hear(event(exit)).await.expect("heard");
        assert_eq!(outcome(&apart).await, nobody, "{exit}, apart");

        let together = town().await;
        together
            .hear_all(&[event("form-submitted"), event(exit)])
            .await
            .expect("heard");
        assert_eq!(outcome(&together).await, nobody, "{exit}, in one webhook");
    }
}

/// So many events lie between the two that they are not decided in one go.
#[tokio::test]
async fn a_reply_far_behind_in_the_queue() {
    let town = town().await;
    let mut events = vec![event("form-submitted")];
    events.extend((0..80).map(|_| event("page-visited")));
    events.push(event("replied"));
    town.hear_all(&events).await.expect("heard");
    assert_eq!(outcome(&town).await, (Vec::new(), 0));
}

#[tokio::test]
async fn a_reply_between_decision_and_delivery() {
    let town = town().await;
    town.hear(event("form-submitted")).await.expect("heard");
    assert!(town.decide().await.expect("decides"), "something is due");
    town.hear(event("replied")).await.expect("heard");
    assert_eq!(
        outcome(&town).await,
        (vec!["pricing-page: replied".to_owned()], 0)
    );
}

#[tokio::test]
async fn a_form_after_the_reply_is_a_new_beginning() {
    let town = town().await;
    town.hear_all(&[event("replied"), event("form-submitted")])
        .await
        .expect("heard");
    assert_eq!(
        outcome(&town).await,
        (vec!["pricing-page: completed".to_owned()], 3)
    );
}
