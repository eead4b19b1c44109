//! The machine's own clock: what is measured here is real time.

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "a load test measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) async fn until(at: Instant) {
    tokio::time::sleep_until(at.into()).await;
}

#[expect(clippy::disallowed_methods, reason = "a load test waits in real time")]
pub(crate) async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// How many per second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
