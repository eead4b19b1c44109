//! `/readyz` tells what is wrong.

use followup_tests::senders::{body, form};
use serde_json::Value;

use crate::World;

/// The state and the words of a check.
fn check<'a>(answer: &'a Value, name: &str) -> (&'a str, &'a str) {
    let checks = answer["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("{name}: {answer:#}"));
    let text = |key: &str| found[key].as_str().expect("a text");
    (text("state"), text("found"))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_work_needs_is_looked_at() {
    let world = World::start().await;
    world.server.crm(&form("welcome", "ada@x.example")).await;
    world.until_message("ada@x.example", "sent").await;
    let answer = world.server.get("/readyz").await;
    assert_eq!(answer.status, 200);
    let told = body(&answer);
    assert_eq!(told["ready"], true, "{told:#}");
    for name in [
        "decide",
        "deliver",
        "hydrate",
        "poll",
        "reconcile",
        "writeback",
    ] {
        let (state, found) = check(&told, &format!("loop {name}"));
        assert_eq!(state, "ok", "{name}: {found}");
    }
    let (_, found) = check(&told, "loop decide");
    assert!(
        found.contains("last turn at 20") || found.contains("at work"),
        "{found}"
    );
    assert!(check(&told, "plugins").1.contains("cadence "), "{told:#}");
    assert!(check(&told, "disk").1.contains("MiB free"), "{told:#}");
    for name in ["store", "clock"] {
        assert_eq!(check(&told, name).0, "ok", "{told:#}");
    }
    assert_eq!(world.server.get("/healthz").await.status, 200);
}

/// A store that takes no writes: somebody else holds its lock for longer than is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_no_writes_is_named() {
    let world = World::start().await;
    let path = world.server.site.path("followup.db");
    let other = rusqlite::Connection::open(path).expect("opens");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the lock is free");
    let answer = world.server.get("/readyz").await;
    assert_eq!(answer.status, 503);
    let told = body(&answer);
    assert_eq!(told["ready"], false);
    let (state, found) = check(&told, "store");
    assert!(
        state == "failed" && found.contains("unavailable"),
        "{told:#}"
    );
    // The process itself lives: no reason to kill it.
    assert_eq!(world.server.get("/healthz").await.status, 200);
    other.execute_batch("ROLLBACK").expect("let go");
    assert_eq!(world.server.get("/readyz").await.status, 200);
}
