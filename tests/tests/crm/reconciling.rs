//! What no webhook told is found by asking, once, and counted.

use followup::store::DEFAULT_TENANT;
use followup::store::reconciles::ReconcileFacts;
use serde_json::json;

use super::bench::{Bench, NOW};
use super::fake::changed;

async fn facts(bench: &Bench) -> ReconcileFacts {
    let facts = bench
        .store
        .reconcile_facts(DEFAULT_TENANT)
        .await
        .expect("readable");
    facts
        .into_iter()
        .find(|facts| facts.connection == "crm")
        .expect("asked")
}

#[tokio::test]
async fn only_what_was_not_heard_is_taken_in() {
    let bench = Bench::new().await;
    bench.ada().await;
    let at = NOW.plus_ms(-1_000).0;
    bench.crm.page(
        "contact",
        "",
        200,
        json!({"next": "p2", "records": [
            {"id": "7", "at": at, "contact": "7", "fields": {"plan": "stale"}},
            {"id": "8", "at": at, "contact": "8", "email": "bob@example.com"},
        ]}),
    );
    bench.crm.page(
        "contact",
        "p2",
        200,
        json!({"records": [
            {"id": "7", "at": NOW.plus_ms(60_000).0, "contact": "7", "fields": {"plan": "later"}},
        ]}),
    );
    bench.crm.page(
        "deal",
        "",
        200,
        json!({"records": [
            {"id": "d1", "at": at, "contact": "7", "kind": "deal-won"},
        ]}),
    );
    bench.ask_all().await;
    let told = facts(&bench).await;
    assert_eq!((told.records, told.found_only, told.failures), (4, 3, 0));
    assert_eq!(bench.fate("deal-won").0, "pending");
    assert_eq!(bench.attributes()["plan"], "later");

    // The next round, which overlaps the first, finds nothing new.
    bench.clock.set(NOW.plus_ms(900_000));
    bench.ask_all().await;
    let told = facts(&bench).await;
    assert_eq!((told.records, told.found_only), (8, 3));
}

#[tokio::test]
async fn a_round_begins_where_the_last_one_did_less_an_overlap() {
    let bench = Bench::new().await;
    bench.ask_all().await;
    bench.clock.set(NOW.plus_ms(900_000));
    bench.ask_all().await;
    let asked = bench.crm.asked();
    let since: Vec<i64> = asked
        .iter()
        .filter(|asked| asked.get("object").is_some_and(|object| object == "deal"))
        .map(|asked| asked["since"].parse().expect("a number"))
        .collect();
    assert_eq!(since, [NOW.0 - 3_600_000, NOW.0 - 300_000]);
}

#[tokio::test]
async fn a_failed_page_is_asked_again_and_told() {
    let bench = Bench::new().await;
    bench.crm.page("deal", "", 503, json!({}));
    bench.ask_all().await;
    let told = facts(&bench).await;
    assert_eq!(told.failures, 1);
    assert!(told.fault.expect("why").contains("CRM answered 503"));
    bench.crm.page(
        "deal",
        "",
        200,
        json!({"records": [{"id": "d1", "at": NOW.0, "contact": "9", "kind": "deal-lost"}]}),
    );
    bench.clock.set(NOW.plus_ms(120_000));
    bench.ask_all().await;
    let told = facts(&bench).await;
    assert_eq!((told.failures, told.found_only, told.fault), (0, 1, None));
}

/// A webhook that comes after the poll told the same is a duplicate of nothing: it is another source key,
/// and an exit twice is harmless; what it must not be is counted as found by poll.
#[tokio::test]
async fn a_webhook_first_leaves_the_poll_nothing() {
    let bench = Bench::new().await;
    bench
        .hear(changed(
            "deal",
            "d1",
            NOW,
            "7",
            "deal-won",
            &json!({"email": "ada@example.com"}),
        ))
        .await;
    bench.crm.page(
        "deal",
        "",
        200,
        json!({"records": [
            {"id": "d1", "at": NOW.plus_ms(3_000).0, "contact": "7", "kind": "deal-won"},
        ]}),
    );
    bench.ask_all().await;
    assert_eq!(
        facts(&bench).await.found_only,
        0,
        "the same change, told a moment apart"
    );
}

#[tokio::test]
async fn a_subscription_is_renewed_in_time() {
    let bench = Bench::new().await;
    bench.ask_all().await;
    for day in 1..=3 {
        bench.clock.set(NOW.plus_ms(day * 86_400_000));
        bench.ask_all().await;
    }
    let renewals = bench
        .crm
        .asked()
        .iter()
        .filter(|asked| asked.contains_key("until"))
        .count();
    assert_eq!(renewals, 4);
}

#[tokio::test]
async fn an_object_that_is_refused_keeps_nobody_from_the_others() {
    let bench = Bench::new().await;
    bench.crm.page("contact", "", 403, json!({}));
    bench.crm.page(
        "deal",
        "",
        200,
        json!({"records": [{"id": "d1", "at": NOW.0, "contact": "9", "kind": "deal-lost"}]}),
    );
    bench.ask_all().await;
    let told = facts(&bench).await;
    assert_eq!((told.found_only, told.failures), (1, 0));
    assert!(
        told.refused[0].starts_with("contact: CRM answered 403"),
        "{told:?}"
    );
    bench.crm.page("contact", "", 200, json!({"records": []}));
    bench.clock.set(NOW.plus_ms(900_000));
    bench.ask_all().await;
    assert_eq!(facts(&bench).await.refused, [""; 0]);
}
