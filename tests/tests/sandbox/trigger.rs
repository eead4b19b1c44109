//! A trigger that behaves, and every way in which one does not.

use std::sync::Arc;

use followup::domain::fault::FaultKind;
use followup::domain::trigger::TriggerContact;
use followup::sandbox::TriggerLimits;
use serde_json::json;

use super::post::{Allowed, Post, SIGNING};
use super::{Cell, NOW};

#[tokio::test]
async fn webhooks_and_polls_bring_events() {
    let post = Post::alone();
    assert!(post.rogue.can_receive() && post.rogue.can_poll() && !post.rogue.can_migrate());
    let called = post.receive("none").await;
    assert!(called.fuel_used > 0 && called.memory_bytes > 0);
    let received = called.result.expect("behaves");
    assert_eq!(received.response, None);
    let [event] = received.events.try_into().expect("one event");
    assert_eq!(event.kind, "rogue.event");
    assert_eq!(
        event.contact,
        TriggerContact::Email("ada@example.com".to_owned())
    );
    assert_eq!(event.data.get("seen"), Some(&json!(true)));

    let page = post
        .poll("none", Some("{\"since\":7}"))
        .await
        .result
        .expect("behaves");
    assert_eq!(
        (page.events.len(), page.cursor.as_deref()),
        (1, Some("{\"since\":7}"))
    );
    let first = post.poll("none", None).await.result.expect("behaves");
    assert_eq!(first.cursor, None);
}

#[tokio::test]
async fn every_misdeed_has_its_fault() {
    let post = Post::alone();
    let rows = [
        ("loop", FaultKind::OutOfFuel, "fuel_max, 500000000"),
        (
            "alloc",
            FaultKind::OutOfMemory,
            "memory_max_bytes is 134217728",
        ),
        ("panic", FaultKind::Panic, "no webhook like this"),
        (
            "unlisted",
            FaultKind::BadOutput,
            "events[0]: \"replied\" is not among the manifest's events",
        ),
        ("no-key", FaultKind::BadOutput, "dedupe key is empty"),
        (
            "long-key",
            FaultKind::BadOutput,
            "dedupe key is 201 bytes long, 200 are allowed",
        ),
        (
            "host-field",
            FaultKind::BadOutput,
            "owner_time_zone says where",
        ),
        (
            "bad-data",
            FaultKind::BadOutput,
            "the data is no JSON object",
        ),
        (
            "many-events",
            FaultKind::BadOutput,
            "501 events, events_max is 500",
        ),
        (
            "gigantic",
            FaultKind::BadOutput,
            "far more than output_max_bytes, 1048576",
        ),
        (
            "cookie",
            FaultKind::BadOutput,
            "set-cookie is the host's own",
        ),
        ("transient", FaultKind::ErrorResult, "the API is down"),
        ("unheard-of", FaultKind::ErrorResult, "no misdeed is called"),
    ];
    for (misdeed, kind, message) in rows {
        let fault = post.receive(misdeed).await.result.expect_err(misdeed);
        assert_eq!(fault.kind, kind, "{misdeed}: {fault:?}");
        assert!(fault.message.contains(message), "{misdeed}: {fault:?}");
        post.assert_alive(misdeed).await;
    }
    for (misdeed, message) in [
        ("bad-cursor", "the cursor is no JSON"),
        ("huge-cursor", "cursor_max_bytes is 65536"),
    ] {
        let fault = post.poll(misdeed, None).await.result.expect_err(misdeed);
        assert!(fault.message.contains(message), "{misdeed}: {fault:?}");
        post.assert_alive(misdeed).await;
    }
}

#[tokio::test]
async fn the_deadline_ends_a_trigger_that_sleeps() {
    let hurried = TriggerLimits {
        deadline_ms: 100,
        ..TriggerLimits::default()
    };
    let post = Post::new(
        hurried,
        Allowed {
            config: json!({}),
            ..Allowed::default()
        },
    );
    let fault = post.receive("sleep").await.result.expect_err("sleeps");
    assert_eq!(fault.kind, FaultKind::Deadline, "{fault:?}");
    assert!(fault.message.contains("deadline_ms, 100"), "{fault:?}");
}

/// Triggers that hang take all turns of theirs, and not one of a policy's.
#[tokio::test]
async fn slow_triggers_delay_no_decision() {
    let slow = TriggerLimits {
        deadline_ms: 5_000,
        instances_max: 1,
        ..TriggerLimits::default()
    };
    let post = Post::new(
        slow,
        Allowed {
            config: json!({}),
            ..Allowed::default()
        },
    );
    let rogue = post
        .sandbox
        .load(&super::rogue_wasm())
        .expect("the rogue loads");
    let calendar = Arc::default();
    let decisions = async {
        for _ in 0..50 {
            let decided = post
                .sandbox
                .decide(&rogue, super::input("none"), &calendar)
                .await;
            decided.expect("decides");
        }
    };
    tokio::select! {
        biased;
        _ = post.receive("sleep") => panic!("fifty decisions take longer than a sleeping trigger"),
        () = decisions => {}
    }
}

