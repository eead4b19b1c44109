//! Plugin versions: who may run, what becomes of enrollments, and how a failing plugin is parked.

use followup::domain::enrollment::EnrollmentStatus;
use followup::domain::fault::{Fault, FaultKind, Remedy};
use followup::domain::install::{Install, Running, Status};
use followup::domain::manifest::{Asks, PluginKind};
use followup::domain::pause::Scope;
use followup::store::installs::{Act, Named};
use followup::store::work::{Committed, FaultEntry, KeptState, RegisteredSequence};
use followup::store::{DEFAULT_TENANT, Error, Shared};

use super::bench::{NOW, claim_of, decided, due, event, hear, queued, register, sends};

const ADA: &str = "ada@x.example";

fn act() -> Act {
    Act {
        at: NOW,
        who: "tests".to_owned(),
    }
}

fn named(digest: &str) -> Named {
    Named {
        plugin: "cadence".to_owned(),
        digest: format!("sha256:{digest}"),
    }
}

async fn stage(store: &Shared, digest: &str, status: Status) {
    let asks = Asks::default();
    let install = Install {
        plugin: "cadence".to_owned(),
        version: format!("0.{}.0", digest.len()),
        kind: PluginKind::Policy,
        digest: format!("sha256:{digest}"),
        source: "./cadence.wasm".to_owned(),
        resolved: "./cadence.wasm".to_owned(),
        signer: Some("acme".to_owned()),
        asks_digest: asks.digest(),
        asks,
        status,
        running: Running::FinishOnOld,
        added_at: NOW,
        approved_at: (status == Status::Approved).then_some(NOW),
        activated_at: None,
        retired_at: None,
    };
    let staged = store.stage(DEFAULT_TENANT, install, act()).await;
    staged.expect("staged");
}

async fn standing(store: &Shared) -> Vec<(String, Status)> {
    let installs = store.installs(DEFAULT_TENANT).await.expect("read");
    installs
        .into_iter()
        .map(|install| (install.digest, install.status))
        .collect()
}

pub async fn nothing_runs_that_nobody_approved(store: Shared) {
    stage(&store, "one", Status::Staged).await;
    let refused = store
        .activate(DEFAULT_TENANT, named("one"), Running::Migrate, act())
        .await
        .expect_err("staged only");
    assert!(matches!(&refused, Error::Invalid(why) if why.contains("plugin approve cadence")));
    store
        .approve(DEFAULT_TENANT, named("one"), act())
        .await
        .expect("approved");
    let moved = store
        .activate(DEFAULT_TENANT, named("one"), Running::Migrate, act())
        .await
        .expect("activated");
    assert_eq!((moved.version.as_str(), moved.retired), ("0.3.0", None));
    stage(&store, "three", Status::Approved).await;
    let moved = store
        .activate(DEFAULT_TENANT, named("three"), Running::FinishOnOld, act())
        .await
        .expect("activated");
    assert_eq!(moved.retired.as_deref(), Some("0.3.0"));
    assert_eq!(
        standing(&store).await,
        [
            ("sha256:one".to_owned(), Status::Retired),
            ("sha256:three".to_owned(), Status::Active)
        ]
    );
    let active = store.remove(DEFAULT_TENANT, named("three"), act()).await;
    assert!(active.is_err(), "it is active");
    let retired = store.remove(DEFAULT_TENANT, named("one"), act()).await;
    retired.expect("nobody runs on it");
    let log = store.install_log(DEFAULT_TENANT, "cadence").await;
    let log: Vec<_> = log
        .expect("read")
        .into_iter()
        .map(|entry| entry.what)
        .collect();
    assert_eq!(
        log,
        [
            "removed",
            "activated",
            "added",
            "activated",
            "approved",
            "added"
        ]
    );
}

/// An enrollment that the version decided for, and a queued message of that decision.
async fn running(store: &Shared, sequence: RegisteredSequence) {
    hear(store, vec![event("a", "form-submitted", ADA)]).await;
    let contact = due(store, NOW).await.remove(0);
    let mut turn = decided(&contact, sequence);
    turn.enrollments[0].ledger = vec![sends(&contact, sequence, "msg_1", None)];
    let stored = store.commit(vec![turn]).await;
    assert!(matches!(stored[..], [Ok(Committed::Stored { .. })]));
}

async fn two_versions(store: &Shared) -> (RegisteredSequence, RegisteredSequence) {
    stage(store, "one", Status::Approved).await;
    stage(store, "three", Status::Approved).await;
    let one = register(store, "one").await;
    store
        .activate(DEFAULT_TENANT, named("one"), Running::FinishOnOld, act())
        .await
        .expect("activated");
    running(store, one).await;
    let three = register(store, "three").await;
    (one, three)
}

pub async fn begun_anew_is_as_on_the_first_day(store: Shared) {
    two_versions(&store).await;
    let moved = store
        .activate(DEFAULT_TENANT, named("three"), Running::Restart, act())
        .await
        .expect("activated");
    assert_eq!((moved.restarted, moved.elsewhere), (1, 0));
    assert!(queued(&store, NOW.plus_ms(60_000)).await.is_empty());
    let run = due(&store, NOW).await.remove(0).enrollments.remove(0);
    assert_eq!(
        (run.state, run.timers.len(), run.decided_by),
        (None, 0, None)
    );
    assert_eq!((run.decisions, run.restarted_at), (1, 1));
    assert_eq!(run.undecided[0].event.kind, "enrolled");
    assert_eq!(run.undecided[0].due_at, Some(NOW));
}

