//! What becomes of a failed call: again later, or parked for a person.

use crate::domain::Instant;
use crate::domain::fault::{Fault, Remedy};

/// Waiting times that double from `first_ms` to `max_ms`; after `attempts_max` failures, none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub first_ms: i64,
    pub max_ms: i64,
    pub attempts_max: u32,
}

impl Backoff {
    /// When to call again after `attempts` failures (1 or more); none means park.
    pub fn next_at(&self, now: Instant, attempts: u32, fault: &Fault) -> Option<Instant> {
        if attempts >= self.attempts_max {
            return None;
        }
        let doublings = attempts.saturating_sub(1).min(40);
        let wait_ms = self
            .first_ms
            .saturating_mul(1 << doublings)
            .min(self.max_ms);
        let at = now.plus_ms(wait_ms);
        match fault.remedy {
            Remedy::Park => None,
            Remedy::Retry => Some(at),
            Remedy::RetryNotBefore(not_before) => Some(at.max(not_before)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;

    #[test]
    fn waits_double_to_a_limit_and_end() {
        let backoff = Backoff {
            first_ms: 1_000,
            max_ms: 5_000,
            attempts_max: 5,
        };
        let fault = |remedy| Fault {
            kind: FaultKind::Trap,
            message: String::new(),
            stderr_tail: String::new(),
            remedy,
        };
        let at = |attempts, remedy| {
            backoff
                .next_at(Instant(0), attempts, &fault(remedy))
                .map(|at| at.0)
        };
        assert_eq!(at(1, Remedy::Retry), Some(1_000));
        assert_eq!(at(2, Remedy::Retry), Some(2_000));
        assert_eq!(at(4, Remedy::Retry), Some(5_000));
        assert_eq!(at(5, Remedy::Retry), None);
        assert_eq!(at(1, Remedy::Park), None);
        assert_eq!(at(1, Remedy::RetryNotBefore(Instant(9_000))), Some(9_000));
    }
}
