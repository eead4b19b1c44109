//! What people ask: every message with the rule behind it and when it goes, what never became one,
//! and what keeps mail from leaving.

use followup::domain::decision::{Action, SendEmail, When};
use followup::domain::instant::{HOUR_MS, MINUTE_MS};
use followup::domain::mail::Outcome;
use followup::domain::pause::{Cause, Pause, Scope};
use followup::domain::verdict::Verdict;
use followup::domain::{Instant, JsonMap};
use followup::store::controls::Which;
use followup::store::explain::{MessageStory, OutboxFilter, OutboxReport, RuleCount, Why};
use followup::store::outbox::{Aside, Conclusion, Next, SetAside};
use followup::store::work::{LedgerEntry, Standing, Thread};
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{
    NOW, address, arrival, claim_of, decided, due, event, hear, queued, register, sends,
    with_message,
};

const ADA: &str = "ada@x.example";

async fn why(store: &Shared, email: &str) -> Why {
    store
        .why(DEFAULT_TENANT, &address(email), 10, NOW)
        .await
        .expect("read")
}

async fn outbox(store: &Shared, rule: Option<&str>) -> OutboxReport {
    let filter = OutboxFilter {
        rule: rule.map(str::to_owned),
        limit: 10,
        ..OutboxFilter::default()
    };
    store.outbox(DEFAULT_TENANT, filter).await.expect("read")
}

/// A contact whose enrolling event was decided like this.
async fn with_decision(
    store: &Shared,
    email: &str,
    id: &str,
    shape: impl FnOnce(&mut LedgerEntry),
) {
    let sequence = register(store, "one").await;
    hear(store, vec![event(email, "form-submitted", email)]).await;
    let mut contacts = due(store, NOW).await.into_iter();
    let contact = contacts
        .find(|contact| contact.email == Some(address(email)))
        .expect("due");
    let mut entry = sends(&contact, sequence, id, None);
    shape(&mut entry);
    let mut turn = decided(&contact, sequence);
    turn.enrollments[0].ledger = vec![entry];
    for result in store.commit(vec![turn]).await {
        result.expect("stored");
    }
}

/// A message that is due in an hour.
async fn in_an_hour(store: &Shared, email: &str, id: &str) {
    with_decision(store, email, id, |entry| {
        entry.messages[0].due_at = NOW.plus_ms(HOUR_MS);
    })
    .await;
}

async fn pause(store: &Shared, scope: Scope, name: &str, until: Option<Instant>) {
    let pause = Pause {
        scope,
        name: name.to_owned(),
        cause: Cause::Person,
        reason: "trade fair".to_owned(),
        since: NOW,
        until,
    };
    store.pause(DEFAULT_TENANT, pause).await.expect("stored");
}

async fn resume(store: &Shared, scope: Scope, name: &str) -> Option<usize> {
    let resumed = store.resume(DEFAULT_TENANT, scope, name, NOW).await;
    resumed.expect("stored")
}

async fn set_aside(store: &Shared, id: &str, aside: Aside, rule: &'static str) {
    let due = queued(store, NOW).await;
    let message = due.iter().find(|due| due.id == id).expect("due");
    let aside = SetAside {
        seq: message.seq,
        version: message.version,
        aside,
        rule,
        reason: "so it is".to_owned(),
    };
    store.set_aside(vec![aside], NOW).await.expect("stored");
}

/// Hands the message over, and says what came of it.
async fn attempt(store: &Shared, email: &str, next: Next, outcome: Outcome) {
    let message = queued(store, NOW).await.remove(0);
    let seq = message.seq;
    let claims = vec![claim_of(&message, email)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
    let conclusion = Conclusion {
        seq,
        outcome,
        next,
        now: NOW,
    };
    store.conclude(conclusion).await.expect("stored");
}

fn at(ms: i64) -> String {
    NOW.plus_ms(ms).to_string()
}

type Facts<'a> = (&'a str, Option<&'a str>, Option<String>, Option<&'a str>);

