//! Messages out: claimed once, stopped in time, never in doubt without saying so.

use std::sync::Arc;

use followup::domain::enrollment::ExitRules;
use followup::domain::mail::Outcome;
use followup::store::Shared;
use followup::store::intake::Reactions;
use followup::store::outbox::{Conclusion, Next};
use serde_json::json;

use super::bench::{NOW, claim_of, event, fields, hear, mail, queued, with_message};
use super::intake::report;

const ADA: &str = "ada@x.example";

async fn claim(store: &Shared) -> (i64, bool) {
    let due = queued(store, NOW).await;
    let message = &due[0];
    let claims = vec![claim_of(message, ADA)];
    (
        message.seq,
        store.claim(claims, NOW).await.expect("stored")[0],
    )
}

async fn conclude(store: &Shared, seq: i64, next: Next) {
    let reason = "for the record".to_owned();
    let outcome = match &next {
        Next::Again { certain: true, .. } | Next::Failed { .. } => Outcome::Retry {
            reason,
            after_ms: None,
        },
        _ => Outcome::InDoubt { reason },
    };
    store
        .conclude(Conclusion {
            seq,
            outcome,
            next,
            now: NOW,
        })
        .await
        .expect("stored");
}

async fn status(store: &Shared) -> String {
    report(store, ADA).await.messages[0].status.clone()
}

fn again(certain: bool) -> Next {
    Next::Again {
        at: NOW.plus_ms(1_000),
        reason: "503".to_owned(),
        certain,
    }
}

/// A claim whose answer was lost is given back; one that never came to be, or is another's, is not.
pub async fn an_unanswered_claim_is_given_back(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = queued(&store, NOW).await[0].seq;
    let take_back = async |claimed_at| {
        let taken = store
            .take_back(vec![(seq, claimed_at)], NOW.plus_ms(5))
            .await;
        taken.expect("stored")
    };
    assert_eq!(take_back(NOW).await, 0, "it was never claimed");
    assert!(claim(&store).await.1);
    assert_eq!(take_back(NOW.plus_ms(-1)).await, 0, "another's");
    assert_eq!(status(&store).await, "sending");
    assert_eq!(take_back(NOW).await, 1);
    assert_eq!(queued(&store, NOW.plus_ms(5)).await.len(), 1, "at once");
    assert_eq!(take_back(NOW).await, 0, "once");
}

pub async fn a_message_is_claimed_once(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let read = queued(&store, NOW).await.remove(0);
    let (seq, claimed) = claim(&store).await;
    assert!(claimed);
    assert!(queued(&store, NOW).await.is_empty());
    let second = vec![claim_of(&read, ADA)];
    assert_eq!(store.claim(second, NOW).await.expect("stored"), [false]);
    conclude(
        &store,
        seq,
        Next::Sent {
            provider_id: Some("p1".to_owned()),
            message_id: None,
        },
    )
    .await;
    let message = report(&store, ADA).await.messages.remove(0);
    assert_eq!(
        (
            message.status.as_str(),
            message.provider_id.as_deref(),
            message.attempts
        ),
        ("sent", Some("p1"), 1)
    );
}

pub async fn an_exit_before_the_claim_wins(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let due = queued(&store, NOW).await;
    let reply = hear(&store, vec![event("r", "replied", ADA)]).await;
    assert!(reply.in_flight.is_empty());
    let claims = vec![claim_of(&due[0], ADA)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [false]);
}

pub async fn an_exit_after_the_claim_stops_the_repetition(store: Shared) {
    for (certain, end) in [(true, "cancelled"), (false, "uncertain")] {
        let email = format!("{end}@x.example");
        with_message(&store, &email, &format!("msg_{end}"), None).await;
        let due = queued(&store, NOW).await;
        let seq = due[0].seq;
        let claims = vec![claim_of(&due[0], &email)];
        assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
        let reply = hear(&store, vec![event(&format!("r {end}"), "replied", &email)]).await;
        assert_eq!(reply.in_flight, [seq], "the door must wait for this call");
        assert!(!store.wait_concluded(&[seq], 1).await.expect("read"));
        conclude(&store, seq, again(certain)).await;
        assert!(store.wait_concluded(&[seq], 1_000).await.expect("read"));
        assert_eq!(report(&store, &email).await.messages[0].status, end);
        assert!(queued(&store, NOW.plus_ms(9_999)).await.is_empty());
    }
}

