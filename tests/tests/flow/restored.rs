//! A backup is put back: what its timers ask for may have been sent in the time that is lost.

use followup::store::DEFAULT_TENANT;
use followup_tests::town::{Event, Town};
use serde_json::json;

use super::{SEQUENCES, at, audit};

const KIM: &str = "kim@forge.example";

async fn statuses(town: &Town) -> Vec<String> {
    let mut messages = town.report(KIM).await.expect("known").messages;
    messages.sort_by(|one, other| one.created_at.cmp(&other.created_at));
    let status = messages.into_iter().map(|message| message.status);
    status.collect()
}

#[tokio::test]
async fn a_timer_of_the_lost_time_asks_a_person_first() {
    let town = Town::found(at("2026-03-02T10:00:00+01:00"), SEQUENCES)
        .await
        .expect("starts");
    let name = json!({ "contact": { "first_name": "Kim" } });
    let form = Event::new("form-submitted", KIM, name);
    town.hear(form).await.expect("heard");
    town.settle().await.expect("settles");
    assert_eq!(statuses(&town).await, ["sent"]);
    // The backup; the next step is for Wednesday at half past nine.
    let taken_at = town.now();
    let marked = town.daemon.store.mark_restored(taken_at).await;
    marked.expect("stored");
    town.clock.set(at("2026-03-04T12:00:00+01:00"));
    let town = town.crash().await.expect("starts on the backup");
    town.settle().await.expect("settles");
    assert_eq!(statuses(&town).await, ["sent", "held"]);
    let report = town.report(KIM).await.expect("known");
    let held = report.messages.iter().find(|it| it.status == "held");
    let reason = held.and_then(|held| held.held_reason.clone());
    let reason = reason.expect("a reason");
    assert!(reason.contains("a backup was restored"), "{reason}");
    assert_eq!(town.mails().expect("readable").len(), 1);
    audit::every_promise_holds(&town)
        .await
        .expect("nothing is found");

    // Whatever happens: it does not go by itself.
    town.live_until(at("2026-03-05T12:00:00+01:00"))
        .await
        .expect("lives");
    assert_eq!(statuses(&town).await, ["sent", "held"]);
    let now = town.now();
    let released = town.daemon.store.release(DEFAULT_TENANT, None, now).await;
    assert_eq!(released.expect("stored"), 1);
    // What follows from after the restore goes as always.
    town.live_until(at("2026-03-20T12:00:00+01:00"))
        .await
        .expect("lives");
    assert_eq!(statuses(&town).await, ["sent", "sent", "sent"]);
    audit::every_promise_holds(&town)
        .await
        .expect("nothing is found");
}
