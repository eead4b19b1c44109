//! The loops and people work side by side: what one has read may be past when it writes. Nothing may
//! be held or put off by what is not so any more, since nobody would look again.

use followup::domain::Instant;
use followup::domain::instant::DAY_MS;
use followup::domain::mail::Outcome;
use followup::domain::pause::{Cause, Pause, Scope};
use followup::store::outbox::{Aside, Conclusion, DueMessage, Next, SetAside};
use followup::store::work::{Committed, Standing};
use followup::store::{DEFAULT_TENANT, Shared};
use serde_json::json;

use super::bench::{
    NOW, claim_of, decided, due, event, fields, hear, queued, register, sends, with_message,
};

const ADA: &str = "ada@x.example";

fn pause(scope: Scope) -> Pause {
    Pause {
        scope,
        name: String::new(),
        cause: Cause::Person,
        reason: "trade fair".to_owned(),
        since: NOW,
        until: None,
    }
}

async fn hold(store: &Shared, read: &DueMessage, rule: &'static str) {
    let aside = SetAside {
        seq: read.seq,
        version: read.version,
        aside: Aside::Held,
        rule,
        reason: "as it was".to_owned(),
    };
    store.set_aside(vec![aside], NOW).await.expect("stored");
}

pub async fn a_field_told_meanwhile_is_not_missing(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let read = queued(&store, NOW).await.remove(0);
    let mut told = event("told", "contact-updated", ADA);
    told.patch = fields(json!({ "first_name": "Ada" }));
    hear(&store, vec![told]).await;
    hold(&store, &read, "missing-field").await;
    let again = queued(&store, NOW).await;
    assert_eq!(again.len(), 1, "looked at again");
    hold(&store, &again[0], "missing-field").await;
    assert!(queued(&store, NOW).await.is_empty());
}

pub async fn a_pause_lifted_meanwhile_holds_nothing(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    store
        .pause(DEFAULT_TENANT, pause(Scope::Tenant))
        .await
        .expect("stored");
    let read = queued(&store, NOW).await.remove(0);
    let lifted = store.resume(DEFAULT_TENANT, Scope::Tenant, "", NOW).await;
    assert_eq!(lifted.expect("stored"), Some(0));
    hold(&store, &read, "paused").await;
    assert_eq!(queued(&store, NOW).await.len(), 1, "looked at again");
}

/// A parked policy is not asked; what it decided before goes, whatever it is called.
pub async fn a_plugin_called_like_a_sequence_is_another_matter(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let parked = Pause {
        name: "pricing".to_owned(),
        ..pause(Scope::Plugin)
    };
    store.pause(DEFAULT_TENANT, parked).await.expect("stored");
    let claim = claim_of(&queued(&store, NOW).await[0], ADA);
    assert_eq!(store.claim(vec![claim], NOW).await.expect("stored"), [true]);
}

pub async fn a_pause_lifted_while_a_policy_thinks_holds_nothing(store: Shared) {
    let sequence = register(&store, "one").await;
    for (email, paused) in [(ADA, false), ("bob@x.example", true)] {
        if paused {
            store
                .pause(DEFAULT_TENANT, pause(Scope::Tenant))
                .await
                .expect("stored");
        }
        hear(&store, vec![event(email, "form-submitted", email)]).await;
        let contact = due(&store, NOW).await.remove(0);
        let mut turn = decided(&contact, sequence);
        let mut entry = sends(&contact, sequence, &format!("msg_{email}"), None);
        entry.messages[0].standing = Standing::Held {
            rule: "paused".to_owned(),
            reason: "everything is paused".to_owned(),
        };
        turn.enrollments[0].ledger = vec![entry];
        let stored = store.commit(vec![turn]).await;
        assert!(
            matches!(stored[..], [Ok(Committed::Stored { .. })]),
            "{stored:?}"
        );
        let waiting = queued(&store, NOW).await;
        let ids: Vec<_> = waiting.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["msg_ada@x.example"], "{email}");
    }
}

pub async fn a_timer_freed_while_a_policy_thinks_rings(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    let message = queued(&store, NOW).await.remove(0);
    let claim = claim_of(&message, ADA);
    assert_eq!(store.claim(vec![claim], NOW).await.expect("stored"), [true]);
    hear(&store, vec![event("visit", "page-visited", ADA)]).await;
    let contact = due(&store, NOW).await.remove(0);
    assert_eq!(
        contact.enrollments[0].waiting_since,
        Some(NOW),
        "its timer waits"
    );
    let accepted = Conclusion {
        seq: message.seq,
        outcome: Outcome::accepted(None),
        next: Next::Sent {
            provider_id: None,
            message_id: None,
        },
        now: NOW,
    };
    store.conclude(accepted).await.expect("stored");
    let mut turn = decided(&contact, register(&store, "one").await);
    turn.enrollments.clear();
    turn.due_at = None;
    let stored = store.commit(vec![turn]).await;
    assert!(
        matches!(stored[..], [Ok(Committed::Conflict)]),
        "{stored:?}"
    );
    let at = store.next_due_at().await.expect("read");
    assert!(at.is_some(), "the timer is not forgotten");
}

pub async fn a_start_looks_again_at_what_configuration_may_cure(store: Shared) {
    for rule in ["unconfigured", "composing", "no-moment"] {
        let email = format!("{rule}@x.example");
        with_message(&store, &email, &format!("msg_{rule}"), None).await;
        let read = queued(&store, NOW).await;
        for message in &read {
            hold(&store, message, rule).await;
        }
        assert!(queued(&store, NOW).await.is_empty());
        register(&store, "two").await;
        assert_eq!(queued(&store, NOW).await.len(), read.len(), "{rule}");
    }
}

/// Of two that are as important the earlier goes first: the other finds its slot taken, also where
/// they go to colleagues; what is more important finds it free.
pub async fn who_comes_later_sees_the_slots_of_those_before(store: Shared) {
    with_message(&store, ADA, "msg_1", None).await;
    with_message(&store, "bob@x.example", "msg_2", None).await;
    let read = queued(&store, NOW).await;
    let later = NOW.plus_ms(DAY_MS);
    put_off(&store, &read[0], later).await;
    let second = queued(&store, NOW).await.remove(0);
    assert_eq!(second.recent.account, [later]);
    assert_eq!(second.recent.identity, [later]);
    assert!(second.recent.contact.is_empty(), "not its own contact");

    put_off(&store, &second, later.plus_ms(DAY_MS)).await;
    let first = queued(&store, later).await.remove(0);
    assert_eq!(first.id, read[0].id);
    assert!(first.recent.account.is_empty(), "it was first");
}

async fn put_off(store: &Shared, read: &DueMessage, until: Instant) {
    let aside = SetAside {
        seq: read.seq,
        version: read.version,
        aside: Aside::Later { until },
        rule: "account-cap",
        reason: "used up".to_owned(),
    };
    store.set_aside(vec![aside], NOW).await.expect("stored");
}
