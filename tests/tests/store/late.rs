//! Events that come late: what they tell was true once, and changes nothing that is known from later.

use followup::domain::instant::{DAY_MS, HOUR_MS};
use followup::domain::{ContactRef, Instant, NewEvent};
use followup::store::Shared;
use serde_json::json;

use super::bench::{NOW, arrival, due, event, fields, hear, with_message};
use super::intake::report;

const ADA: &str = "ada@x.example";

/// An event about the person `7`, told of `hours` ago.
fn ago(hours: i64, key: &str, kind: &str, email: &str) -> NewEvent {
    NewEvent {
        occurred_at: NOW.plus_ms(-hours * HOUR_MS),
        contact: ContactRef {
            external_id: Some("7".to_owned()),
            ..event(key, kind, email).contact
        },
        ..event(key, kind, email)
    }
}

pub async fn an_older_word_fills_and_changes_nothing(store: Shared) {
    let mut new = ago(1, "a", "contact-updated", ADA);
    new.patch = fields(json!({ "first_name": "Ada", "title": "" }));
    new.patch.account = json!({ "id": "1" }).as_object().cloned();
    let mut old = ago(2, "b", "contact-updated", ADA);
    old.patch = fields(json!({ "first_name": "Augusta", "title": "Miss", "city": "London" }));
    old.patch.account = json!({ "id": "0", "name": "Acme" }).as_object().cloned();
    old.patch.time_zone = Some("Europe/London".to_owned());
    hear(&store, vec![new, old]).await;
    let contact = report(&store, ADA).await.contact;
    assert_eq!(
        json!(contact.attributes),
        json!({ "first_name": "Ada", "city": "London" })
    );
    assert_eq!(contact.account, Some(json!({ "id": "1", "name": "Acme" })));
    assert_eq!(contact.time_zone.as_deref(), Some("Europe/London"));
}

pub async fn an_old_address_is_not_taken_back(store: Shared) {
    hear(
        &store,
        vec![ago(3, "a", "contact-created", "old@x.example")],
    )
    .await;
    hear(&store, vec![ago(1, "b", "contact-updated", ADA)]).await;
    hear(
        &store,
        vec![ago(2, "c", "contact-updated", "older@x.example")],
    )
    .await;
    assert_eq!(report(&store, ADA).await.events.len(), 3);

    // Somebody else got the old address meanwhile: a late word of it is still about the first.
    let mut other = event("d", "contact-created", "old@x.example");
    other.contact.external_id = Some("8".to_owned());
    hear(&store, vec![other]).await;
    hear(
        &store,
        vec![ago(2, "e", "contact-updated", "old@x.example")],
    )
    .await;
    assert_eq!(report(&store, "old@x.example").await.events.len(), 1);
    assert_eq!(report(&store, ADA).await.events.len(), 4);
}

pub async fn a_reply_from_an_earlier_address_is_a_reply(store: Shared) {
    with_message(&store, "old@x.example", "msg_1", None).await;
    hear(
        &store,
        vec![ago(3, "a", "contact-updated", "old@x.example")],
    )
    .await;
    // The address of the first event was told by nobody who knows the person by an id.
    let mut moved = event("b", "contact-updated", ADA);
    moved.contact.external_id = Some("7".to_owned());
    hear(&store, vec![moved]).await;
    let mut reply = arrival(vec![event("c", "replied", "old@x.example")]);
    reply.creates_contacts = false;
    assert_eq!(store.ingest(reply).await.expect("stored").exits, 1);
    assert_eq!(report(&store, ADA).await.enrollments[0].status, "finished");
}

pub async fn what_is_told_late_ends_and_enrols_all_the_same(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let late = NewEvent {
        occurred_at: NOW.plus_ms(-7 * DAY_MS),
        ..event("a", "deal-won", ADA)
    };
    assert_eq!(hear(&store, vec![late]).await.exits, 1);
    let created = NewEvent {
        occurred_at: NOW.plus_ms(-7 * DAY_MS),
        ..event("b", "contact-created", "eve@x.example")
    };
    hear(&store, vec![created]).await;
    let pending = due(&store, NOW).await;
    let eve = pending.iter().find(|contact| {
        contact
            .email
            .as_ref()
            .is_some_and(|e| e.as_str() == "eve@x.example")
    });
    assert_eq!(eve.expect("due").events[0].event.kind, "contact-created");
}

pub async fn a_deletion_and_a_restoration_count_by_their_time(store: Shared) {
    let deleted_at = async |store: &Shared| report(store, ADA).await.contact.deleted_at;
    with_message(&store, ADA, "msg_1", None).await;
    // Made again one hour ago; that it was deleted before is told late.
    hear(&store, vec![ago(1, "a", "contact-created", ADA)]).await;
    let late = hear(&store, vec![ago(2, "b", "contact-deleted", ADA)]).await;
    assert_eq!((late.exits, deleted_at(&store).await), (0, None));

    let now = hear(&store, vec![ago(0, "c", "contact-deleted", ADA)]).await;
    assert_eq!(now.exits, 1);
    let known = report(&store, ADA).await;
    assert_eq!(known.messages[0].status, "cancelled");
    assert!(known.enrollments[0].timers.is_empty());
    hear(
        &store,
        vec![
            ago(1, "d", "contact-updated", ADA),
            ago(3, "e", "contact-created", ADA),
        ],
    )
    .await;
    assert_eq!(deleted_at(&store).await, Some(NOW.to_string()));
    let mut restored = arrival(vec![NewEvent {
        occurred_at: NOW.plus_ms(HOUR_MS),
        ..ago(0, "f", "contact-created", ADA)
    }]);
    restored.received_at = NOW.plus_ms(HOUR_MS);
    store.ingest(restored).await.expect("stored");
    assert_eq!(deleted_at(&store).await, None);
}

/// A clock that runs ahead must not keep everybody else from telling.
pub async fn nothing_is_told_in_the_future(store: Shared) {
    let ahead = NewEvent {
        occurred_at: Instant(i64::MAX),
        patch: fields(json!({ "first_name": "Eda" })),
        ..event("a", "contact-updated", ADA)
    };
    let now = NewEvent {
        patch: fields(json!({ "first_name": "Ada" })),
        ..event("b", "contact-updated", ADA)
    };
    hear(&store, vec![ahead, now]).await;
    let contact = report(&store, ADA).await.contact;
    assert_eq!(json!(contact.attributes), json!({ "first_name": "Ada" }));
}
