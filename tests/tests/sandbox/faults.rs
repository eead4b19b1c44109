//! Every misdeed yields its exact fault, and the next call of a good plugin succeeds.

use followup::domain::fault::{FaultKind, Remedy};
use followup::sandbox::Limits;

use super::{Cell, NOW, hurried, patient};

#[tokio::test]
async fn every_misdeed_has_its_fault() {
    let cell = Cell::new(patient());
    let rows = [
        ("loop", FaultKind::OutOfFuel, "fuel_max, 50000000"),
        (
            "alloc",
            FaultKind::OutOfMemory,
            "memory_max_bytes is 67108864",
        ),
        (
            "recurse",
            FaultKind::StackOverflow,
            "stack_max_bytes, 524288",
        ),
        (
            "recurse-in-memory",
            FaultKind::Trap,
            "in followup_rogue.wasm!followup_rogue::misbehave::descend_in_memory",
        ),
        ("overrun", FaultKind::Trap, "out of bounds memory access"),
        ("panic", FaultKind::Panic, "misbehave.rs:"),
        ("panic", FaultKind::Panic, "step 7 has no template"),
        ("exit", FaultKind::Panic, "exited with code 1"),
        ("abort", FaultKind::Panic, "without a word"),
        ("print-flood", FaultKind::Panic, "after many lines"),
        ("no-reason", FaultKind::BadOutput, "reason is empty"),
        ("long-reason", FaultKind::BadOutput, "reason_max_bytes"),
        ("bad-state", FaultKind::BadOutput, "state is no JSON"),
        (
            "huge-state",
            FaultKind::BadOutput,
            "state_max_bytes is 65536",
        ),
        (
            "many-actions",
            FaultKind::BadOutput,
            "40 actions, actions_max is 32",
        ),
        (
            "unlisted-action",
            FaultKind::BadOutput,
            "create-task is not among the manifest's actions",
        ),
        (
            "huge-output",
            FaultKind::BadOutput,
            "output_max_bytes is 262144",
        ),
        (
            "gigantic-output",
            FaultKind::BadOutput,
            "far more than output_max_bytes",
        ),
        (
            "gigantic-log",
            FaultKind::BadOutput,
            "far more than output_max_bytes",
        ),
        (
            "host-event",
            FaultKind::BadOutput,
            "replied is one of the host's own kinds",
        ),
        ("bad-json", FaultKind::BadOutput, "data is no JSON"),
        ("nan", FaultKind::BadOutput, "NaN"),
        ("transient", FaultKind::ErrorResult, "the moon is full"),
        ("not-before", FaultKind::ErrorResult, "the moon is full"),
        ("permanent", FaultKind::ErrorResult, "never works"),
        (
            "invalid-config",
            FaultKind::ErrorResult,
            "/misbehave: names a misdeed",
        ),
    ];
    for (misdeed, kind, message) in rows {
        let fault = cell.call(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.kind, kind, "{misdeed}: {fault:?}");
        assert!(fault.message.contains(message), "{misdeed}: {fault:?}");
        cell.assert_alive(misdeed).await;
    }
}

/// Where the guest is given the memory and the fuel to make it, the host still does not take it.
#[tokio::test]
async fn what_is_far_too_much_is_not_even_looked_at() {
    let cell = Cell::new(Limits {
        memory_max_bytes: 2 << 30,
        fuel_max: u64::MAX,
        ..patient()
    });
    for misdeed in ["million-actions", "gigabyte-log"] {
        let fault = cell.call(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.kind, FaultKind::BadOutput, "{misdeed}: {fault:?}");
        assert!(
            fault.message.contains("far more than output_max_bytes"),
            "{misdeed}: {fault:?}"
        );
        cell.assert_alive(misdeed).await;
    }
}

#[tokio::test]
async fn the_deadline_ends_what_fuel_does_not() {
    let cell = Cell::new(hurried());
    for misdeed in ["loop", "sleep", "calendar-storm"] {
        let fault = cell.call(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.kind, FaultKind::Deadline, "{misdeed}: {fault:?}");
        assert!(
            fault.message.contains("deadline_ms, 100"),
            "{misdeed}: {fault:?}"
        );
        cell.assert_alive(misdeed).await;
    }
}

#[tokio::test]
async fn faults_say_what_comes_next() {
    let cell = Cell::new(patient());
    let rows = [
        ("panic", Remedy::Retry),
        ("bad-state", Remedy::Retry),
        ("transient", Remedy::Retry),
        ("not-before", Remedy::RetryNotBefore(NOW.plus_ms(60_000))),
        ("permanent", Remedy::Park),
        ("invalid-config", Remedy::Park),
    ];
    for (misdeed, remedy) in rows {
        let fault = cell.call(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.remedy, remedy, "{misdeed}");
    }
}

#[tokio::test]
async fn a_fault_keeps_the_end_of_what_the_guest_printed() {
    let cell = Cell::new(patient());
    let fault = cell.call("print-flood").await.expect_err("panics");
    assert!(
        fault.stderr_tail.len() <= 8 << 10,
        "{}",
        fault.stderr_tail.len()
    );
    assert!(
        fault.stderr_tail.contains("line 1999 of many"),
        "{}",
        fault.stderr_tail
    );
    assert!(
        !fault.stderr_tail.contains("line 0 of many"),
        "{}",
        fault.stderr_tail
    );
    // Its log too: a call that fails has no other way to tell it.
    let fault = cell.call("panic").await.expect_err("panics");
    assert!(
        fault.stderr_tail.starts_with("about to panic"),
        "{}",
        fault.stderr_tail
    );
    let quiet = cell.call("loop").await.expect_err("loops");
    assert_eq!(quiet.stderr_tail, "");
}

/// A pool for so many would need more addresses than there are: the engine does without one.
#[tokio::test]
async fn limits_hold_without_a_pool() {
    let cell = Cell::new(Limits {
        instances_max: 100_000,
        ..patient()
    });
    assert!(!cell.sandbox.is_pooled());
    for (misdeed, kind) in [
        ("alloc", FaultKind::OutOfMemory),
        ("recurse", FaultKind::StackOverflow),
        ("loop", FaultKind::OutOfFuel),
    ] {
        let fault = cell.call(misdeed).await.expect_err(misdeed);
        assert_eq!(fault.kind, kind, "{misdeed}: {fault:?}");
        cell.assert_alive(misdeed).await;
    }
}
