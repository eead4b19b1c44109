//! Waiting times that grow: a failing peer is asked less and less often.

/// Waiting times that double from `first_ms` to `max_ms`, for `attempts_max` attempts in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub first_ms: i64,
    pub max_ms: i64,
    pub attempts_max: u32,
}

/// 2^40 ms are 34 years; more doublings only overflow.
const DOUBLINGS_MAX: u32 = 40;

impl Backoff {
    /// How long to wait after this many failures (1 or more).
    pub fn wait_ms(&self, failures: u32) -> i64 {
        let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
        self.first_ms
            .saturating_mul(1 << doublings)
            .min(self.max_ms)
    }

    /// Whether this many attempts are all there are.
    pub fn exhausted(&self, attempts: u32) -> bool {
        attempts >= self.attempts_max
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_to_a_limit() {
        let backoff = Backoff {
            first_ms: 1_000,
            max_ms: 5_000,
            attempts_max: 3,
        };
        let waits: Vec<_> = (0..6).map(|failures| backoff.wait_ms(failures)).collect();
        assert_eq!(waits, [1_000, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert!(!backoff.exhausted(2) && backoff.exhausted(3));
    }

    proptest! {
        #[test]
        fn waits_never_shrink_or_leave_their_bounds(first_ms in 1..i64::MAX, more_ms in 0..i64::MAX, failures in 0..u32::MAX) {
            let max_ms = first_ms.saturating_add(more_ms);
            let backoff = Backoff { first_ms, max_ms, attempts_max: 1 };
            let (wait, next) = (backoff.wait_ms(failures), backoff.wait_ms(failures.saturating_add(1)));
            prop_assert!(first_ms <= wait && wait <= next && next <= max_ms);
        }
    }
}
