//! When a message in doubt is looked for at its provider.
//!
//! A search lags behind what was accepted, so that one look proves nothing: it is looked for at growing
//! distances, and then it is a person's turn.

use super::Instant;
use super::instant::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// From becoming doubtful to the first look, and from each look to the next.
pub const DISTANCES_MS: [i64; 5] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    6 * HOUR_MS,
];

/// Between a look that failed and its repetition, where the provider does not say.
pub const RETRY_MS: i64 = 5 * MINUTE_MS;

/// Looks that fail are not repeated for longer than this after the first attempt to send.
pub const FAILING_MAX_MS: i64 = DAY_MS;

/// A look that was begun and not ended, by a crash, is begun anew after this: longer than a call takes.
pub const LEASE_MS: i64 = 5 * MINUTE_MS;

pub fn first_look_at(doubtful_since: Instant) -> Instant {
    doubtful_since.plus_ms(DISTANCES_MS[0])
}

/// The look after so many that found nothing; none after the last.
pub fn next_look_at(looks: usize, now: Instant) -> Option<Instant> {
    DISTANCES_MS.get(looks).map(|ms| now.plus_ms(*ms))
}

/// The repetition of a look that failed; none where it failed for too long.
pub fn retry_at(after_ms: Option<i64>, first_attempt_at: Instant, now: Instant) -> Option<Instant> {
    let at = now.plus_ms(after_ms.unwrap_or(RETRY_MS).max(SECOND_MS));
    (at.since_ms(first_attempt_at) <= FAILING_MAX_MS).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_apart_and_end() {
        let (mut at, mut moments) = (Some(first_look_at(Instant(0))), Vec::new());
        while let Some(now) = at {
            moments.push(now.0 / MINUTE_MS);
            at = next_look_at(moments.len(), now);
        }
        assert_eq!(moments, [1, 6, 21, 81, 441]);
    }

    #[test]
    fn failing_looks_are_repeated_for_a_day() {
        for (after_ms, now, expect) in [
            (None, 0, Some(RETRY_MS)),
            (Some(7_000), 1_000, Some(8_000)),
            (Some(0), 1_000, Some(2_000)),
            (None, DAY_MS, None),
        ] {
            let at = retry_at(after_ms, Instant(0), Instant(now));
            assert_eq!(at, expect.map(Instant), "{after_ms:?} at {now}");
        }
    }
}