/// The second version takes the enrollment over; `sent` tells whether it writes to the person.
async fn taken_over(store: &Shared, by: RegisteredSequence, from: RegisteredSequence, sent: bool) {
    store
        .activate(DEFAULT_TENANT, named("three"), Running::Migrate, act())
        .await
        .expect("activated");
    let later = NOW.plus_ms(1_000);
    let contact = due(store, later).await.remove(0);
    let before = &contact.enrollments[0];
    let mut turn = decided(&contact, by);
    let change = &mut turn.enrollments[0];
    change.id = Some(before.id);
    change.state = Some(r#"{"spoiled":true}"#.to_owned());
    change.decisions = 2;
    change.kept = Some(KeptState {
        plugin_id: from.plugin_id,
        state: before.state.clone(),
        timers: before.timers.clone(),
        event: event_of("b"),
    });
    let mut entry = sends(&contact, by, "msg_2", None);
    entry.number = 1;
    change.ledger = vec![entry];
    store.commit(vec![turn]).await;
    if sent {
        let due = queued(store, later).await;
        let message = due.iter().find(|m| m.id == "msg_2").expect("queued");
        let claimed = store.claim(vec![claim_of(message, ADA)], later).await;
        assert_eq!(claimed.expect("stored"), [true]);
    }
}

fn event_of(key: &str) -> followup::domain::Event {
    followup::domain::Event {
        id: key.to_owned(),
        kind: "timer-fired".to_owned(),
        occurred_at: NOW,
        data: followup::domain::JsonMap::new(),
    }
}

pub async fn a_rollback_undoes_what_nobody_noticed(store: Shared) {
    let (one, three) = two_versions(&store).await;
    taken_over(&store, three, one, false).await;
    let moved = store
        .roll_back(DEFAULT_TENANT, "cadence", act())
        .await
        .expect("rolled back");
    assert_eq!(
        (moved.restored, moved.restarted, moved.elsewhere),
        (1, 0, 0)
    );
    assert_eq!(moved.retired.as_deref(), Some("0.5.0"));
    let run = due(&store, NOW.plus_ms(2_000))
        .await
        .remove(0)
        .enrollments
        .remove(0);
    assert_eq!(run.state.as_deref(), Some("{}"));
    assert_eq!(run.decided_by.map(|by| by.plugin_id), Some(one.plugin_id));
    assert_eq!(run.timers[0].timer.name, "next");
    assert_eq!(run.undecided[0].event.id, "b", "asked again");
    assert!(queued(&store, NOW.plus_ms(60_000)).await.is_empty());
}

pub async fn a_rollback_leaves_what_was_written(store: Shared) {
    let (one, three) = two_versions(&store).await;
    taken_over(&store, three, one, true).await;
    let moved = store
        .roll_back(DEFAULT_TENANT, "cadence", act())
        .await
        .expect("rolled back");
    assert_eq!(
        (moved.restored, moved.restarted, moved.elsewhere),
        (0, 0, 1)
    );
    let run = due(&store, NOW.plus_ms(2_000))
        .await
        .remove(0)
        .enrollments
        .remove(0);
    assert_eq!(run.state.as_deref(), Some(r#"{"spoiled":true}"#));
}

pub async fn a_plugin_that_keeps_failing_is_parked_and_resumed(store: Shared) {
    let sequence = register(&store, "one").await;
    let fault = Fault {
        kind: FaultKind::Trap,
        message: "unreachable".to_owned(),
        stderr_tail: String::new(),
        remedy: Remedy::Park,
    };
    let mut parked = Vec::new();
    for person in ["a", "b", "c"] {
        hear(
            &store,
            vec![event(
                person,
                "form-submitted",
                &format!("{person}@x.example"),
            )],
        )
        .await;
        let contact = due(&store, NOW).await.remove(0);
        let mut turn = decided(&contact, sequence);
        turn.due_at = None;
        let change = &mut turn.enrollments[0];
        change.timers.clear();
        change.status = EnrollmentStatus::Paused;
        change.pause_reason = Some("trap".to_owned());
        change.undecided = vec![followup::store::work::Undecided {
            event: contact.events[0].event.clone(),
            depth: 0,
            attempts: 1,
            due_at: None,
            fault: Some(fault.clone()),
            fingerprint: "one".to_owned(),
        }];
        change.faults = vec![FaultEntry {
            at: NOW,
            plugin_id: sequence.plugin_id,
            event: "form-submitted".to_owned(),
            attempt: 1,
            fault: fault.clone(),
            retry_at: None,
        }];
        match store.commit(vec![turn]).await.remove(0).expect("stored") {
            Committed::Stored { parked: names } => parked.push(names),
            Committed::Conflict => panic!("nothing was heard meanwhile"),
        }
    }
    assert_eq!(parked, [vec![], vec![], vec!["cadence".to_owned()]]);
    let pauses = store.pauses(DEFAULT_TENANT).await.expect("read");
    assert_eq!(
        (pauses[0].scope, pauses[0].name.as_str()),
        (Scope::Plugin, "cadence")
    );
    assert!(
        pauses[0].reason.contains("unreachable"),
        "{}",
        pauses[0].reason
    );
    let health = store
        .plugin_health(DEFAULT_TENANT, "cadence")
        .await
        .expect("read");
    assert_eq!((health[0].failures, health[0].failures_in_a_row), (3, 3));
    assert_eq!(health[0].enrollments_parked, 3);

    let resumed = store.resume_plugin(DEFAULT_TENANT, "cadence", NOW).await;
    assert_eq!(resumed.expect("resumed"), Some(3));
    assert_eq!(due(&store, NOW).await.len(), 3);
    assert!(store.pauses(DEFAULT_TENANT).await.expect("read").is_empty());
    let again = store.resume_plugin(DEFAULT_TENANT, "cadence", NOW).await;
    assert_eq!(again.expect("nothing to do"), None);
}
