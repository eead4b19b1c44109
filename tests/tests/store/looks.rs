//! Messages in doubt: looked for, and a person's word on what no look told.

use followup::domain::Instant;
use followup::domain::doubt::{self, DISTANCES_MS};
use followup::domain::mail::Outcome;
use followup::store::backlog::Backlog;
use followup::store::controls::Which;
use followup::store::explain::{MessageStory, OutboxFilter};
use followup::store::outbox::{Conclusion, Look, Next};
use followup::store::{DEFAULT_TENANT, Shared};

use super::bench::{NOW, claim_of, event, hear, mail, queued, with_message};
use super::intake::report;

const ADA: &str = "ada@x.example";

/// A message whose call was never answered; returns its number.
async fn in_doubt(store: &Shared) -> i64 {
    with_message(store, ADA, "msg_1", None).await;
    let message = queued(store, NOW).await.remove(0);
    let claims = vec![claim_of(&message, ADA)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
    let reason = "time-out".to_owned();
    conclude(store, message.seq, Outcome::InDoubt { reason }, NOW).await;
    message.seq
}

async fn conclude(store: &Shared, seq: i64, outcome: Outcome, now: Instant) {
    let next = match &outcome {
        Outcome::Accepted {
            provider_id,
            message_id,
        } => Next::Sent {
            provider_id: provider_id.clone(),
            message_id: message_id.clone(),
        },
        _ => Next::Uncertain {
            reason: "time-out".to_owned(),
        },
    };
    let conclusion = Conclusion {
        seq,
        outcome,
        next,
        now,
    };
    store.conclude(conclusion).await.expect("stored");
}

/// The gauges: what is due counts from when it was, what is in doubt until it is not.
pub(crate) async fn what_waits_is_counted_with_its_age(store: Shared) {
    let empty = store.backlog(NOW).await.expect("read");
    assert_eq!(empty, Backlog::default());
    hear(&store, vec![event("1", "form-submitted", "bob@x.example")]).await;
    let waits = store.backlog(NOW.plus_ms(5_000)).await.expect("read");
    let later = NOW.plus_ms(5_000);
    assert_eq!(
        (waits.undecided.length, waits.contacts.length),
        (1, 1),
        "{waits:?}"
    );
    assert_eq!(waits.undecided.age_ms(later), 5_000, "{waits:?}");
    assert_eq!(waits.contacts.age_ms(later), 5_000, "{waits:?}");

    with_message(&store, ADA, "msg_1", None).await;
    let queued = store.backlog(later).await.expect("read");
    assert_eq!(
        (queued.messages.length, queued.in_doubt),
        (1, 0),
        "{queued:?}"
    );
    let message = super::bench::queued(&store, NOW).await.remove(0);
    let claims = vec![claim_of(&message, ADA)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
    let sending = store.backlog(later).await.expect("read");
    assert_eq!(
        (sending.messages.length, sending.sending),
        (0, 1),
        "{sending:?}"
    );
    let reason = "time-out".to_owned();
    conclude(&store, message.seq, Outcome::InDoubt { reason }, NOW).await;
    let doubt = store.backlog(later).await.expect("read");
    assert_eq!(
        (doubt.sending, doubt.in_doubt, doubt.held),
        (0, 1, 0),
        "{doubt:?}"
    );
}

async fn taken(store: &Shared, now: Instant) -> usize {
    store.take_doubtful(now, 10).await.expect("taken").len()
}

async fn story(store: &Shared) -> MessageStory {
    let message = store.why_message(DEFAULT_TENANT, "msg_1").await;
    message.expect("read").expect("there").story
}

async fn next_at(store: &Shared) -> Option<Instant> {
    store.next_message_at().await.expect("read")
}

pub async fn a_message_in_doubt_is_taken_once_and_again_after_its_lease(store: Shared) {
    let seq = in_doubt(&store).await;
    let first = NOW.plus_ms(DISTANCES_MS[0]);
    assert_eq!(next_at(&store).await, Some(first));
    assert_eq!(taken(&store, first.plus_ms(-1)).await, 0);
    let doubtful = store
        .take_doubtful(first, 10)
        .await
        .expect("taken")
        .remove(0);
    assert_eq!(
        (doubtful.mail, doubtful.provider.as_str(), doubtful.looks),
        (mail("msg_1", ADA), "mailer", 0)
    );
    assert_eq!(doubtful.first_attempt_at, NOW);
    assert_eq!(taken(&store, first).await, 0, "somebody looks already");
    let leased = first.plus_ms(doubt::LEASE_MS);
    assert_eq!(taken(&store, leased).await, 1, "who looked was stopped");

    let look = |answered, again_at| Look {
        seq,
        now: leased,
        said: Some("not found".to_owned()),
        answered,
        again_at,
    };
    let again_at = Some(leased.plus_ms(5));
    store.looked(look(true, again_at)).await.expect("stored");
    assert_eq!(next_at(&store).await, again_at);
    let story_of = story(&store).await;
    let reason = story_of.reason.expect("told");
    assert_eq!(
        reason,
        format!("time-out; looked for last at {leased}: not found")
    );
    let doubtful = store.take_doubtful(leased.plus_ms(5), 10).await;
    assert_eq!(doubtful.expect("taken")[0].looks, 1);
    store.looked(look(true, None)).await.expect("stored");
    assert_eq!(next_at(&store).await, None);
    let waiting = store.outbox(
        DEFAULT_TENANT,
        OutboxFilter {
            limit: 10,
            ..OutboxFilter::default()
        },
    );
    let waits_for = waiting.await.expect("read").messages.remove(0).waits_for;
    let waits_for = waits_for.expect("a person");
    assert!(
        waits_for.contains("followup outbox sent --message msg_1"),
        "{waits_for}"
    );
    assert!(
        waits_for.contains("followup outbox release --message msg_1"),
        "{waits_for}"
    );
}

pub async fn what_was_found_is_sent_as_if_it_had_been_answered(store: Shared) {
    let seq = in_doubt(&store).await;
    let found = Outcome::Accepted {
        provider_id: Some("p1".to_owned()),
        message_id: Some("theirs@mail.example".to_owned()),
    };
    conclude(&store, seq, found.clone(), NOW.plus_ms(60_000)).await;
    let known = report(&store, ADA).await;
    assert_eq!(
        (
            known.messages[0].status.as_str(),
            known.messages[0].provider_id.as_deref()
        ),
        ("sent", Some("p1"))
    );
    assert_eq!(story(&store).await.attempts[0].answer, Some(found));
    assert_eq!(next_at(&store).await, None, "it is looked for no more");
    // An answer may name what the recipient saw.
    let mut reply = event("r", "replied", "private@x.example");
    reply.answers = vec!["theirs@mail.example".to_owned()];
    let mut arrival = super::bench::arrival(vec![reply]);
    arrival.creates_contacts = false;
    assert_eq!(store.ingest(arrival).await.expect("stored").exits, 1);
}

pub async fn proof_that_comes_first_wins(store: Shared) {
    let seq = in_doubt(&store).await;
    assert_eq!(taken(&store, NOW.plus_ms(DISTANCES_MS[0])).await, 1);
    let mut delivered = event("d", "email-delivered", ADA);
    delivered.message_id = Some("msg_1".to_owned());
    hear(&store, vec![delivered]).await;
    conclude(&store, seq, Outcome::accepted(Some("p1".to_owned())), NOW).await;
    let message = report(&store, ADA).await.messages.remove(0);
    assert_eq!(
        (message.status.as_str(), message.provider_id.as_deref()),
        ("delivered", Some("p1"))
    );
    let look = Look {
        seq,
        now: NOW,
        said: Some("not found".to_owned()),
        answered: true,
        again_at: Some(NOW),
    };
    store.looked(look).await.expect("stored");
    assert_eq!(next_at(&store).await, None);
}

pub async fn a_person_says_what_became_of_it(store: Shared) {
    in_doubt(&store).await;
    let later = NOW.plus_ms(60_000);
    let all = store.release(DEFAULT_TENANT, None, later).await;
    assert_eq!(
        all.expect("stored"),
        0,
        "nothing in doubt goes without a name"
    );
    let one = store.release(DEFAULT_TENANT, Some("msg_1"), later).await;
    assert_eq!(one.expect("stored"), 1);
    let again = queued(&store, later).await.remove(0);
    assert!(again.released);
    assert_eq!(again.mail, Some(mail("msg_1", ADA)), "the same bytes");
    let claims = vec![claim_of(&again, ADA)];
    assert_eq!(store.claim(claims, later).await.expect("stored"), [true]);
    let reason = "time-out".to_owned();
    conclude(&store, again.seq, Outcome::InDoubt { reason }, later).await;

    let sent = async |id: &'static str| store.confirm_sent(DEFAULT_TENANT, id, later).await;
    assert!(!sent("msg_2").await.expect("stored"), "another one");
    assert!(sent("msg_1").await.expect("stored"));
    assert!(
        !sent("msg_1").await.expect("stored"),
        "not in doubt any more"
    );
    let message = report(&store, ADA).await.messages.remove(0);
    assert_eq!(
        (message.status.as_str(), message.sent_at),
        ("sent", Some(NOW.to_string()))
    );
}

pub async fn what_an_exit_stopped_is_looked_for_and_never_sent_again(store: Shared) {
    in_doubt(&store).await;
    hear(&store, vec![event("r", "replied", ADA)]).await;
    assert_eq!(taken(&store, NOW.plus_ms(DISTANCES_MS[0])).await, 1);
    let released = store.release(DEFAULT_TENANT, Some("msg_1"), NOW).await;
    assert_eq!(released.expect("stored"), 0);
    let waits_for = story(&store).await.waits_for.expect("told");
    assert!(!waits_for.contains("release"), "{waits_for}");
    let which = Which::Message("msg_1".to_owned());
    let left = store
        .cancel(DEFAULT_TENANT, which, "nobody knows", NOW)
        .await;
    assert_eq!(left.expect("stored"), 1);
    assert_eq!(report(&store, ADA).await.messages[0].status, "cancelled");
    assert_eq!(next_at(&store).await, None);
}
