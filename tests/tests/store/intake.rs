//! Events in: once each, with everything they imply at once.

use std::collections::HashMap;
use std::sync::Arc;

use followup::domain::enrollment::ExitRules;
use followup::domain::{ContactPatch, ContactRef};
use followup::store::intake::{Hydration, Reactions};
use followup::store::ledger::ContactReport;
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{NOW, address, arrival, due, event, fields, hear, queued, thin, with_message};

pub async fn report(store: &Shared, email: &str) -> ContactReport {
    store
        .contact(DEFAULT_TENANT, &address(email))
        .await
        .expect("read")
        .expect("known")
}

pub async fn the_same_key_twice_is_one_event(store: Shared) {
    let first = hear(
        &store,
        vec![
            event("a", "form-submitted", "ada@x.example"),
            event("a", "form-submitted", "ada@x.example"),
        ],
    )
    .await;
    assert_eq!((first.stored, first.duplicates), (1, 1));
    let again = hear(
        &store,
        vec![
            event("a", "replied", "ada@x.example"),
            event("b", "email-opened", "ada@x.example"),
        ],
    )
    .await;
    assert_eq!((again.stored, again.duplicates), (1, 1));
    let kinds: Vec<_> = report(&store, "ada@x.example")
        .await
        .events
        .into_iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(kinds, ["form-submitted", "email-opened"]);
}

pub async fn an_address_is_one_contact_whatever_names_it(store: Shared) {
    let mut by_both = event("a", "contact-created", "ada@x.example");
    by_both.contact.external_id = Some("7".to_owned());
    let mut by_id = event("b", "contact-updated", "ada@x.example");
    by_id.contact = ContactRef::external("7");
    let mut moved = event("c", "contact-updated", "ada@new.example");
    moved.contact.external_id = Some("7".to_owned());
    hear(&store, vec![by_both, by_id]).await;
    assert_eq!(report(&store, "ada@x.example").await.events.len(), 2);
    hear(&store, vec![moved]).await;
    assert_eq!(
        report(&store, "ada@new.example").await.events.len(),
        3,
        "the person changed address"
    );
    let status = store.status(DEFAULT_TENANT).await.expect("read");
    assert_eq!(status.contacts, 1);
}

pub async fn a_provider_makes_no_contacts(store: Shared) {
    let mut from_provider = arrival(vec![event("a", "email-opened", "stranger@x.example")]);
    from_provider.creates_contacts = false;
    let ingested = store.ingest(from_provider).await.expect("stored");
    assert_eq!(ingested.stored, 1);
    assert_eq!(
        store.status(DEFAULT_TENANT).await.expect("read").contacts,
        0
    );
    assert!(due(&store, NOW).await.is_empty());
}

pub async fn fields_merge_and_blanks_forget(store: Shared) {
    let mut first = event("a", "contact-created", "ada@x.example");
    first.patch = fields(json!({ "first_name": "Ada", "title": "Countess" }));
    first.patch.time_zone = Some("Europe/Berlin".to_owned());
    let mut second = event("b", "contact-updated", "ada@x.example");
    second.patch = fields(json!({ "title": "", "company": "Analytical Engines" }));
    hear(&store, vec![first, second]).await;
    let contact = report(&store, "ada@x.example").await.contact;
    assert_eq!(
        json!(contact.attributes),
        json!({ "first_name": "Ada", "company": "Analytical Engines" })
    );
    assert_eq!(contact.time_zone.as_deref(), Some("Europe/Berlin"));
}

pub async fn an_exit_finishes_and_cancels_in_one_go(store: Shared) {
    with_message(&store, "ada@x.example", "msg_1", None).await;
    let ingested = hear(&store, vec![event("r", "replied", "ada@x.example")]).await;
    assert_eq!((ingested.exits, ingested.in_flight.len()), (1, 0));
    let report = report(&store, "ada@x.example").await;
    assert_eq!(report.enrollments[0].status, "finished");
    assert_eq!(
        report.enrollments[0].exit_reason.as_deref(),
        Some("replied")
    );
    assert!(report.enrollments[0].timers.is_empty());
    assert_eq!(report.messages[0].status, "cancelled");
    assert!(queued(&store, NOW.plus_ms(9_999)).await.is_empty());
}

pub async fn an_exit_that_is_off_changes_nothing(store: Shared) {
    with_message(&store, "ada@x.example", "msg_1", None).await;
    let rules = ExitRules {
        replied: false,
        ..ExitRules::default()
    };
    let mut heard = arrival(vec![event("r", "replied", "ada@x.example")]);
    heard.reactions = Arc::new(Reactions {
        exits: HashMap::from([("pricing".to_owned(), rules)]),
        ..Reactions::default()
    });
    assert_eq!(store.ingest(heard).await.expect("stored").exits, 0);
    let report = report(&store, "ada@x.example").await;
    assert_eq!(report.enrollments[0].status, "active");
    assert_eq!(report.messages[0].status, "queued");
}

pub async fn an_opt_out_of_a_stranger_is_remembered(store: Shared) {
    let mut from_provider = arrival(vec![event("a", "unsubscribed", "eve@x.example")]);
    from_provider.creates_contacts = false;
    store.ingest(from_provider).await.expect("stored");
    hear(&store, vec![event("b", "form-submitted", "eve@x.example")]).await;
    assert_eq!(
        due(&store, NOW).await[0].suppressed.as_deref(),
        Some("unsubscribed")
    );
}

pub async fn a_thin_event_waits_and_is_completed(store: Shared) {
    hear(&store, vec![thin("t", "7")]).await;
    assert!(
        due(&store, NOW).await.is_empty(),
        "nothing to decide about nobody"
    );
    let waiting = store.thin_events(NOW, 10).await.expect("read");
    assert_eq!(waiting[0].event.hydrate.as_ref().expect("thin").id, "7");

    let later = Hydration::Retry {
        at: NOW.plus_ms(5_000),
        reason: "429".to_owned(),
    };
    store.hydrated(waiting[0].seq, later).await.expect("stored");
    assert!(store.thin_events(NOW, 10).await.expect("read").is_empty());
    let waiting = store
        .thin_events(NOW.plus_ms(5_000), 10)
        .await
        .expect("read");
    assert_eq!(waiting[0].attempts, 1);

    let mut complete = thin("t", "7");
    complete.hydrate = None;
    complete.contact.email = Some(address("ada@x.example"));
    complete.patch = ContactPatch {
        locale: Some("de".to_owned()),
        ..ContactPatch::default()
    };
    store
        .hydrated(waiting[0].seq, Hydration::Complete(arrival(vec![complete])))
        .await
        .expect("stored");
    let due = due(&store, NOW).await;
    assert_eq!(due[0].email, Some(address("ada@x.example")));
    assert_eq!(due[0].events.len(), 1);

    let again = hear(&store, vec![thin("t", "7")]).await;
    assert_eq!(
        again.duplicates, 1,
        "its sender's repetition is still known"
    );
    hear(&store, vec![thin("u", "7")]).await;
    assert!(
        store.thin_events(NOW, 10).await.expect("read").is_empty(),
        "the person is known by now"
    );
}
