//! What an event does at once beside ending enrollments, and what claims and timers make of it.

use std::sync::Arc;

use followup::domain::enrollment::{AccountStop, ExitRules};
use followup::domain::instant::DAY_MS;
use followup::domain::pause::{Cause, Pause, Scope};
use followup::domain::{Instant, NewEvent};
use followup::store::controls::Which;
use followup::store::intake::{Ingested, Reactions};
use followup::store::outbox::{Aside, Conclusion, Health, Next, SetAside};
use followup::store::work::DueContact;
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{NOW, arrival, claim_of, due, event, fields, hear, queued, with_message};
use super::intake::report;

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";

async fn hear_under(store: &Shared, reactions: Reactions, event: NewEvent) -> Ingested {
    let mut arrival = arrival(vec![event]);
    arrival.reactions = Arc::new(reactions);
    store.ingest(arrival).await.expect("stored")
}

fn telling(kind: &str, email: &str, data: serde_json::Value) -> NewEvent {
    let mut told = event(&format!("{kind} {data}"), kind, email);
    told.data.clone_from(data.as_object().expect("an object"));
    told
}

/// How many touches of the contact are counted, and until when it is left in peace.
async fn state(store: &Shared, email: &str) -> (usize, Option<(Instant, String)>) {
    // Whatever the kind, it makes the contact due.
    let key = format!("look {email} {}", rand_free(store, email).await);
    hear(store, vec![event(&key, "page-visited", email)]).await;
    let contact = due(store, NOW)
        .await
        .into_iter()
        .find(|contact| contact.email.as_ref().is_some_and(|e| e.as_str() == email))
        .expect("due");
    (
        contact.recent.contact.len(),
        contact.quiet.map(|quiet| (quiet.until, quiet.reason)),
    )
}

/// A number that grows with what was heard: keys must differ.
async fn rand_free(store: &Shared, email: &str) -> usize {
    report(store, email).await.events.len()
}

async fn sent(store: &Shared, email: &str) -> i64 {
    let due = queued(store, NOW).await;
    let message = due
        .iter()
        .find(|m| m.to.as_ref().is_some_and(|to| to.as_str() == email))
        .expect("queued");
    let claimed = store.claim(vec![claim_of(message, email)], NOW).await;
    assert_eq!(claimed.expect("stored"), [true]);
    message.seq
}

async fn concluded(store: &Shared, seq: i64, next: Next, at: Instant) {
    let outcome = match &next {
        Next::Sent { provider_id, .. } => {
            followup::domain::mail::Outcome::accepted(provider_id.clone())
        }
        _ => followup::domain::mail::Outcome::Rejected {
            reason: "no".to_owned(),
        },
    };
    store
        .conclude(Conclusion {
            seq,
            outcome,
            next,
            now: at,
        })
        .await
        .expect("stored");
}

fn accepted() -> Next {
    Next::Sent {
        provider_id: None,
        message_id: None,
    }
}

pub async fn touches_count_from_the_claim_and_not_when_refused(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    assert_eq!(state(&store, ADA).await.0, 0);
    let seq = sent(&store, ADA).await;
    assert_eq!(state(&store, ADA).await.0, 1, "counted while in flight");
    let refused = Next::Failed {
        reason: "no".to_owned(),
    };
    concluded(&store, seq, refused, NOW).await;
    assert_eq!(state(&store, ADA).await.0, 0, "nobody was reached");
    hear(&store, vec![event("rep", "email-sent", ADA)]).await;
    assert_eq!(state(&store, ADA).await.0, 1, "a mail by hand is a touch");
}

pub async fn what_was_heard_since_voids_a_claim(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let read = queued(&store, NOW).await.remove(0);
    hear(&store, vec![event("rep", "email-sent", ADA)]).await;
    let claim = claim_of(&read, ADA);
    assert_eq!(
        store.claim(vec![claim], NOW).await.expect("stored"),
        [false]
    );
    sent(&store, ADA).await;
}

