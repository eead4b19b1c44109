//! How long something took, for people who watch it: nothing is decided by it.

use std::time::Instant;

pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a duration shown to an author; nothing depends on it"
    )]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn ms(&self) -> u128 {
        self.0.elapsed().as_millis()
    }

    pub(super) fn us(&self) -> u64 {
        self.0.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
    }
}
