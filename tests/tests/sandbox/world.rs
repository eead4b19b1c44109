//! The virtual world: no clock but `now`, no dice but the seed, nothing else.

use followup::domain::Instant;
use followup::domain::decision::DecideInput;
use followup::sandbox::Level;
use serde_json::json;

use super::{Cell, NOW, input, patient};

#[tokio::test]
async fn the_clock_stands_at_now() {
    let cell = Cell::new(patient());
    assert_eq!(cell.reason("clock").await, "1775030400s 0ns");
    let later = DecideInput {
        now: NOW.plus_ms(1_500),
        ..input("clock")
    };
    let decided = cell.call_with(later).await.expect("decides");
    assert_eq!(decided.decision.reason, "1775030401.5s 0ns");
    // A moment before 1970 is no time that WASI can tell.
    let before = DecideInput {
        now: Instant(-1),
        ..input("clock")
    };
    let decided = cell.call_with(before).await.expect("decides");
    assert_eq!(decided.decision.reason, "0ns 0ns");
}

#[tokio::test]
async fn the_same_input_gives_the_same_bytes() {
    let cell = Cell::new(patient());
    for misdeed in ["random", "clock", "echo", "calendar"] {
        let first = cell.call(misdeed).await.expect(misdeed);
        for _ in 0..100 {
            // Fuel and log included.
            assert_eq!(cell.call(misdeed).await.as_ref(), Ok(&first), "{misdeed}");
        }
    }
}

#[tokio::test]
async fn another_seed_throws_other_dice() {
    let cell = Cell::new(patient());
    let other = DecideInput {
        seed: 8,
        ..input("random")
    };
    let other = cell.call_with(other).await.expect("decides");
    assert_ne!(other.decision.reason, cell.reason("random").await);
}

#[tokio::test]
async fn there_is_nothing_to_read_and_nobody_to_call() {
    let cell = Cell::new(patient());
    let files = cell.reason("files").await;
    assert_eq!(files.matches("Err(").count(), 2, "{files}");
    assert_eq!(cell.reason("env").await, "[] []");
    let network = cell.reason("network").await;
    assert!(network.starts_with("Err("), "{network}");
}

#[tokio::test]
async fn the_log_comes_back_up_to_its_limit() {
    let cell = Cell::new(patient());
    let log = cell.call("log").await.expect("decides").log;
    assert_eq!(log.len(), 1);
    assert_eq!(
        (log[0].level, log[0].message.as_str()),
        (Level::Info, "one line")
    );
    assert_eq!(log[0].fields.get("step"), Some(&json!(3)));

    let flood = cell.call("log-flood").await.expect("decides").log;
    let bytes: usize = flood.iter().map(|line| line.message.len()).sum();
    assert!(bytes <= 16 << 10, "{bytes}");
    let last = flood.last().expect("a note");
    assert_eq!(last.level, Level::Warn);
    assert!(
        last.message
            .ends_with("more lines dropped: log_max_bytes is 16384"),
        "{last:?}"
    );
}