pub async fn a_pause_stops_what_is_queued_and_resuming_frees_it(store: Shared) {
    for (scope, name) in [
        (Scope::Tenant, ""),
        (Scope::Sequence, "pricing"),
        (Scope::Identity, "sales"),
    ] {
        let email = format!("{}@x.example", scope.as_str());
        with_message(&store, &email, &format!("msg_{}", scope.as_str()), None).await;
        let message = queued(&store, NOW).await.remove(0);
        let pause = Pause {
            scope,
            name: name.to_owned(),
            cause: Cause::Person,
            reason: "trade fair".to_owned(),
            since: NOW,
            until: None,
        };
        store.pause(DEFAULT_TENANT, pause).await.expect("stored");
        let claim = claim_of(&message, &email);
        assert_eq!(
            store.claim(vec![claim], NOW).await.expect("stored"),
            [false]
        );
        let aside = SetAside {
            seq: message.seq,
            version: message.version,
            aside: Aside::Held,
            rule: "paused",
            reason: "trade fair".to_owned(),
        };
        store.set_aside(vec![aside], NOW).await.expect("stored");
        assert!(queued(&store, NOW).await.is_empty());
        let freed = store.resume(DEFAULT_TENANT, scope, name, NOW).await;
        assert_eq!(freed.expect("stored"), Some(1));
        let again = store.resume(DEFAULT_TENANT, scope, name, NOW).await;
        assert_eq!(again.expect("stored"), None, "nothing is paused");
        sent(&store, &email).await;
    }
}

pub async fn a_pause_with_an_end_lifts_itself_and_counts_anew(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = sent(&store, ADA).await;
    concluded(&store, seq, accepted(), NOW).await;
    let mut bounce = event("b", "hard-bounced", ADA);
    bounce.message_id = Some("msg_1".to_owned());
    hear(&store, vec![bounce]).await;
    let health = async |since: Instant| {
        let health = store
            .health(DEFAULT_TENANT, Scope::Identity, "sales", since)
            .await;
        health.expect("read")
    };
    let one = Health {
        sent: 1,
        bounced: 1,
        complained: 0,
    };
    assert_eq!(health(NOW.plus_ms(-1)).await, one);
    let pause = Pause {
        scope: Scope::Identity,
        name: "sales".to_owned(),
        cause: Cause::Breaker,
        reason: "bounces".to_owned(),
        since: NOW,
        until: Some(NOW.plus_ms(DAY_MS)),
    };
    store.pause(DEFAULT_TENANT, pause).await.expect("stored");
    assert_eq!(
        store.next_message_at().await.expect("read"),
        Some(NOW.plus_ms(DAY_MS))
    );
    assert!(store.lift_expired(NOW).await.expect("stored").is_empty());
    let lifted = store.lift_expired(NOW.plus_ms(DAY_MS)).await;
    assert_eq!(lifted.expect("stored").len(), 1);
    assert_eq!(health(NOW.plus_ms(-1)).await, Health::default());
}

pub async fn a_late_message_moves_the_timers_of_its_enrollment(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = sent(&store, ADA).await;
    let contact = due(&store, NOW.plus_ms(2_000)).await.remove(0);
    assert_eq!(contact.enrollments[0].waiting_since, Some(NOW));
    concluded(&store, seq, accepted(), NOW.plus_ms(3 * DAY_MS)).await;
    let contact = due(&store, NOW.plus_ms(3 * DAY_MS)).await.remove(0);
    let enrollment = &contact.enrollments[0];
    assert_eq!(
        (enrollment.waiting_since, enrollment.lag_ms),
        (None, 3 * DAY_MS)
    );
}

pub async fn an_absent_person_is_left_in_peace(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let mut told = telling(
        "auto-replied",
        ADA,
        json!({"return_on": "2026-03-10", "instead": "bob@acme.example"}),
    );
    told.patch = fields(json!({}));
    told.patch.time_zone = Some("Europe/Berlin".to_owned());
    hear(&store, vec![told]).await;
    let until = Instant::parse_rfc3339("2026-03-09T23:00:00Z").expect("a moment");
    assert_eq!(
        state(&store, ADA).await.1,
        Some((until, "out-of-office".to_owned()))
    );
    let known = report(&store, ADA).await;
    assert_eq!(
        known.enrollments[0].status, "active",
        "an auto-reply is no reply"
    );
    assert_eq!(
        known.tasks[0].title.as_deref(),
        Some("ada@acme.example is away and names bob@acme.example")
    );

    let forever = telling("auto-replied", BOB, json!({}));
    hear(&store, vec![forever]).await;
    let fortnight = Some((NOW.plus_ms(14 * DAY_MS), "out-of-office".to_owned()));
    assert_eq!(state(&store, BOB).await.1, fortnight);
}

pub async fn who_left_is_a_task_and_an_end(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    hear(
        &store,
        vec![telling("auto-replied", ADA, json!({"departed": true}))],
    )
    .await;
    let known = report(&store, ADA).await;
    assert_eq!(
        known.enrollments[0].exit_reason.as_deref(),
        Some("departed")
    );
    assert_eq!(known.messages[0].status, "cancelled");
    assert_eq!(known.tasks.len(), 1);
}

