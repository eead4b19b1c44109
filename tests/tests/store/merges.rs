//! Contacts that their CRM merges: told once, twice, in a circle, or before anybody was heard of.

use followup::domain::event::Hydrate;
use followup::domain::mail::Outcome;
use followup::domain::{ContactRef, NewEvent};
use followup::store::intake::Ingested;
use followup::store::outbox::{Conclusion, Next};
use followup::store::roster::Entry;
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{
    LOOKBACK, NOW, address, arrival, claim_of, due, event, fields, hear, queued, with_message,
};
use super::intake::report;

const ADA: &str = "ada@x.example";
const BOB: &str = "bob@x.example";

/// Told under the CRM's own id.
fn told(key: &str, kind: &str, id: &str, email: Option<&str>) -> NewEvent {
    NewEvent {
        contact: ContactRef {
            email: email.map(address),
            external_id: Some(id.to_owned()),
        },
        ..event(key, kind, "unused@x.example")
    }
}

fn merged(key: &str, survivor: &str, email: Option<&str>, losers: &[&str]) -> NewEvent {
    let mut event = told(key, "contact-merged", survivor, email);
    let ids = json!(losers);
    event.data.insert("merged_ids".to_owned(), ids);
    event
}

/// Ada (1) and Bob (2), each with a running enrollment and a message; NOW + 1 ms.
async fn two(store: &Shared) {
    for (id, email) in [("1", ADA), ("2", BOB)] {
        with_message(store, email, &format!("msg_{id}"), None).await;
        let known = told(&format!("known {id}"), "contact-updated", id, Some(email));
        hear(store, vec![known]).await;
    }
}

/// Bob is merged into Ada.
async fn merge(store: &Shared) -> Ingested {
    hear(store, vec![merged("m", "1", Some(ADA), &["2"])]).await
}

async fn contacts(store: &Shared) -> u64 {
    store.status(DEFAULT_TENANT).await.expect("read").contacts
}

pub async fn what_ran_for_the_loser_ends_and_the_survivors_goes_on(store: Shared) {
    two(&store).await;
    let claims: Vec<_> = queued(&store, NOW)
        .await
        .iter()
        .filter(|message| message.id == "msg_2")
        .map(|message| claim_of(message, BOB))
        .collect();
    let seq = claims[0].seq;
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
    let ingested = merge(&store).await;
    assert_eq!((ingested.exits, ingested.in_flight), (1, vec![seq]));
    let bob = report(&store, BOB).await;
    let run = &bob.enrollments[0];
    assert_eq!(
        (run.status.as_str(), run.exit_reason.as_deref()),
        ("finished", Some("merged"))
    );
    assert!(run.timers.is_empty());
    let ada = report(&store, ADA).await;
    assert_eq!(ada.enrollments[0].status, "active");
    assert_eq!(ada.messages[0].status, "queued");
    // What had waited in an undecided event of the loser is about the survivor.
    let waiting = due(&store, NOW).await;
    let kinds = |email: &str| -> Vec<_> {
        waiting
            .iter()
            .filter(|contact| contact.email == Some(address(email)))
            .flat_map(|contact| {
                contact
                    .events
                    .iter()
                    .map(|pending| pending.event.kind.as_str())
            })
            .collect()
    };
    assert!(kinds(BOB).is_empty());
    assert_eq!(
        kinds(ADA),
        ["contact-updated", "contact-updated", "contact-merged"]
    );
    let why = store.why(DEFAULT_TENANT, &address(BOB), 10, NOW).await;
    let why = why.expect("read");
    assert_eq!(why.obstacles[0].rule, "merged");
    assert!(why.obstacles[0].reason.contains(ADA), "{:?}", why.obstacles);
}

pub async fn what_is_heard_of_the_loser_is_heard_of_the_survivor(store: Shared) {
    two(&store).await;
    merge(&store).await;
    // By its address, by its id, and about its message.
    let by_id = told("a", "page-visited", "2", None);
    let by_address = event("b", "page-visited", BOB);
    hear(&store, vec![by_id, by_address]).await;
    assert_eq!(contacts(&store).await, 2, "nobody new");
    let mut reply = event("c", "replied", "unknown@x.example");
    reply.message_id = Some("msg_2".to_owned());
    let mut arrival = arrival(vec![reply]);
    arrival.creates_contacts = false;
    assert_eq!(store.ingest(arrival).await.expect("stored").exits, 1);
    let ada = report(&store, ADA).await;
    assert_eq!(ada.enrollments[0].exit_reason.as_deref(), Some("replied"));
    let heard: Vec<_> = ada.events.iter().map(|event| event.kind.as_str()).collect();
    assert!(
        heard.ends_with(&["page-visited", "page-visited", "replied"]),
        "{heard:?}"
    );
}