/// `status, rule, goes_at, waits_for`.
fn facts(message: &MessageStory) -> Facts<'_> {
    (
        &message.status,
        message.rule.as_deref(),
        message.goes_at.clone(),
        message.waits_for.as_deref(),
    )
}

pub async fn a_message_in_each_state_is_told_with_rule_and_time(store: Shared) {
    let check = async |email: &str, expect: Facts<'_>| {
        let told = why(&store, email).await;
        assert_eq!(facts(&told.messages[0]), expect, "{email}");
        let waits = matches!(expect.0, "queued" | "held" | "sending" | "uncertain");
        let next = told.next.iter().find(|next| next.what == "message");
        assert_eq!(
            next.map(|next| (next.rule.as_deref(), next.at.clone())),
            waits.then_some((expect.1, expect.2)),
            "{email}: what comes next agrees with the message"
        );
    };
    in_an_hour(&store, "queued@x.example", "msg_queued").await;
    check(
        "queued@x.example",
        ("queued", None, Some(at(HOUR_MS)), None),
    )
    .await;

    with_decision(&store, "late@x.example", "msg_late", |entry| {
        let (until, rule) = (NOW.plus_ms(2 * HOUR_MS), "send-window".to_owned());
        entry.messages[0].due_at = until;
        entry.messages[0].standing = Standing::PutOff {
            rule: rule.clone(),
            reason: "closed".to_owned(),
        };
        entry.verdicts = vec![Verdict::Delayed {
            until,
            rule,
            reason: "closed".to_owned(),
            message: "msg_late".to_owned(),
        }];
    })
    .await;
    let put_off = ("queued", Some("send-window"), Some(at(2 * HOUR_MS)), None);
    check("late@x.example", put_off).await;

    with_message(&store, "held@x.example", "msg_held", Some("missing x")).await;
    let field = Some("the field, from the CRM");
    check(
        "held@x.example",
        ("held", Some("missing-field"), None, field),
    )
    .await;

    let next = why(&store, "held@x.example").await.next;
    let whats: Vec<_> = next
        .iter()
        .map(|next| (next.what, next.waits_for.as_deref()))
        .collect();
    let behind = Some("message msg_held");
    assert_eq!(whats, [("message", field), ("timer", behind)]);

    with_message(&store, "stale@x.example", "msg_stale", None).await;
    set_aside(&store, "msg_stale", Aside::Held, "stale").await;
    let release = Some("`followup outbox release --message msg_stale`");
    check("stale@x.example", ("held", Some("stale"), None, release)).await;

    with_message(&store, "out@x.example", "msg_out", None).await;
    set_aside(&store, "msg_out", Aside::Cancelled, "role-address").await;
    check(
        "out@x.example",
        ("cancelled", Some("role-address"), None, None),
    )
    .await;

    with_message(&store, "exit@x.example", "msg_exit", None).await;
    hear(&store, vec![event("r", "replied", "exit@x.example")]).await;
    check("exit@x.example", ("cancelled", Some("stopped"), None, None)).await;

    with_message(&store, "sent@x.example", "msg_sent", None).await;
    let provider_id = Some("p1".to_owned());
    let sent = Next::Sent {
        provider_id: provider_id.clone(),
        message_id: None,
    };
    attempt(
        &store,
        "sent@x.example",
        sent,
        Outcome::accepted(provider_id),
    )
    .await;
    check("sent@x.example", ("sent", None, None, None)).await;

    with_message(&store, "lost@x.example", "msg_lost", None).await;
    let reason = "time-out".to_owned();
    let lost = Next::Uncertain {
        reason: reason.clone(),
    };
    attempt(&store, "lost@x.example", lost, Outcome::InDoubt { reason }).await;
    let proof = Some("proof from the provider: it is looked for there at 2026-03-02T09:01:00Z");
    check("lost@x.example", ("uncertain", None, None, proof)).await;

    let waiting = outbox(&store, None).await;
    let ids: Vec<_> = waiting.messages.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "msg_held",
            "msg_stale",
            "msg_lost",
            "msg_queued",
            "msg_late"
        ]
    );
    assert_eq!(waiting.total, 5);
    let held = outbox(&store, Some("missing-field")).await;
    assert_eq!((held.messages.len(), held.total), (1, 1));
    assert_eq!(
        held.by_rule,
        [RuleCount {
            status: "held".to_owned(),
            rule: Some("missing-field".to_owned()),
            messages: 1,
            first_due_at: NOW.to_string(),
        }]
    );
}

