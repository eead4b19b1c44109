//! Lists that people bring in: enrolled once, and never against somebody's will.

use followup::domain::NewEvent;
use followup::store::outbox::DueMessage;
use followup::store::roster::{EnrolOutcome, Entry, LeadBatch};
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{
    NOW, address, arrival, claim_of, due, event, fields, hear, queued, with_message,
};
use super::intake::report;

const ADA: &str = "ada@x.example";

/// Rows of a list: each of them a person to enrol in `pricing`.
fn list(batch: &str, people: &[&str]) -> LeadBatch {
    let ask = |email: &&str| {
        let mut ask: NewEvent = event(&format!("{batch} {email}"), "enrol-asked", email);
        ask.patch = fields(json!({"lead_source": batch}));
        ask.data.insert("sequence".to_owned(), json!("pricing"));
        ask
    };
    let mut arrival = arrival(people.iter().map(ask).collect());
    "leads".clone_into(&mut arrival.connection);
    LeadBatch {
        arrival,
        sequence: "pricing".to_owned(),
        takes_back: false,
    }
}

fn entry(target: &str) -> Entry {
    Entry {
        address: target.to_owned(),
        reason: "asked by phone".to_owned(),
        source: "cli".to_owned(),
        at: NOW,
    }
}

/// What becomes of each row, and whether the person was known.
async fn enrol(store: &Shared, batch: LeadBatch) -> Vec<(EnrolOutcome, bool)> {
    let previewed = store.preview(batch.clone()).await.expect("read");
    let enrolled = store.enrol(batch).await.expect("stored");
    assert_eq!(previewed, enrolled, "a dry run tells the truth");
    let outcomes = enrolled.into_iter();
    outcomes.map(|row| (row.outcome, row.known)).collect()
}

pub async fn a_list_enrols_once(store: Shared) {
    use EnrolOutcome::{AlreadyEnrolled, Asked, Repeated};
    hear(&store, vec![event("a", "contact-created", ADA)]).await;
    let people = [ADA, "bob@x.example"];
    let first = enrol(&store, list("fair", &people)).await;
    assert_eq!(first, [(Asked, true), (Asked, false)]);
    let again = enrol(&store, list("fair", &people)).await;
    assert_eq!(again, [(Repeated, true), (Repeated, true)]);
    let other = enrol(&store, list("fair 2", &people)).await;
    assert_eq!(other, [(AlreadyEnrolled, true), (AlreadyEnrolled, true)]);
    let shown = report(&store, ADA).await;
    let kinds: Vec<_> = shown
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds, ["contact-created", "enrol-asked", "enrol-asked"]);
    assert_eq!(shown.contact.attributes["lead_source"], "fair 2");
    assert_eq!(
        due(&store, NOW).await.len(),
        2,
        "there is something to decide"
    );
}

pub async fn a_preview_touches_nothing(store: Shared) {
    store.preview(list("fair", &[ADA])).await.expect("read");
    let known = store.contact(DEFAULT_TENANT, &address(ADA)).await;
    assert!(known.expect("read").is_none());
}

pub async fn who_must_not_be_mailed_is_not_enrolled(store: Shared) {
    let entries = vec![entry(ADA), entry("@y.example")];
    let done = store.suppress(DEFAULT_TENANT, entries.clone(), NOW).await;
    assert_eq!(done.expect("stored").added, 2);
    let again = store.suppress(DEFAULT_TENANT, entries, NOW).await;
    assert_eq!(again.expect("stored").known, 2);
    hear(&store, vec![event("a", "contact-deleted", "eve@x.example")]).await;
    let mut gone = event("b", "contact-created", "fay@x.example");
    gone.occurred_at = NOW;
    hear(
        &store,
        vec![gone, event("c", "contact-deleted", "fay@x.example")],
    )
    .await;

    let people = [ADA, "zoe@y.example", "zoe@sub.y.example", "fay@x.example"];
    let outcomes = enrol(&store, list("fair", &people)).await;
    let suppressed = || EnrolOutcome::Suppressed {
        reason: "asked by phone".to_owned(),
        since: NOW,
    };
    assert_eq!(
        outcomes,
        [
            (suppressed(), false),
            (suppressed(), false),
            (EnrolOutcome::Asked, false),
            (EnrolOutcome::Deleted, true),
        ]
    );
    let known = store.contact(DEFAULT_TENANT, &address(ADA)).await;
    assert!(known.expect("read").is_none(), "nothing is stored of them");
}

pub async fn suppressing_ends_what_runs(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    with_message(&store, "zoe@y.example", "msg_2", None).await;
    for target in [ADA, "@y.example"] {
        let done = store
            .suppress(DEFAULT_TENANT, vec![entry(target)], NOW)
            .await;
        let done = done.expect("stored");
        assert_eq!((done.added, done.exits), (1, 1), "{target}");
    }
    for email in [ADA, "zoe@y.example"] {
        let shown = report(&store, email).await;
        assert_eq!(
            shown.enrollments[0].exit_reason.as_deref(),
            Some("suppressed")
        );
        assert_eq!(shown.messages[0].status, "cancelled");
        let reason = shown
            .contact
            .suppressed
            .map(|suppression| suppression.reason);
        assert_eq!(reason.as_deref(), Some("asked by phone"));
    }
    assert!(queued(&store, NOW).await.is_empty());
}

/// A message queued after its domain was suppressed: one row, refused, and not claimed.
pub async fn a_domain_counts_wherever_an_address_does(store: Shared) {
    let entries = vec![entry(ADA), entry("@x.example")];
    store
        .suppress(DEFAULT_TENANT, entries, NOW)
        .await
        .expect("stored");
    with_message(&store, ADA, "msg_1", None).await;
    with_message(&store, "bob@x.example", "msg_2", None).await;
    let messages = queued(&store, NOW).await;
    assert_eq!(messages.len(), 2, "one row each, however many entries fit");
    for message in &messages {
        assert_eq!(message.suppressed.as_deref(), Some("asked by phone"));
    }
    let to = |message: &DueMessage| message.to.as_ref().map(ToString::to_string);
    let claims = messages
        .iter()
        .map(|message| claim_of(message, &to(message).expect("known")));
    let claimed = store.claim(claims.collect(), NOW).await.expect("stored");
    assert_eq!(claimed, [false, false]);
    hear(
        &store,
        vec![event("again", "page-visited", "bob@x.example")],
    )
    .await;
    let contacts = due(&store, NOW).await;
    assert!(contacts.iter().all(|contact| contact.suppressed.is_some()));
}

pub async fn the_list_is_read_in_pages_and_can_be_undone(store: Shared) {
    let targets = ["@y.example", ADA, "bob@x.example"];
    let entries = targets.map(entry).to_vec();
    store
        .suppress(DEFAULT_TENANT, entries, NOW)
        .await
        .expect("stored");
    let page =
        |after: Option<&str>| store.suppressions(DEFAULT_TENANT, after.map(str::to_owned), 2);
    let first = page(None).await.expect("read");
    assert_eq!(first, [entry("@y.example"), entry(ADA)]);
    let second = page(Some(ADA)).await.expect("read");
    assert_eq!(second, [entry("bob@x.example")]);
    let undo = || store.unsuppress(DEFAULT_TENANT, ADA);
    assert_eq!(undo().await.expect("stored"), Some(entry(ADA)));
    assert_eq!(undo().await.expect("stored"), None);
    let outcomes = enrol(&store, list("fair", &[ADA])).await;
    assert_eq!(outcomes, [(EnrolOutcome::Asked, false)]);
}
