//! Who is due, and what was decided.

use followup::domain::enrollment::EnrollmentStatus;
use followup::domain::fault::{Fault, FaultKind, Remedy};
use followup::store::work::{Committed, Setup, Undecided};
use followup::store::{DEFAULT_TENANT, Shared};

use super::bench::{NOW, decided, due, event, hear, queued, register, with_message};

pub async fn a_contact_is_due_until_it_is_decided(store: Shared) {
    let sequence = register(&store, "one").await;
    hear(
        &store,
        vec![
            event("a", "form-submitted", "ada@x.example"),
            event("b", "email-opened", "ada@x.example"),
        ],
    )
    .await;
    assert_eq!(store.next_due_at().await.expect("read"), Some(NOW));
    let contacts = due(&store, NOW).await;
    assert_eq!(contacts[0].events.len(), 2);
    let mut turn = decided(&contacts[0], sequence);
    turn.due_at = None;
    let results = store.commit(vec![turn]).await;
    assert!(
        matches!(results[..], [Ok(Committed::Stored { .. })]),
        "{results:?}"
    );
    assert!(due(&store, NOW).await.is_empty());
    assert_eq!(store.next_due_at().await.expect("read"), None);
}

pub async fn something_heard_meanwhile_is_a_conflict(store: Shared) {
    let sequence = register(&store, "one").await;
    hear(&store, vec![event("a", "form-submitted", "ada@x.example")]).await;
    let contact = due(&store, NOW).await.remove(0);
    hear(&store, vec![event("r", "replied", "ada@x.example")]).await;
    let results = store.commit(vec![decided(&contact, sequence)]).await;
    assert!(
        matches!(results[..], [Ok(Committed::Conflict)]),
        "{results:?}"
    );
    let again = due(&store, NOW).await;
    assert!(again[0].enrollments.is_empty(), "nothing of it was stored");
    assert_eq!(again[0].events.len(), 2);
}

pub async fn a_timer_makes_its_contact_due(store: Shared) {
    let sequence = register(&store, "one").await;
    hear(&store, vec![event("a", "form-submitted", "ada@x.example")]).await;
    let contact = due(&store, NOW).await.remove(0);
    store.commit(vec![decided(&contact, sequence)]).await;
    assert!(due(&store, NOW.plus_ms(999)).await.is_empty());
    let contact = due(&store, NOW.plus_ms(1_000)).await.remove(0);
    assert_eq!(contact.enrollments[0].timers[0].timer.name, "next");
    assert_eq!(contact.enrollments[0].state.as_deref(), Some("{}"));
}

pub async fn a_parked_call_is_tried_again_when_the_plugin_changes(store: Shared) {
    let sequence = register(&store, "one").await;
    hear(&store, vec![event("a", "form-submitted", "ada@x.example")]).await;
    let contact = due(&store, NOW).await.remove(0);
    let mut turn = decided(&contact, sequence);
    turn.due_at = None;
    let enrollment = &mut turn.enrollments[0];
    enrollment.status = EnrollmentStatus::Paused;
    enrollment.pause_reason = Some("trap".to_owned());
    enrollment.undecided = vec![Undecided {
        event: contact.events[0].event.clone(),
        depth: 2,
        attempts: 5,
        due_at: None,
        fault: Some(Fault {
            kind: FaultKind::Trap,
            message: "unreachable".to_owned(),
            stderr_tail: String::new(),
            remedy: Remedy::Retry,
        }),
        fingerprint: "one".to_owned(),
    }];
    store.commit(vec![turn]).await;
    let status = store.status(DEFAULT_TENANT).await.expect("read");
    assert_eq!((status.parked_decisions, status.parked.len()), (1, 1));

    register(&store, "one").await;
    assert!(
        due(&store, NOW).await.is_empty(),
        "the same plugin would fail again"
    );
    register(&store, "two").await;
    let contact = due(&store, NOW).await.remove(0);
    assert_eq!(contact.enrollments[0].status, EnrollmentStatus::Active);
    let call = &contact.enrollments[0].undecided[0];
    assert_eq!((call.attempts, call.depth), (0, 2));
}

pub async fn what_lacked_a_field_is_composed_again_with_other_texts(store: Shared) {
    with_message(
        &store,
        "ada@x.example",
        "msg_1",
        Some("missing contact.frist_name"),
    )
    .await;
    let start = async |texts: &str| {
        let setup = Setup {
            tenant: DEFAULT_TENANT,
            now: NOW,
            sequences: Vec::new(),
            texts: texts.to_owned(),
        };
        store.register(setup).await.expect("stored");
        queued(&store, NOW).await.len()
    };
    assert_eq!(start("txt_1").await, 0, "the same texts");
    assert_eq!(start("txt_2").await, 1, "somebody corrected one");
}