pub async fn what_will_stop_a_queued_message_shows_before_it_does(store: Shared) {
    in_an_hour(&store, ADA, "msg_1").await;
    let check = async |rule: Option<&str>, goes_at: Option<String>, waits_for: Option<&str>| {
        let message = outbox(&store, rule).await.messages.remove(0);
        assert_eq!(message.status, "queued");
        assert_eq!(
            (
                message.rule.as_deref(),
                message.goes_at,
                message.waits_for.as_deref()
            ),
            (rule, goes_at, waits_for)
        );
    };
    check(None, Some(at(HOUR_MS)), None).await;
    let over_by_then = NOW.plus_ms(30 * MINUTE_MS);
    pause(&store, Scope::Sequence, "pricing", Some(over_by_then)).await;
    check(None, Some(at(HOUR_MS)), None).await;
    assert!(outbox(&store, Some("paused")).await.messages.is_empty());
    let longer = NOW.plus_ms(2 * HOUR_MS);
    pause(&store, Scope::Sequence, "pricing", Some(longer)).await;
    check(Some("paused"), Some(at(2 * HOUR_MS)), None).await;
    pause(&store, Scope::Identity, "sales", None).await;
    let resumed = Some("`followup resume --identity sales`");
    check(Some("paused"), None, resumed).await;
    let obstacles = why(&store, ADA).await.obstacles;
    let told: Vec<_> = obstacles
        .iter()
        .map(|o| (o.rule, o.reason.as_str(), o.until.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("paused", "identity sales is paused: trade fair", None),
            (
                "paused",
                "sequence pricing is paused: trade fair",
                Some(at(2 * HOUR_MS))
            ),
        ]
    );
    assert_eq!(resume(&store, Scope::Identity, "sales").await, Some(0));
    assert_eq!(resume(&store, Scope::Sequence, "pricing").await, Some(0));
    assert_eq!(resume(&store, Scope::Sequence, "pricing").await, None);

    let mut away = event("away", "paused-by-contact", ADA);
    away.data = JsonMap::from_iter([("until".to_owned(), json!(longer.to_string()))]);
    hear(&store, vec![away]).await;
    check(Some("quiet"), Some(at(2 * HOUR_MS)), None).await;
    let hindrances = store.hindrances(DEFAULT_TENANT, NOW).await.expect("read");
    assert_eq!(hindrances.quiet_contacts, 1);
    assert_eq!(hindrances.waiting[0].rule.as_deref(), Some("quiet"));
    let awake = store
        .hindrances(DEFAULT_TENANT, longer)
        .await
        .expect("read");
    assert_eq!(awake.quiet_contacts, 0);
}

pub async fn a_resume_counts_what_no_other_pause_holds(store: Shared) {
    with_message(&store, ADA, "msg_ada", None).await;
    with_message(&store, "bob@x.example", "msg_bob", None).await;
    let ada = why(&store, ADA).await.contact.expect("known");
    pause(&store, Scope::Sequence, "pricing", None).await;
    pause(&store, Scope::Contact, &ada, None).await;
    for id in ["msg_ada", "msg_bob"] {
        set_aside(&store, id, Aside::Held, "paused").await;
    }
    assert_eq!(outbox(&store, Some("paused")).await.total, 2);
    assert_eq!(resume(&store, Scope::Sequence, "pricing").await, Some(1));
    let left = outbox(&store, Some("paused")).await.messages;
    assert_eq!(left.len(), 1);
    assert_eq!(
        left[0].waits_for.as_deref(),
        Some("`followup resume --contact ada@x.example`")
    );
    let hindrances = store.hindrances(DEFAULT_TENANT, NOW).await.expect("read");
    let named: Vec<_> = hindrances
        .pauses
        .iter()
        .map(|pause| (pause.scope, pause.name.as_str()))
        .collect();
    assert_eq!(named, [("contact", ADA)]);
}

