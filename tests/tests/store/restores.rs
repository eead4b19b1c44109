//! A store that came back from a backup: what may have left since is held, and a person's word frees it.

use followup::domain::instant::HOUR_MS;
use followup::domain::mail::Outcome;
use followup::domain::pause::{Cause, Pause, Scope};
use followup::store::outbox::{Conclusion, Next};
use followup::store::{DEFAULT_TENANT, Shared};

use super::bench::{DEPTH, LOOKBACK, NOW, claim_of, queued, with_message};
use super::intake::report;

const ADA: &str = "ada@x.example";
const BOB: &str = "bob@x.example";

async fn status(store: &Shared, email: &str) -> String {
    report(store, email).await.messages[0].status.clone()
}

pub async fn what_may_have_left_since_is_held_once(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    assert_eq!(store.begin_restored(NOW).await.expect("stored"), None);
    assert_eq!(store.restored_at().await.expect("read"), None);
    store.mark_restored(NOW).await.expect("stored");
    let began = NOW.plus_ms(HOUR_MS);
    let restored = store.begin_restored(began).await.expect("stored");
    let restored = restored.expect("a mark");
    assert_eq!((restored.taken_at, restored.held), (NOW, 1));
    assert_eq!(store.restored_at().await.expect("read"), Some(began));
    assert!(queued(&store, began).await.is_empty());
    assert_eq!(status(&store, ADA).await, "held");

    let released = store.release(DEFAULT_TENANT, Some("msg_1"), began).await;
    assert_eq!(released.expect("stored"), 1);
    // The next start finds the mark used up.
    let again = store.begin_restored(began.plus_ms(HOUR_MS)).await;
    assert_eq!(again.expect("stored"), None);
    let due = queued(&store, began).await;
    assert!(due[0].released, "a person has looked");
}

/// In the time that is lost, the pause may have been lifted.
pub async fn what_a_pause_held_is_not_let_go_by_its_end(store: Shared) {
    let pause = Pause {
        scope: Scope::Tenant,
        name: String::new(),
        cause: Cause::Person,
        reason: "a fair".to_owned(),
        since: NOW,
        until: None,
    };
    store.pause(DEFAULT_TENANT, pause).await.expect("stored");
    with_message(&store, ADA, "msg_1", Some("no name")).await;
    // What is due after the restore cannot have left before it.
    with_message(&store, BOB, "msg_2", None).await;
    store.mark_restored(NOW).await.expect("stored");
    let early = NOW.plus_ms(-HOUR_MS);
    let restored = store.begin_restored(early).await.expect("stored");
    assert_eq!(restored.expect("a mark").held, 1);
    let resumed = store.resume(DEFAULT_TENANT, Scope::Tenant, "", NOW).await;
    assert_eq!(resumed.expect("stored"), Some(0));
    assert_eq!(status(&store, ADA).await, "held");
    assert_eq!(status(&store, BOB).await, "queued");
}

pub async fn what_was_in_doubt_stays_so_and_its_timers_ring(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let due = queued(&store, NOW).await;
    let claims = vec![claim_of(&due[0], ADA)];
    store.claim(claims, NOW).await.expect("stored");
    let reason = "cut off".to_owned();
    let conclusion = Conclusion {
        seq: due[0].seq,
        outcome: Outcome::InDoubt {
            reason: reason.clone(),
        },
        next: Next::Again {
            at: NOW,
            reason,
            certain: false,
        },
        now: NOW,
    };
    store.conclude(conclusion).await.expect("stored");
    store.mark_restored(NOW).await.expect("stored");
    let began = NOW.plus_ms(HOUR_MS);
    let restored = store.begin_restored(began).await.expect("stored");
    let restored = restored.expect("a mark");
    assert_eq!((restored.held, restored.doubtful), (0, 1));
    assert_eq!(status(&store, ADA).await, "uncertain");
    assert!(store.next_message_at().await.expect("read").is_some());
    let contacts = store.due_contacts(began, 10, DEPTH).await.expect("read");
    assert_eq!(contacts.len(), 1, "its timer waits for it no longer");
    let later = began.plus_ms(HOUR_MS);
    let due = store.due_messages(later, 10, LOOKBACK).await;
    assert!(due.expect("read").is_empty(), "it is not repeated");
}
