//! Waiting for a condition, with an end.

use std::fmt::Display;
use std::time::Duration;

/// How often a test looks.
const BEAT_MS: u64 = 25;
/// How long a condition may take on a busy machine. Reached only where a test fails.
const LIMIT_MS: u64 = 60_000;

/// Looks until there is an answer; `Err` is the state that was seen instead, shown when time is up.
pub async fn eventually<T, E: Display>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let mut seen = String::new();
    let looking = async {
        let mut beat = tokio::time::interval(Duration::from_millis(BEAT_MS));
        loop {
            beat.tick().await;
            match tokio::task::block_in_place(&mut look) {
                Ok(found) => return found,
                Err(state) => seen = state.to_string(),
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_millis(LIMIT_MS), looking).await;
    found.unwrap_or_else(|_| panic!("not within {LIMIT_MS} ms: {what}; last seen: {seen}"))
}