pub async fn a_person_lets_a_late_message_go_or_cancels_it(store: Shared) {
    for id in ["msg_1", "msg_2", "msg_3"] {
        with_message(&store, &format!("{id}@x.example"), id, None).await;
        set_aside(&store, id, Aside::Held, "stale").await;
    }
    let release = async |message| {
        let released = store.release(DEFAULT_TENANT, message, NOW).await;
        released.expect("stored")
    };
    assert_eq!(release(Some("msg_1")).await, 1);
    let message = why(&store, "msg_1@x.example").await.messages.remove(0);
    assert_eq!(facts(&message), ("queued", None, Some(at(0)), None));
    assert_eq!(message.released_at, Some(at(0)));
    let stale = Which::HeldBy("stale".to_owned());
    let cancelled = store.cancel(DEFAULT_TENANT, stale, "too old", NOW).await;
    assert_eq!(
        cancelled.expect("stored"),
        2,
        "the released one is not held"
    );
    let message = why(&store, "msg_2@x.example").await.messages.remove(0);
    assert_eq!(facts(&message), ("cancelled", Some("by-hand"), None, None));
    assert_eq!(message.reason.as_deref(), Some("too old"));
    assert_eq!(release(None).await, 0, "nothing is stale any more");
}

pub async fn what_became_no_message_is_told_too(store: Shared) {
    with_decision(&store, ADA, "msg_1", |entry| {
        entry.messages.clear();
        entry.output.actions = vec![Action::SendEmail(SendEmail {
            template: "step-1".to_owned(),
            variables: JsonMap::new(),
            when: When::Now,
            reply_to: None,
        })];
        entry.verdicts = vec![Verdict::refused("cold-outreach", "no postal address")];
    })
    .await;
    let told = why(&store, ADA).await;
    assert!(told.messages.is_empty());
    let refused = &told.refused[0];
    assert_eq!(
        (refused.action.as_str(), refused.name.as_deref()),
        ("send-email", Some("step-1"))
    );
    assert_eq!(
        (refused.rule.as_str(), refused.reason.as_str()),
        ("cold-outreach", "no postal address")
    );
    let because = &refused.because;
    assert_eq!(
        (
            because.kind.as_str(),
            because.plugin.as_str(),
            because.decision
        ),
        ("form-submitted", "cadence", 0)
    );
    assert_eq!(because.reason, "because");

    // An event that enrolled nobody.
    hear(&store, vec![event("v", "page-visited", "eve@x.example")]).await;
    let contact = due(&store, NOW).await.remove(0);
    let mut turn = decided(&contact, register(&store, "one").await);
    turn.enrollments.clear();
    turn.remarks = vec![(contact.events[0].seq, "in another sequence".to_owned())];
    for result in store.commit(vec![turn]).await {
        result.expect("stored");
    }
    let told = why(&store, "eve@x.example").await;
    assert_eq!(
        (
            told.remarks[0].kind.as_str(),
            told.remarks[0].remark.as_str()
        ),
        ("page-visited", "in another sequence")
    );
}

pub async fn of_a_stranger_the_suppression_is_told(store: Shared) {
    let mut from_provider = arrival(vec![event("a", "complained", "eve@x.example")]);
    from_provider.creates_contacts = false;
    store.ingest(from_provider).await.expect("stored");
    let told = why(&store, "eve@x.example").await;
    assert_eq!(told.contact, None);
    assert_eq!(told.obstacles[0].rule, "suppressed");
    assert_eq!(told.obstacles[0].since, Some(NOW.to_string()));
    assert!(why(&store, ADA).await.obstacles.is_empty());
}