/// A repetition that was certainly not taken says nothing of the attempt before it, which may have been.
pub async fn doubt_outlives_later_attempts_and_exits(store: Shared) {
    let (certain, in_doubt) = (again(true), again(false));
    let failed = Next::Failed {
        reason: "not accepted in 2 attempts".to_owned(),
    };
    for (place, (attempts, end)) in [
        (vec![certain.clone()], "cancelled"),
        (vec![certain.clone(), certain.clone()], "cancelled"),
        (vec![in_doubt.clone()], "uncertain"),
        (vec![in_doubt.clone(), certain.clone()], "uncertain"),
        (vec![certain, failed.clone()], "failed"),
        (vec![in_doubt, failed], "uncertain"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("p{place}@x.example");
        with_message(&store, &email, &format!("msg_{place}"), None).await;
        for next in attempts {
            let later = NOW.plus_ms(5_000);
            let due = queued(&store, later).await.remove(0);
            let seq = due.seq;
            let claims = vec![claim_of(&due, &email)];
            assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
            conclude(&store, seq, next).await;
        }
        hear(&store, vec![event(&format!("r{place}"), "replied", &email)]).await;
        let message = report(&store, &email).await.messages.remove(0);
        assert_eq!(message.status, end, "{place}: {message:?}");
    }
}

pub async fn a_held_message_goes_when_the_field_comes(store: Shared) {
    with_message(&store, ADA, "msg_1", Some("missing contact.first_name")).await;
    assert!(queued(&store, NOW).await.is_empty());
    assert_eq!(
        report(&store, ADA).await.messages[0].held_reason.as_deref(),
        Some("missing contact.first_name")
    );
    let mut told = event("n", "contact-updated", ADA);
    told.patch = fields(json!({ "first_name": "Ada" }));
    hear(&store, vec![told]).await;
    assert_eq!(queued(&store, NOW).await.len(), 1);
}

pub async fn an_event_resolves_doubt(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let (seq, _) = claim(&store).await;
    conclude(
        &store,
        seq,
        Next::Uncertain {
            reason: "time-out".to_owned(),
        },
    )
    .await;
    assert_eq!(status(&store).await, "uncertain");
    let mut delivered = event("d", "email-delivered", ADA);
    delivered.message_id = Some("msg_1".to_owned());
    hear(&store, vec![delivered]).await;
    assert_eq!(status(&store).await, "delivered");
    let mut late = event("p", "email-accepted", ADA);
    late.message_id = Some("msg_1".to_owned());
    hear(&store, vec![late]).await;
    assert_eq!(
        status(&store).await,
        "delivered",
        "events come in any order"
    );
}

pub async fn open_attempts_are_found_again(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let (seq, _) = claim(&store).await;
    let open = store.open_attempts().await.expect("read");
    assert_eq!(
        (open[0].seq, open[0].attempts, open[0].first_attempt_at),
        (seq, 1, NOW)
    );
    conclude(&store, seq, again(false)).await;
    assert!(store.open_attempts().await.expect("read").is_empty());
    let due = queued(&store, NOW.plus_ms(1_000)).await;
    assert_eq!(
        due[0].mail.as_ref(),
        Some(&mail("msg_1", ADA)),
        "a repetition is the same bytes"
    );
}

pub async fn a_suppressed_address_is_not_claimed(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let mut complaint = super::bench::arrival(vec![event("c", "complained", ADA)]);
    // Even where no exit rule asks for it.
    let forgiving = ExitRules {
        complaint: false,
        ..ExitRules::default()
    };
    complaint.reactions = Arc::new(Reactions {
        exits: [("pricing".to_owned(), forgiving)].into(),
        ..Reactions::default()
    });
    store.ingest(complaint).await.expect("stored");
    let due = queued(&store, NOW).await;
    assert_eq!(due[0].suppressed.as_deref(), Some("complaint"));
    let claims = vec![claim_of(&due[0], ADA)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [false]);
}