pub async fn the_survivor_keeps_address_and_fields(store: Shared) {
    two(&store).await;
    let mut name = told("n", "contact-updated", "1", Some(ADA));
    name.patch = fields(json!({ "first_name": "Ada" }));
    hear(&store, vec![name]).await;
    merge(&store).await;
    // The CRM's last words on the loser come after the merge, as late as they like.
    let mut last = told("l", "contact-updated", "2", Some(BOB));
    last.patch = fields(json!({ "first_name": "Bob" }));
    let gone = told("g", "contact-deleted", "2", None);
    let ingested = hear(&store, vec![last, gone]).await;
    assert_eq!(ingested.exits, 0, "the CRM deletes the loser's row");
    let ada = report(&store, ADA).await;
    assert_eq!(
        json!(ada.contact.attributes),
        json!({ "first_name": "Ada" })
    );
    assert_eq!(ada.contact.deleted_at, None);
    assert_eq!(ada.enrollments[0].status, "active");
    // It may be the loser's address that is kept.
    hear(&store, vec![told("k", "contact-updated", "1", Some(BOB))]).await;
    assert_eq!(report(&store, BOB).await.enrollments[0].status, "active");
    let mut reply = arrival(vec![event("r", "replied", ADA)]);
    reply.creates_contacts = false;
    assert_eq!(store.ingest(reply).await.expect("stored").exits, 1);
}

pub async fn touches_and_wishes_go_along(store: Shared) {
    two(&store).await;
    let message = queued(&store, NOW).await;
    let bobs = message.iter().find(|m| m.id == "msg_2").expect("queued");
    let claims = vec![claim_of(bobs, BOB)];
    assert_eq!(store.claim(claims, NOW).await.expect("stored"), [true]);
    let sent = Next::Sent {
        provider_id: None,
        message_id: None,
    };
    store
        .conclude(Conclusion {
            seq: bobs.seq,
            outcome: Outcome::accepted(None),
            next: sent,
            now: NOW,
        })
        .await
        .expect("stored");
    let mut no_more = told("o", "opted-out", "2", None);
    no_more.data.insert("sequence".to_owned(), json!("other"));
    let away = told("w", "auto-replied", "2", None);
    hear(&store, vec![no_more, away]).await;
    merge(&store).await;
    let ada = report(&store, ADA).await.contact;
    assert_eq!(ada.opt_outs, ["other"]);
    assert_eq!(ada.quiet.expect("away").reason, "out-of-office");
    let due = store.due_messages(NOW, 10, LOOKBACK).await.expect("read");
    let hers = due.iter().find(|m| m.id == "msg_1").expect("queued");
    assert_eq!(hers.recent.contact, [NOW]);
}

pub async fn what_the_person_wished_for_holds_for_the_survivor(store: Shared) {
    for (place, (kind, expect)) in [
        ("unsubscribed", Some("unsubscribed")),
        ("complained", Some("complaint")),
        ("hard-bounced", None),
        ("by hand", Some("manual")),
    ]
    .into_iter()
    .enumerate()
    {
        let [ada, bob] = ["ada", "bob"].map(|name| format!("{name}{place}@x.example"));
        let [one, two] = ["a", "b"].map(|id| format!("{id}{place}"));
        let key = |what: &str| format!("{what}{place}");
        hear(
            &store,
            vec![
                told(&key("1"), "contact-created", &one, Some(&ada)),
                told(&key("2"), "contact-created", &two, Some(&bob)),
            ],
        )
        .await;
        if kind == "by hand" {
            let entry = Entry {
                address: bob.clone(),
                reason: "manual".to_owned(),
                source: "cli".to_owned(),
                at: NOW,
            };
            let listed = store.suppress(DEFAULT_TENANT, vec![entry], NOW).await;
            listed.expect("stored");
        } else {
            hear(&store, vec![told(&key("3"), kind, &two, None)]).await;
        }
        hear(&store, vec![merged(&key("m"), &one, None, &[&two])]).await;
        let list = store.suppressions(DEFAULT_TENANT, None, 100).await;
        let list = list.expect("read");
        let of = |address: &str| list.iter().find(|entry| entry.address == address);
        let (hers, his) = (of(&ada), of(&bob).expect("stays"));
        assert_eq!(hers.map(|entry| entry.reason.as_str()), expect, "{kind}");
        if let Some(hers) = hers {
            assert_eq!((&hers.source, hers.at), (&his.source, his.at), "{kind}");
        }
    }
}