#[tokio::test]
async fn secrets_prove_senders_and_are_never_told() {
    use ring::hmac;
    let post = Post::alone();
    let body = b"{\"from\":\"afar\"}";
    let check = async |secret: &str, signature: &str, expect: &str| {
        let config = json!({ "misbehave": "verify", "secret": secret, "signature": signature });
        let received = post
            .receive_with(config, body)
            .await
            .result
            .expect("answers");
        let told = String::from_utf8(received.response.expect("a text").body).expect("text");
        assert!(told.contains(expect), "{told}");
        assert!(!told.contains(SIGNING), "{told}");
    };
    let sign = |algorithm| {
        let tag = hmac::sign(&hmac::Key::new(algorithm, SIGNING.as_bytes()), body);
        let bytes = tag.as_ref().iter();
        bytes.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    };
    let sha1 = sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY);
    check("signing", &sha1, "[Ok(true), Ok(false), Ok(false)]").await;
    let sha256 = sign(hmac::HMAC_SHA256);
    check("signing", &sha256, "[Ok(false), Ok(true), Ok(false)]").await;
    let sha512 = sign(hmac::HMAC_SHA512);
    check("signing", &sha512, "[Ok(false), Ok(false), Ok(true)]").await;
    check("signing", &sha256[2..], "[Ok(false), Ok(false), Ok(false)]").await;
    // Granted for headers only, and not at all.
    check(
        "token",
        &sha256,
        "no secret \\\"token\\\" was granted for this use",
    )
    .await;
    check("root", &sha256, "[[grants.secrets]]").await;
    let placeholder = post.receive("placeholder").await.result.expect("answers");
    let told = String::from_utf8(placeholder.response.expect("a text").body).expect("text");
    assert!(told.starts_with("Err("), "{told}");
}

#[tokio::test]
async fn plugins_are_asked_for_what_they_are() {
    let post = Post::alone();
    let fault = post
        .sandbox
        .decide(&post.rogue, super::input("none"), &Arc::default())
        .await
        .expect_err("no policy");
    assert!(
        fault
            .message
            .contains("does not export followup:plugin/policy-decide"),
        "{fault:?}"
    );

    assert!(!post.rogue.can_migrate());
    let text = || "{}".to_owned();
    let calendar = Arc::default();
    let migrated = post
        .sandbox
        .migrate(&post.rogue, NOW, 7, text(), "0.0.1", text(), &calendar);
    let fault = migrated.await.expect_err("it cannot");
    assert!(fault.message.contains("policy-migrate"), "{fault:?}");
}

/// One connection that hangs in all its turns, and another.
#[tokio::test]
async fn one_connection_leaves_room_for_the_others() {
    let (flooded, neighbour) = (Arc::new(Post::alone()), Post::alone());
    let hanging: Vec<_> = (0..10)
        .map(|_| {
            let flooded = Arc::clone(&flooded);
            tokio::spawn(async move { flooded.receive("sleep").await })
        })
        .collect();
    tokio::task::yield_now().await;
    // In the same sandbox, with turns of its own.
    for _ in 0..10 {
        let called = flooded.receive_as(&neighbour.authority, "none").await;
        assert!(called.result.is_ok(), "{:?}", called.result);
    }
    for task in hanging {
        assert!(!task.is_finished());
        task.abort();
    }
}

#[tokio::test]
async fn a_policy_carries_its_state_over() {
    let cell = Cell::new(super::patient());
    assert!(cell.rogue.can_migrate() && !cell.rogue.can_receive() && !cell.rogue.can_poll());
    let migrate = async |misdeed: &str| {
        let config = json!({ "misbehave": misdeed }).to_string();
        let state = "{\"step\":3}".to_owned();
        cell.sandbox
            .migrate(&cell.rogue, NOW, 7, state, "0.0.1", config, &cell.calendar)
            .await
    };
    let state = migrate("none").await.expect("migrates");
    assert_eq!(state, "{\"from\":\"0.0.1\",\"was\":{\"step\":3}}");
    for (misdeed, kind, message) in [
        ("loop", FaultKind::OutOfFuel, "fuel_max"),
        ("panic", FaultKind::Panic, "no such state"),
        ("bad-state", FaultKind::BadOutput, "the state is no JSON"),
        (
            "huge-state",
            FaultKind::BadOutput,
            "state_max_bytes is 65536",
        ),
        (
            "permanent",
            FaultKind::ErrorResult,
            "cannot read its state: too old",
        ),
    ] {
        let fault = migrate(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.kind, kind, "{misdeed}: {fault:?}");
        assert!(fault.message.contains(message), "{misdeed}: {fault:?}");
        cell.assert_alive(misdeed).await;
    }
}
