//! How many requests one connection makes: at the same time, and within a minute.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Instant;
use crate::sandbox::limits::TriggerLimits;

const MINUTE_MS: i64 = 60_000;

#[derive(Default)]
pub(super) struct Quota {
    under_way: Arc<AtomicUsize>,
    /// Of the last minute, oldest first; never more than `http_per_minute_max`.
    lately: Mutex<VecDeque<Instant>>,
}

/// A request that counts as under way until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<AtomicUsize>);

/// The limit that a request would break.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) limit: &'static str,
    pub(super) max: usize,
}

impl Quota {
    /// Counts one request at `now`, the moment of the call that makes it. `before` were made by the
    /// same call.
    pub(super) fn take(
        &self,
        before: usize,
        now: Instant,
        limits: &TriggerLimits,
    ) -> Result<UnderWay, Exceeded> {
        let exceeded = |limit, max| Err(Exceeded { limit, max });
        if before >= limits.http_calls_max {
            return exceeded("http_calls_max", limits.http_calls_max);
        }
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        while lately
            .front()
            .is_some_and(|at| at.plus_ms(MINUTE_MS) <= now)
        {
            lately.pop_front();
        }
        if lately.len() >= limits.http_per_minute_max {
            return exceeded("http_per_minute_max", limits.http_per_minute_max);
        }
        // Under the lock, so that the count cannot grow between the look and the step.
        if self.under_way.load(Ordering::Acquire) >= limits.http_concurrent_max {
            return exceeded("http_concurrent_max", limits.http_concurrent_max);
        }
        self.under_way.fetch_add(1, Ordering::AcqRel);
        lately.push_back(now);
        Ok(UnderWay(Arc::clone(&self.under_way)))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_775_030_400_000);

    fn limits() -> TriggerLimits {
        TriggerLimits {
            http_calls_max: 3,
            http_concurrent_max: 2,
            http_per_minute_max: 4,
            ..TriggerLimits::default()
        }
    }

    #[test]
    fn each_limit_speaks_by_its_name() {
        let quota = Quota::default();
        let take = |before, after_ms| {
            let taken = quota.take(before, NOW.plus_ms(after_ms), &limits());
            taken.map_err(|exceeded| exceeded.limit)
        };
        assert_eq!(take(3, 0).err(), Some("http_calls_max"));
        let (first, second) = (take(0, 0).expect("one"), take(1, 0).expect("two"));
        assert_eq!(take(2, 0).err(), Some("http_concurrent_max"));
        drop((first, second));
        drop(take(0, 1).expect("three"));
        drop(take(0, 2).expect("four"));
        assert_eq!(take(0, 3).err(), Some("http_per_minute_max"));
        assert_eq!(take(0, MINUTE_MS - 1).err(), Some("http_per_minute_max"));
        drop(take(0, MINUTE_MS).expect("a minute later"));
    }
}