pub async fn soft_bounces_add_up_until_a_delivery(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let rules = || Reactions {
        soft_bounces_max: 3,
        ..Reactions::default()
    };
    let heard = async |key: &str, kind: &str| {
        hear_under(&store, rules(), event(key, kind, ADA)).await;
        report(&store, ADA).await.contact.suppressed.is_some()
    };
    assert!(!heard("1", "soft-bounced").await);
    assert!(!heard("2", "soft-bounced").await);
    assert!(!heard("3", "email-delivered").await);
    assert!(!heard("4", "soft-bounced").await);
    assert!(!heard("5", "soft-bounced").await);
    assert!(heard("6", "soft-bounced").await, "three in a row");
    let known = report(&store, ADA).await;
    assert_eq!(
        known.enrollments[0].exit_reason.as_deref(),
        Some("hard-bounce")
    );
}

pub async fn a_last_soft_bounce_waits_for_the_mail_under_way(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = sent(&store, ADA).await;
    let rules = Reactions {
        soft_bounces_max: 1,
        ..Reactions::default()
    };
    let heard = hear_under(&store, rules, event("1", "soft-bounced", ADA)).await;
    assert_eq!((heard.exits, heard.in_flight), (1, vec![seq]));
}

pub async fn a_colleagues_answer_stops_or_delays_as_configured(store: Shared) {
    for (stop, ends, quiet) in [
        (AccountStop::Nothing, false, false),
        (AccountStop::Delay { ms: DAY_MS }, false, true),
        (AccountStop::Stop, true, false),
    ] {
        let domain = format!("{stop:?}").to_lowercase();
        let domain: String = domain.chars().filter(char::is_ascii_alphabetic).collect();
        let (ada, bob) = (
            format!("ada@{domain}.example"),
            format!("bob@{domain}.example"),
        );
        with_message(&store, &ada, &format!("msg_a{domain}"), None).await;
        with_message(&store, &bob, &format!("msg_b{domain}"), None).await;
        let reactions = Reactions {
            account_stop: [("pricing".to_owned(), stop)].into(),
            ..Reactions::default()
        };
        hear_under(
            &store,
            reactions,
            event(&format!("r{domain}"), "replied", &ada),
        )
        .await;
        let known = report(&store, &bob).await;
        assert_eq!(known.enrollments[0].exit_reason.is_some(), ends, "{stop:?}");
        assert_eq!(state(&store, &bob).await.1.is_some(), quiet, "{stop:?}");
    }
}

pub async fn what_converts_for_one_sequence_is_an_answer_to_all(store: Shared) {
    with_message(&store, ADA, "msg_a", None).await;
    with_message(&store, BOB, "msg_b", None).await;
    let shop = ExitRules {
        converted_events: vec!["order-paid".to_owned()],
        ..ExitRules::default()
    };
    let reactions = Reactions {
        exits: [("shop".to_owned(), shop)].into(),
        account_stop: [("pricing".to_owned(), AccountStop::Stop)].into(),
        ..Reactions::default()
    };
    hear_under(&store, reactions, event("o", "order-paid", ADA)).await;
    let reason = report(&store, BOB).await.enrollments[0].exit_reason.clone();
    assert_eq!(reason.as_deref(), Some("account-replied"));
}

pub async fn free_mail_neighbours_are_no_colleagues(store: Shared) {
    let (ada, bob) = ("ada@gmail.com", "bob@gmail.com");
    with_message(&store, ada, "msg_a", None).await;
    with_message(&store, bob, "msg_b", None).await;
    let reactions = Reactions {
        account_stop: [("pricing".to_owned(), AccountStop::Stop)].into(),
        ..Reactions::default()
    };
    hear_under(&store, reactions, event("r", "replied", ada)).await;
    assert_eq!(report(&store, bob).await.enrollments[0].status, "active");
}

pub async fn a_reply_is_found_by_what_it_answers(store: Shared) {
    with_message(&store, ADA, "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa", None).await;
    let mut reply = event("r", "replied", "ada.private@mail.example");
    reply.answers = vec![
        "unknown@elsewhere.example".to_owned(),
        "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example".to_owned(),
    ];
    let mut arrival = arrival(vec![reply]);
    arrival.creates_contacts = false;
    let ingested = store.ingest(arrival).await.expect("stored");
    assert_eq!(ingested.exits, 1, "a reply from another address is a reply");
}

pub async fn a_reply_may_name_what_the_provider_called_the_mail(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = sent(&store, ADA).await;
    concluded(&store, seq, accepted(), NOW).await;
    let told = json!({"rfc_message_id": "14c5d.64b@ismtpd-555"});
    let mut delivered = telling("email-delivered", ADA, told);
    delivered.message_id = Some("msg_1".to_owned());
    hear(&store, vec![delivered]).await;
    let mut reply = event("r", "replied", "ada.private@mail.example");
    reply.answers = vec!["14c5d.64b@ismtpd-555".to_owned()];
    let mut arrival = arrival(vec![reply]);
    arrival.creates_contacts = false;
    assert_eq!(store.ingest(arrival).await.expect("stored").exits, 1);
}

