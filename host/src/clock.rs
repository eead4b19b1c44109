//! The only `now()` and the only sleep.
//!
//! Everything that needs the time takes it as an argument or waits on a `Clock`, so that tests and
//! the demo live through weeks in milliseconds.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::Instant;

/// The longest real sleep: a clock that is set back or forward is noticed this soon.
const SLEEP_MAX_MS: i64 = 60_000;

/// Tells the time and waits for it.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Instant;

    /// Returns at `at`, or earlier (spurious wake-ups are allowed: callers look again).
    fn sleep_until<'a>(&'a self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// Like `sleep_until`; without a time, for ever.
    fn sleep_until_some<'a>(
        &'a self,
        at: Option<Instant>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        match at {
            Some(at) => self.sleep_until(at),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> Instant {
        chrono::Utc::now().into()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep_until<'a>(&'a self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let wait_ms = at.since_ms(self.now()).clamp(0, SLEEP_MAX_MS);
        Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms as u64)))
    }
}

/// How long something took, for people who watch it: nothing is decided by it.
#[derive(Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a duration shown to people; nothing depends on it"
    )]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub fn took(&self) -> Duration {
        self.0.elapsed()
    }

    pub fn ms(&self) -> u128 {
        self.0.elapsed().as_millis()
    }

    pub fn us(&self) -> u64 {
        self.0.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: watch::Sender<Instant>,
}

impl ManualClock {
    pub fn new(start: Instant) -> Self {
        Self {
            now: watch::Sender::new(start),
        }
    }

    /// Moves the clock to `at`, forward or back, and wakes who sleeps.
    pub fn set(&self, at: Instant) {
        self.now.send_replace(at);
    }

    pub fn advance_ms(&self, ms: i64) {
        self.now.send_modify(|now| *now = now.plus_ms(ms));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        *self.now.borrow()
    }

    fn sleep_until<'a>(&'a self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let mut changes = self.now.subscribe();
        Box::pin(async move {
            // The sender lives as long as `self`, so the wait can only end by the time coming.
            let _ = changes.wait_for(|now| *now >= at).await;
        })
    }
}
