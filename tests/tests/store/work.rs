//! Who is due, and what was decided.

use followup::domain::enrollment::EnrollmentStatus;
use followup::domain::fault::{Fault, FaultKind, Remedy};
use followup::store::work::{
    Committed, Decided, DueContact, EmittedEvent, NewWriteback, RegisteredSequence, Setup,
    Undecided,
};
use followup::store::{DEFAULT_TENANT, Error, Shared};
use serde_json::json;

use super::bench::{NOW, decided, due, event, fields, hear, queued, register, sends, with_message};

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

const PEOPLE: [&str; 4] = [
    "ada@x.example",
    "bob@x.example",
    "cid@x.example",
    "dee@x.example",
];

/// They asked for prices, and were looked at.
async fn looked_at(store: &Shared) -> Vec<DueContact> {
    for email in PEOPLE {
        let event = event(&format!("enrol {email}"), "form-submitted", email);
        hear(store, vec![event]).await;
    }
    due(store, NOW).await
}

fn name(contact: &DueContact) -> String {
    let email = contact.email.as_ref().expect("an address").to_string();
    email[..3].to_owned()
}

/// All that a decision can cause, in the contact's name.
fn turn(contact: &DueContact, sequence: RegisteredSequence) -> Decided {
    let name = name(contact);
    let mut turn = decided(contact, sequence);
    let mut entry = sends(contact, sequence, &format!("msg_{name}"), None);
    entry.writebacks = vec![NewWriteback {
        kind: "task",
        body: json!({ "title": format!("Call {name}") }),
        due_at: None,
    }];
    turn.remarks = vec![(contact.events[0].seq, format!("heard of {name}"))];
    turn.properties = fields(json!({ "nick": name })).attributes;
    turn.emitted = vec![EmittedEvent {
        id: format!("evt_{name}"),
        plugin: "cadence".to_owned(),
        kind: "scored".to_owned(),
        data: fields(json!({ "of": name })).attributes,
        depth: 1,
    }];
    turn.enrollments[0].state = Some(json!({ "of": name }).to_string());
    turn.enrollments[0].ledger = vec![entry];
    turn
}

pub async fn many_are_decided_at_once_and_each_gets_its_own(store: Shared) {
    let sequence = register(&store, "one").await;
    let contacts = looked_at(&store).await;
    hear(&store, vec![event("r", "replied", PEOPLE[1])]).await;
    let turns = contacts.iter().map(|contact| turn(contact, sequence));
    // One of them twice: the second was looked at before the first was stored.
    let turns = turns.clone().chain(turns.take(1)).collect();
    let results = store.commit(turns).await;
    let stored = results.into_iter().map(|result| result.expect("stored"));
    let conflicts = stored.map(|stored| stored == Committed::Conflict);
    assert_eq!(
        conflicts.collect::<Vec<_>>(),
        [false, true, false, false, true]
    );

    let again = due(&store, NOW.plus_ms(1_000)).await;
    assert_eq!(again.len(), PEOPLE.len());
    for contact in &again {
        let name = name(contact);
        if name == "bob" {
            assert!(contact.enrollments.is_empty(), "nothing of it was stored");
            assert_eq!(contact.events.len(), 2);
            continue;
        }
        assert_eq!(contact.attributes["nick"], json!(name));
        assert_eq!(contact.events.len(), 1, "what was emitted");
        assert_eq!(contact.events[0].event.data["of"], json!(name));
        assert_eq!(contact.history.len(), 1, "what was decided");
        assert_eq!(contact.touches[0].touch.id, format!("msg_{name}"));
        let [enrollment] = &contact.enrollments[..] else {
            panic!("{name} is enrolled once: {contact:?}");
        };
        let state = json!({ "of": name }).to_string();
        assert_eq!(enrollment.state.as_deref(), Some(state.as_str()));
        assert_eq!(enrollment.timers.len(), 1);
        let email = contact.email.as_ref().expect("an address");
        let report = store.contact(DEFAULT_TENANT, email).await.expect("read");
        let report = report.expect("known");
        let title = format!("Call {name}");
        assert_eq!(report.tasks[0].title.as_deref(), Some(title.as_str()));
        let remark = format!("heard of {name}");
        assert_eq!(report.events[0].remark.as_deref(), Some(remark.as_str()));
        assert_eq!(report.decisions.len(), 1);
    }

    // What they have is replaced, each its own.
    let next = again.iter().filter(|contact| name(contact) != "bob");
    let next = next.map(|contact| {
        let mut next = decided(contact, sequence);
        next.enrollments[0].id = Some(contact.enrollments[0].id);
        next.enrollments[0].state = Some(json!({ "now": name(contact) }).to_string());
        next
    });
    for result in store.commit(next.collect()).await {
        assert!(matches!(result, Ok(Committed::Stored { .. })), "{result:?}");
    }
    for contact in due(&store, NOW.plus_ms(1_000)).await {
        for enrollment in &contact.enrollments {
            let state = json!({ "now": name(&contact) }).to_string();
            assert_eq!(enrollment.state.as_deref(), Some(state.as_str()));
            assert_eq!(enrollment.timers.len(), 1);
        }
    }
}

pub async fn who_breaks_a_rule_takes_nobody_along(store: Shared) {
    let sequence = register(&store, "one").await;
    let contacts = looked_at(&store).await;
    let mut turns: Vec<_> = contacts
        .iter()
        .map(|contact| turn(contact, sequence))
        .collect();
    // No two messages have the same name.
    "msg_ada".clone_into(&mut turns[2].enrollments[0].ledger[0].messages[0].id);
    let results = store.commit(turns).await;
    assert!(
        matches!(
            results[..],
            [
                Ok(Committed::Stored { .. }),
                Ok(Committed::Stored { .. }),
                Err(Error::Invalid(_)),
                Ok(Committed::Stored { .. })
            ]
        ),
        "{results:?}"
    );
    let enrolled = due(&store, NOW.plus_ms(1_000)).await;
    let enrolled = enrolled.iter().map(|contact| contact.enrollments.len());
    assert_eq!(enrolled.sum::<usize>(), 3);
    assert_eq!(queued(&store, NOW).await.len(), 3);
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