pub async fn a_known_second_address_is_the_same_person(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let second = followup::domain::EmailAddress::parse("ada@home.example").expect("an address");
    let mut told = event("u", "contact-updated", ADA);
    told.patch.other_emails = vec![second];
    hear(&store, vec![told]).await;
    let mut arrival = arrival(vec![event("r", "replied", "ada@home.example")]);
    arrival.creates_contacts = false;
    assert_eq!(store.ingest(arrival).await.expect("stored").exits, 1);
}

pub async fn a_stale_message_goes_when_a_person_says_so(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let message = queued(&store, NOW).await.remove(0);
    let aside = SetAside {
        seq: message.seq,
        version: message.version,
        aside: Aside::Held,
        rule: "stale",
        reason: "12 days late".to_owned(),
    };
    store.set_aside(vec![aside], NOW).await.expect("stored");
    let released = store.release(DEFAULT_TENANT, Some("msg_2"), NOW).await;
    assert_eq!(released.expect("stored"), 0, "another one");
    let released = store.release(DEFAULT_TENANT, Some("msg_1"), NOW).await;
    assert_eq!(released.expect("stored"), 1);
    assert!(queued(&store, NOW).await[0].released);
    let which = Which::Message("msg_1".to_owned());
    let cancelled = store
        .cancel(DEFAULT_TENANT, which, "not any more", NOW)
        .await;
    assert_eq!(cancelled.expect("stored"), 1);
    assert_eq!(report(&store, ADA).await.messages[0].status, "cancelled");
}

pub async fn a_persons_word_outweighs_a_bounce(store: Shared) {
    for (first, second, kept) in [
        ("hard-bounced", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "hard-bounced", "unsubscribed"),
        ("complained", "unsubscribed", "complaint"),
        ("hard-bounced", "complained", "complaint"),
    ] {
        let email = format!("{first}.{second}@x.example");
        for kind in [first, second] {
            hear(
                &store,
                vec![event(&format!("{kind} {email}"), kind, &email)],
            )
            .await;
        }
        let suppressed = report(&store, &email).await.contact.suppressed;
        let reason = suppressed.map(|suppression| suppression.reason);
        assert_eq!(reason.as_deref(), Some(kept), "{first}, then {second}");
    }
}

/// Some providers replace our Message-ID: a thread continues what its reader has.
pub async fn a_mail_is_continued_under_the_name_its_reader_saw(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let seq = sent(&store, ADA).await;
    let renamed = Next::Sent {
        provider_id: Some("0100".to_owned()),
        message_id: Some("0100@eu-central-1.amazonses.com".to_owned()),
    };
    concluded(&store, seq, renamed, NOW).await;
    hear(&store, vec![event("something", "page-visited", ADA)]).await;
    let due = due(&store, NOW).await;
    let thread = due[0].touches[0].thread.as_ref().expect("continued");
    assert_eq!(thread.message_id, "0100@eu-central-1.amazonses.com");
}

/// The copy of our own mail in the CRM is told back by it: nobody wrote by hand.
pub async fn our_own_copy_is_no_mail_of_a_rep(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let copy = NewEvent {
        raw: json!({"text": "Hello\nfollowup:wb_ab12"}),
        ..event("copy", "email-sent", ADA)
    };
    hear(&store, vec![copy, event("visit", "page-visited", ADA)]).await;
    let due = due(&store, NOW).await;
    let ids: Vec<_> = due[0]
        .touches
        .iter()
        .map(|touch| touch.touch.id.as_str())
        .collect();
    assert_eq!(ids, ["msg_1"]);
}

pub async fn only_a_mail_that_arrived_can_be_continued(store: Shared) {
    for (kind, continued) in [("email-delivered", true), ("hard-bounced", false)] {
        let (email, id) = (format!("{kind}@x.example"), format!("msg_{kind}"));
        with_message(&store, &email, &id, None).await;
        let seq = sent(&store, &email).await;
        concluded(&store, seq, accepted(), NOW).await;
        let mut report = event(&format!("report {kind}"), kind, &email);
        report.message_id = Some(id);
        hear(&store, vec![report]).await;
        let due = due(&store, NOW).await;
        let of =
            |contact: &&DueContact| contact.email.as_ref().is_some_and(|e| e.as_str() == email);
        let contact = due.iter().find(of).expect("due");
        assert_eq!(contact.touches[0].thread.is_some(), continued, "{kind}");
    }
}
