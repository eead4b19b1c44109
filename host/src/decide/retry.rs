//! What becomes of a failed call: again later, or parked for a person.

use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::fault::{Fault, Remedy};

/// When to call again after `attempts` failures (1 or more); none means park.
pub(super) fn next_at(
    backoff: &Backoff,
    now: Instant,
    attempts: u32,
    fault: &Fault,
) -> Option<Instant> {
    let at = now.plus_ms(backoff.wait_ms(attempts));
    match fault.remedy {
        _ if backoff.exhausted(attempts) => None,
        Remedy::Park => None,
        Remedy::Retry => Some(at),
        Remedy::RetryNotBefore(not_before) => Some(at.max(not_before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;

    #[test]
    fn the_remedy_decides_within_the_attempts() {
        let backoff = Backoff {
            first_ms: 1_000,
            max_ms: 5_000,
            attempts_max: 3,
        };
        for (attempts, remedy, expect) in [
            (1, Remedy::Retry, Some(1_000)),
            (2, Remedy::Retry, Some(2_000)),
            (3, Remedy::Retry, None),
            (1, Remedy::Park, None),
            (1, Remedy::RetryNotBefore(Instant(9_000)), Some(9_000)),
            (2, Remedy::RetryNotBefore(Instant(500)), Some(2_000)),
        ] {
            let fault = Fault {
                kind: FaultKind::Trap,
                message: String::new(),
                stderr_tail: String::new(),
                remedy,
            };
            let at = next_at(&backoff, Instant(0), attempts, &fault);
            assert_eq!(at.map(|at| at.0), expect, "{attempts} {remedy:?}");
        }
    }
}
