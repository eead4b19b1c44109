//! Polls and calls of triggers: the cursor goes with the events, or neither does.

use std::sync::Arc;

use followup::domain::Instant;
use followup::domain::fault::{Fault, FaultKind, Remedy};
use followup::store::triggers::{
    CALLS_MAX, CallKind, DuePoll, PollKind, PollSetup, PolledPage, TriggerCall, TriggerFacts,
};
use followup::store::{DEFAULT_TENANT, Shared};

use tokio::task::JoinSet;

use super::bench::{NOW, arrival, event};

const MINUTE_MS: i64 = 60_000;

fn after(minutes: i64) -> Instant {
    NOW.plus_ms(minutes * MINUTE_MS)
}

async fn register(store: &Shared, connection: &str, every_minutes: i64, now: Instant) {
    let poll = PollSetup {
        kind: PollKind::Trigger,
        connection: connection.to_owned(),
        every_ms: every_minutes * MINUTE_MS,
    };
    let polls = store.register_polls(DEFAULT_TENANT, vec![poll], now);
    polls.await.expect("registered");
}

async fn due(store: &Shared, connection: &str, now: Instant) -> Option<DuePoll> {
    let names = [connection.to_owned()];
    let polls = store.due_polls(DEFAULT_TENANT, &names, now, 10).await;
    polls.expect("read").pop()
}

fn call(connection: &str, at: Instant, fault: bool) -> TriggerCall {
    TriggerCall {
        tenant: DEFAULT_TENANT,
        connection: connection.to_owned(),
        plugin: "shop".to_owned(),
        digest: "sha256:0".to_owned(),
        at,
        kind: CallKind::Poll,
        events: usize::from(!fault),
        fuel: 7,
        memory_bytes: 8,
        fault: fault.then(|| Fault {
            kind: FaultKind::Deadline,
            message: "took too long".to_owned(),
            stderr_tail: String::new(),
            remedy: Remedy::Retry,
        }),
    }
}

fn page(connection: &str, keys: &[&str], cursor: Option<&str>, due_at: Instant) -> PolledPage {
    let events = keys
        .iter()
        .map(|key| event(key, "page-visited", "ada@x.example"));
    let mut arrival = arrival(events.collect());
    connection.clone_into(&mut arrival.connection);
    PolledPage {
        arrival,
        cursor: cursor.map(str::to_owned),
        due_at,
        pages: 3,
        call: call(connection, NOW, false),
    }
}

async fn facts(store: &Shared, connection: &str) -> TriggerFacts {
    let all = store.trigger_facts(DEFAULT_TENANT).await.expect("read");
    let mut named = all.into_iter().filter(|one| one.connection == connection);
    named.next().expect("known")
}

pub async fn a_page_and_its_cursor_are_one(store: Shared) {
    register(&store, "shop", 5, NOW).await;
    let first = due(&store, "shop", NOW).await.expect("due at once");
    assert_eq!((first.cursor, first.pages, first.failures), (None, 0, 0));
    assert_eq!(due(&store, "other", NOW).await, None, "not asked about");

    let stored = store.commit_page(page("shop", &["a", "b"], Some("\"c2\""), after(5)));
    assert_eq!(stored.await.expect("stored").stored, 2);
    assert_eq!(due(&store, "shop", after(4)).await, None);
    let names = ["shop".to_owned()];
    let next = store.next_poll_at(DEFAULT_TENANT, &names).await;
    assert_eq!(next.expect("read"), Some(after(5)));
    let second = due(&store, "shop", after(5)).await.expect("due");
    assert_eq!(
        (second.cursor.as_deref(), second.pages),
        (Some("\"c2\""), 3)
    );

    // The same page again, and one that brings no cursor of its own.
    let again = store
        .commit_page(page("shop", &["b"], None, after(10)))
        .await;
    assert_eq!(again.expect("stored").duplicates, 1);
    let third = due(&store, "shop", after(10)).await.expect("due");
    assert_eq!(third.cursor.as_deref(), Some("\"c2\""), "it stays");

    // A page of a connection that is not polled leaves nothing behind: no event, no call.
    let nobody = store.commit_page(page("gone", &["z"], None, NOW)).await;
    nobody.expect_err("not polled");
    let all = store.trigger_facts(DEFAULT_TENANT).await.expect("read");
    assert_eq!(all.len(), 1, "{all:?}");
}

pub async fn a_failed_poll_keeps_its_cursor_and_is_told(store: Shared) {
    register(&store, "shop", 5, NOW).await;
    let first = store.commit_page(page("shop", &["a"], Some("1"), after(5)));
    first.await.expect("stored");
    for failures in 1..=2 {
        let failed = store.fail_poll(call("shop", after(5), true), after(60));
        failed.await.expect("noted");
        let poll = facts(&store, "shop").await.poll.expect("polled");
        assert_eq!(poll.failures, failures);
        assert_eq!(poll.fault.as_deref(), Some("deadline: took too long"));
    }
    assert!(facts(&store, "shop").await.is_failing());
    assert_eq!(due(&store, "shop", after(59)).await, None);

    // A new start may have cured it; who does well keeps its time, or a shorter interval.
    register(&store, "shop", 5, after(6)).await;
    let retried = due(&store, "shop", after(6)).await.expect("at once");
    assert_eq!(
        (retried.cursor.as_deref(), retried.failures),
        (Some("1"), 2)
    );
    let well = store.commit_page(page("shop", &["b"], None, after(20)));
    well.await.expect("stored");
    assert!(!facts(&store, "shop").await.is_failing());
    register(&store, "shop", 60, after(7)).await;
    assert_eq!(due(&store, "shop", after(19)).await, None);
    register(&store, "shop", 2, after(7)).await;
    assert!(due(&store, "shop", after(9)).await.is_some());
}

pub async fn the_oldest_calls_go_first(store: Shared) {
    for hundred in 0..CALLS_MAX / 100 + 2 {
        let mut calls = JoinSet::new();
        let mut received = call("site", NOW, hundred < 2);
        received.kind = CallKind::Receive;
        for _ in 1..100 {
            let (store, call) = (Arc::clone(&store), received.clone());
            calls.spawn(async move { store.record_call(call).await });
        }
        while let Some(recorded) = calls.join_next().await {
            recorded.expect("no panic").expect("recorded");
        }
        // Alone: who tidies up does not see what another host is just recording.
        store.record_call(received).await.expect("recorded");
    }
    let kept = facts(&store, "site").await;
    assert_eq!((kept.calls, kept.faults), (CALLS_MAX as u64, 0));
    assert_eq!((kept.poll, kept.last_fault), (None, None));
}