pub async fn who_is_unknown_is_made_known(store: Shared) {
    // Nobody is known: the survivor is made, and told of the loser later.
    hear(&store, vec![merged("m", "1", None, &["2", "3"])]).await;
    assert_eq!(contacts(&store).await, 1);
    let late = NewEvent {
        occurred_at: NOW.plus_ms(-1),
        ..told("l", "contact-created", "2", Some(BOB))
    };
    hear(&store, vec![late]).await;
    assert_eq!(contacts(&store).await, 1);
    hear(&store, vec![told("a", "contact-updated", "1", Some(ADA))]).await;
    let ada = report(&store, ADA).await;
    assert_eq!(ada.events.len(), 3, "all is about the survivor");
    hear(&store, vec![told("d", "contact-deleted", "3", None)]).await;
    assert_eq!(report(&store, ADA).await.contact.deleted_at, None);
    // A provider's word makes nobody known, and breaks nothing.
    let mut stranger = arrival(vec![merged("s", "8", None, &["9"])]);
    stranger.creates_contacts = false;
    "mailer".clone_into(&mut stranger.connection);
    assert_eq!(store.ingest(stranger).await.expect("stored").stored, 1);
    assert_eq!(contacts(&store).await, 1);
}

pub async fn an_unknown_survivor_gets_the_wishes_with_its_address(store: Shared) {
    let gone = [
        told("c", "contact-created", "2", Some(BOB)),
        told("u", "unsubscribed", "2", None),
    ];
    hear(&store, gone.into()).await;
    let mut thin = merged("m", "1", None, &["2"]);
    thin.hydrate = Some(Hydrate {
        object: "contact".to_owned(),
        id: "1".to_owned(),
    });
    hear(&store, vec![thin]).await;
    hear(&store, vec![told("a", "contact-updated", "1", Some(ADA))]).await;
    let suppressed = report(&store, ADA).await.contact.suppressed;
    assert_eq!(suppressed.expect("as Bob wished").reason, "unsubscribed");
}

/// The survivor's address may lead to a third row, or to the loser's.
pub async fn an_address_that_leads_elsewhere_is_one_with_the_survivor(store: Shared) {
    two(&store).await;
    hear(&store, vec![told("c", "contact-created", "3", None)]).await;
    let ingested = hear(&store, vec![merged("m", "3", Some(ADA), &["2"])]).await;
    assert_eq!(
        ingested.exits, 1,
        "Bob's; what runs for the address goes on"
    );
    let ada = report(&store, ADA).await;
    assert_eq!(ada.enrollments[0].status, "active");
    hear(
        &store,
        vec![
            told("v", "page-visited", "3", None),
            told("w", "page-visited", "2", None),
        ],
    )
    .await;
    assert_eq!(report(&store, ADA).await.events.len(), ada.events.len() + 2);

    // The CRM keeps Ada's id and Bob's address.
    let other = "eve@x.example";
    with_message(&store, other, "msg_4", None).await;
    hear(&store, vec![told("e", "contact-updated", "4", Some(other))]).await;
    let ingested = hear(&store, vec![merged("n", "3", Some(other), &["4"])]).await;
    assert_eq!(ingested.exits, 1);
    let survivor = report(&store, other).await;
    assert_eq!(survivor.contact.id, ada.contact.id);
    assert_eq!(survivor.enrollments[0].status, "active");
}

pub async fn twice_and_in_a_circle(store: Shared) {
    two(&store).await;
    assert_eq!(merge(&store).await.exits, 1);
    let again = [
        merged("again", "1", Some(ADA), &["2"]),
        merged("itself", "1", Some(ADA), &["1"]),
        merged("circle", "2", Some(BOB), &["1"]),
    ];
    assert_eq!(hear(&store, again.into()).await.exits, 0);
    // One person, under the address that was told last; what ran goes on.
    let one = report(&store, BOB).await;
    assert_eq!(one.enrollments[0].status, "active");
    // Now it is the first id that the CRM deletes.
    let gone = hear(&store, vec![told("g", "contact-deleted", "1", None)]).await;
    assert_eq!(gone.exits, 0);
    // And a chain ends where it ends.
    hear(
        &store,
        vec![told("c", "contact-created", "5", Some("eve@x.example"))],
    )
    .await;
    assert_eq!(
        hear(&store, vec![merged("chain", "5", None, &["2"])])
            .await
            .exits,
        1
    );
    let before = report(&store, "eve@x.example").await.events.len();
    let all = ["1", "2", "5"].map(|id| told(&format!("v{id}"), "page-visited", id, None));
    hear(&store, all.into()).await;
    assert_eq!(
        report(&store, "eve@x.example").await.events.len(),
        before + 3
    );
    let gone = hear(&store, vec![told("h", "contact-deleted", "5", None)]).await;
    assert_eq!(gone.stored, 1);
    assert!(
        report(&store, "eve@x.example")
            .await
            .contact
            .deleted_at
            .is_some()
    );
}