pub async fn a_message_in_full_shows_looks_attempts_and_touches(store: Shared) {
    with_decision(&store, ADA, "msg_1", |entry| {
        entry.verdicts = vec![Verdict::Delayed {
            until: NOW,
            rule: "gap".to_owned(),
            reason: "an hour apart".to_owned(),
            message: "msg_1".to_owned(),
        }];
        entry.messages[0].standing = Standing::PutOff {
            rule: "gap".to_owned(),
            reason: "an hour apart".to_owned(),
        };
    })
    .await;
    let full = async || {
        let told = store.why_message(DEFAULT_TENANT, "msg_1").await;
        told.expect("read").expect("known")
    };
    let first = full().await.story.first_look.expect("a verdict");
    assert_eq!(
        (first.verdict, first.rule.as_deref(), first.until),
        ("delayed", Some("gap"), Some(NOW.to_string()))
    );
    assert_eq!(full().await.story.second_look, None, "nobody looked again");

    let until = NOW.plus_ms(MINUTE_MS);
    set_aside(&store, "msg_1", Aside::Later { until }, "send-window").await;
    let second = full().await.story.second_look.expect("looked again");
    assert_eq!(
        (second.verdict, second.rule.as_deref(), second.until),
        ("delayed", Some("send-window"), Some(at(MINUTE_MS)))
    );

    hear(&store, vec![event("rep", "email-sent", ADA)]).await;
    let message = queued(&store, until).await.remove(0);
    let seq = message.seq;
    let claims = vec![claim_of(&message, ADA)];
    assert_eq!(store.claim(claims, until).await.expect("stored"), [true]);
    let outcome = Outcome::accepted(Some("p1".to_owned()));
    let conclusion = Conclusion {
        seq,
        outcome: outcome.clone(),
        next: Next::Sent {
            provider_id: Some("p1".to_owned()),
            message_id: None,
        },
        now: until,
    };
    store.conclude(conclusion).await.expect("stored");
    let mut delivered = event("d", "email-delivered", ADA);
    delivered.message_id = Some("msg_1".to_owned());
    hear(&store, vec![delivered]).await;

    let told = full().await;
    assert_eq!(told.story.status, "delivered");
    assert_eq!(told.story.second_look.expect("claimed").verdict, "allowed");
    assert_eq!(told.story.attempts[0].answer, Some(outcome));
    let heard: Vec<_> = told.heard.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(heard, ["email-delivered"]);
    assert_eq!(told.touches.len(), 1, "its own touch is not counted");
    assert_eq!(told.touches[0].message, None, "a rep wrote by hand");
    let unknown = store.why_message(DEFAULT_TENANT, "msg_2").await;
    assert!(unknown.expect("read").is_none());
}

/// Composed for a provider that keeps threads, and for one that does not.
pub async fn whether_a_thread_was_kept_is_told(store: Shared) {
    for (id, email, in_reply_to) in [
        ("msg_1", ADA, Some("first@x.example")),
        ("msg_2", "bob@x.example", None),
    ] {
        with_decision(&store, email, id, |entry| {
            entry.messages[0].thread = Some(Thread {
                message_id: "first@x.example".to_owned(),
                references: Vec::new(),
                subject: "Hello".to_owned(),
            });
        })
        .await;
        let thread = async || {
            let told = store.why_message(DEFAULT_TENANT, id).await;
            let thread = told.expect("read").expect("known").thread;
            let thread = thread.expect("it was to continue one");
            assert_eq!(thread.answers, "first@x.example");
            thread.kept
        };
        assert_eq!(thread().await, None, "nothing is composed yet");
        let mut claim = claim_of(&queued(&store, NOW).await.remove(0), email);
        claim.mail.in_reply_to = in_reply_to.map(str::to_owned);
        assert_eq!(store.claim(vec![claim], NOW).await.expect("stored"), [true]);
        assert_eq!(thread().await, Some(in_reply_to.is_some()), "{id}");
    }
}
