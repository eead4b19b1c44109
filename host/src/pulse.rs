//! Whether the loops still turn: each notes when a turn begins and ends, and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::clock::Clock;
use crate::domain::Instant;

/// Held by a loop as long as it runs.
#[derive(Debug)]
pub struct Pulse(Arc<Turns>);

/// The same, for those who look.
#[derive(Debug, Clone)]
pub struct Watched(Arc<Turns>);

/// In milliseconds since 1970; 0 for never.
#[derive(Debug)]
struct Turns {
    name: &'static str,
    began_at: AtomicI64,
    ended_at: AtomicI64,
    over: AtomicBool,
}

/// How a loop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It does not run: it was stopped, or died.
    Nothing,
    /// It waits for something to do, since its last turn.
    Waiting(Option<Instant>),
    Turning(Instant),
}

impl Pulse {
    pub fn of(name: &'static str) -> (Self, Watched) {
        let turns = Arc::new(Turns {
            name,
            began_at: AtomicI64::new(0),
            ended_at: AtomicI64::new(0),
            over: AtomicBool::new(false),
        });
        (Self(Arc::clone(&turns)), Watched(turns))
    }

    /// One turn.
    pub async fn turn<T>(&self, clock: &dyn Clock, turn: impl Future<Output = T>) -> T {
        self.0.began_at.store(clock.now().0, Ordering::Relaxed);
        let done = turn.await;
        self.0.ended_at.store(clock.now().0, Ordering::Relaxed);
        self.0.began_at.store(0, Ordering::Relaxed);
        done
    }
}

/// A loop that panics is over as well.
impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Watched {
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    pub fn doing(&self) -> Doing {
        let at = |moment: &AtomicI64| match moment.load(Ordering::Relaxed) {
            0 => None,
            ms => Some(Instant(ms)),
        };
        if self.0.over.load(Ordering::Relaxed) {
            return Doing::Nothing;
        }
        match at(&self.0.began_at) {
            Some(since) => Doing::Turning(since),
            None => Doing::Waiting(at(&self.0.ended_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn a_loop_is_seen_at_work_at_rest_and_at_its_end() {
        let (pulse, watched) = Pulse::of("decide");
        assert_eq!(watched.doing(), Doing::Waiting(None));
        let seen = pulse.turn(&SystemClock, async { watched.doing() }).await;
        assert!(matches!(seen, Doing::Turning(_)), "{seen:?}");
        assert!(matches!(watched.doing(), Doing::Waiting(Some(_))));
        let died = tokio::spawn(async move {
            let _held = pulse;
            std::panic::resume_unwind(Box::new("a loop dies"));
        });
        assert!(died.await.is_err());
        assert_eq!(watched.doing(), Doing::Nothing);
    }
}
