//! What recipients do behind a mail's links: choices hold, and machines are told from people.

use followup::domain::NewEvent;
use followup::domain::instant::{DAY_MS, MINUTE_MS, SECOND_MS};
use followup::domain::machine::BURST_MS;
use followup::store::intake::Ingested;
use followup::store::recipient::{Addressee, CONNECTION};
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{NOW, arrival, claim_of, due, event, hear, queued, with_message};
use super::intake::report;

const ADA: &str = "ada@x.example";
const MESSAGE: &str = "msg_1";

async fn addressee(store: &Shared) -> Addressee {
    let found = store.addressee(DEFAULT_TENANT, MESSAGE).await;
    found.expect("read").expect("known")
}

/// An event about the message, at so many ms after it left.
fn about(key: &str, kind: &str, data: &serde_json::Value, after_ms: i64) -> NewEvent {
    NewEvent {
        message_id: Some(MESSAGE.to_owned()),
        data: data.as_object().expect("an object").clone(),
        occurred_at: NOW.plus_ms(after_ms),
        ..event(key, kind, ADA)
    }
}

/// The person's own click, on a page of ours.
async fn choose(store: &Shared, key: &str, kind: &str, data: serde_json::Value) -> Ingested {
    let mut heard = arrival(vec![about(key, kind, &data, 0)]);
    CONNECTION.clone_into(&mut heard.connection);
    heard.creates_contacts = false;
    store.ingest(heard).await.expect("stored")
}

pub async fn one_sequence_less_ends_that_sequence(store: Shared) {
    with_message(&store, ADA, MESSAGE, None).await;
    let other = json!({"sequence": "newsletter"});
    assert_eq!(choose(&store, "1", "opted-out", other).await.exits, 0);
    assert!(!addressee(&store).await.opted_out);

    let this = json!({"sequence": "pricing"});
    let chosen = choose(&store, "2", "opted-out", this.clone()).await;
    assert_eq!(chosen.exits, 1);
    let shown = report(&store, ADA).await;
    assert_eq!(
        shown.enrollments[0].exit_reason.as_deref(),
        Some("opted-out")
    );
    assert_eq!(shown.messages[0].status, "cancelled");
    assert_eq!(due(&store, NOW).await[0].suppressed, None);
    assert!(addressee(&store).await.opted_out);

    hear(&store, vec![about("3", "opted-in", &this, 0)]).await;
    assert!(
        addressee(&store).await.opted_out,
        "the CRM cannot speak for them"
    );
    choose(&store, "4", "opted-in", this).await;
    assert!(!addressee(&store).await.opted_out);
    assert_eq!(addressee(&store).await.choices, 3);
}

pub async fn only_their_own_unsubscription_is_taken_back(store: Shared) {
    with_message(&store, ADA, MESSAGE, None).await;
    choose(&store, "1", "unsubscribed", json!({})).await;
    let off = addressee(&store).await;
    assert!(off.is_off() && off.may_return(), "{off:?}");
    choose(&store, "2", "opted-in", json!({})).await;
    assert_eq!(addressee(&store).await.suppressed, None);

    for (key, kind) in [("3", "unsubscribed"), ("4", "complained")] {
        hear(&store, vec![about(key, kind, &json!({}), 0)]).await;
        let off = addressee(&store).await;
        assert!(off.suppressed.is_some() && !off.may_return(), "{off:?}");
        choose(&store, &format!("back {key}"), "opted-in", json!({})).await;
        assert!(addressee(&store).await.suppressed.is_some(), "{kind}");
    }
}

pub async fn a_pause_lasts_until_it_is_taken_back(store: Shared) {
    with_message(&store, ADA, MESSAGE, None).await;
    let until = |days: i64| NOW.plus_ms(days * DAY_MS);
    for (key, days) in [("1", 90), ("2", 30)] {
        let data = json!({"until": until(days).to_string()});
        choose(&store, key, "paused-by-contact", data).await;
        let paused = addressee(&store).await;
        assert_eq!(
            paused.paused_until,
            Some(until(days)),
            "the last word counts"
        );
    }
    choose(&store, "3", "opted-in", json!({})).await;
    assert_eq!(addressee(&store).await.paused_until, None);
}

/// What became of the kinds of these opens and clicks: `(kind, url, after_ms)`.
async fn kinds(store: &Shared, rows: &[(&str, &str, i64)]) -> Vec<String> {
    for (row, (kind, url, after_ms)) in rows.iter().enumerate() {
        let click = about(&row.to_string(), kind, &json!({"url": url}), *after_ms);
        let mut heard = arrival(vec![click]);
        heard.received_at = NOW.plus_ms(*after_ms);
        store.ingest(heard).await.expect("stored");
    }
    let events = report(store, ADA).await.events;
    events.into_iter().skip(1).map(|e| e.kind).collect()
}

async fn sent(store: &Shared) {
    with_message(store, ADA, MESSAGE, None).await;
    let claim = claim_of(&queued(store, NOW).await[0], ADA);
    assert_eq!(store.claim(vec![claim], NOW).await.expect("stored"), [true]);
}

pub async fn what_comes_too_soon_is_a_machine(store: Shared) {
    sent(&store).await;
    let rows = [
        ("email-opened", "", SECOND_MS),
        ("link-clicked", "https://a.example", 2 * SECOND_MS),
        ("unsubscribed", "", 2 * SECOND_MS),
        ("email-opened", "", MINUTE_MS),
        ("link-clicked", "https://a.example", 2 * MINUTE_MS),
    ];
    let expect = [
        "machine-opened",
        "machine-clicked",
        "unsubscribed",
        "email-opened",
        "link-clicked",
    ];
    assert_eq!(kinds(&store, &rows).await, expect);
}

pub async fn several_links_at_once_are_a_machine(store: Shared) {
    sent(&store).await;
    let (a, b) = ("https://a.example", "https://b.example");
    let rows = [
        // The same link again is an impatient person.
        ("link-clicked", a, MINUTE_MS),
        ("link-clicked", a, MINUTE_MS + SECOND_MS),
        // One after the other, with time to read.
        ("link-clicked", b, MINUTE_MS + SECOND_MS + BURST_MS + 1),
        // At once: the first waits long enough to be seen for what it was.
        ("link-clicked", a, 5 * MINUTE_MS),
        ("link-clicked", b, 5 * MINUTE_MS + SECOND_MS),
    ];
    let (human, machine) = ("link-clicked", "machine-clicked");
    let expect = [human, human, human, machine, machine];
    assert_eq!(kinds(&store, &rows).await, expect);
    let pending = due(&store, NOW.plus_ms(DAY_MS)).await[0].events.clone();
    let pending: Vec<_> = pending.iter().map(|p| p.event.kind.as_str()).collect();
    assert_eq!(pending, [human; 3], "nobody decides on a machine's");
}

pub async fn a_click_is_decided_when_nothing_can_follow_it(store: Shared) {
    sent(&store).await;
    // Nothing else makes the contact due.
    let contact = due(&store, NOW.plus_ms(MINUTE_MS)).await[0].id;
    let tomorrow = NOW.plus_ms(DAY_MS);
    store.postpone(contact, tomorrow).await.expect("stored");
    kinds(&store, &[("link-clicked", "https://a.example", MINUTE_MS)]).await;
    let decided_at = NOW.plus_ms(MINUTE_MS + BURST_MS);
    let next = store.next_due_at().await.expect("read");
    assert_eq!(next, Some(decided_at));
}
