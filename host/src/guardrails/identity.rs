//! How much one mailbox may send: caps, a gap between two mails, a slow start.
//!
//! The gap varies from message to message, as a person's would, and yet is the same whenever it is
//! asked for: the jitter is drawn from the message's id.

use super::cap::{Cap, Span, rolling};
use super::caps::first_full;
use super::pace::{Later, Scope};
use super::rules::Ramp;
use crate::calendar::to_local;
use crate::domain::instant::SECOND_MS;
use crate::domain::{Instant, digest};

pub(super) fn caps(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let caps = &scope.proposal.identity.caps;
    let zone = scope.calendar.zone(None);
    let touches = &scope.proposal.recent.identity;
    first_full(caps, touches, zone, at, ("identity-cap", "identity caps"))
}

pub(super) fn gap(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    let identity = proposal.identity;
    if identity.gap_ms + identity.jitter_ms <= 0 {
        return None;
    }
    let gap_ms = identity.gap_ms + jitter_ms(proposal.message_id, identity.jitter_ms);
    let next = rolling(&proposal.recent.identity, 1, gap_ms, at);
    Later::than(at, Some(next), "identity-gap", || {
        format!(
            "another mail of the identity is less than {} seconds away (gap_ms, jitter_ms)",
            gap_ms / SECOND_MS
        )
    })
}

pub(super) fn ramp(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let identity = scope.proposal.identity;
    let ramp = identity.ramp?;
    let zone = scope.calendar.zone(None);
    let per_day = Cap {
        count: 0,
        span: Span::Day,
    };
    let touches = &scope.proposal.recent.identity;
    let room = per_day.room_by_calendar(touches, zone, at, |date| ramp.on(date));
    Later::than(at, room, "ramp", || {
        let today = to_local(at, zone).map_or(ramp.start, |wall| ramp.on(wall.date()));
        format!("the identity sends {today} that day while it is new (ramp)")
    })
}

impl Ramp {
    /// How many mails on that date.
    pub fn on(self, date: chrono::NaiveDate) -> u32 {
        let days = (date - self.from).num_days().max(0);
        let more = u32::try_from(days)
            .unwrap_or(u32::MAX)
            .saturating_mul(self.step);
        self.start.saturating_add(more)
    }
}

/// From 0 to `max_ms`, both included; the same for the same message.
pub fn jitter_ms(message_id: &str, max_ms: i64) -> i64 {
    let hash = digest::sha256(&[b"jitter", message_id.as_bytes()]);
    let draw = hash
        .iter()
        .take(8)
        .fold(0u64, |draw, byte| draw << 8 | u64::from(*byte));
    let sides = u64::try_from(max_ms).unwrap_or(0).saturating_add(1);
    (draw % sides) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ramp_climbs_from_its_first_day() {
        let ramp = Ramp {
            from: "2026-11-01".parse().expect("date"),
            start: 20,
            step: 5,
        };
        for (date, expect) in [
            ("2026-10-01", 20),
            ("2026-11-01", 20),
            ("2026-11-02", 25),
            ("2026-12-01", 170),
        ] {
            assert_eq!(ramp.on(date.parse().expect("date")), expect, "{date}");
        }
        let steep = Ramp {
            step: u32::MAX,
            ..ramp
        };
        assert_eq!(steep.on("2030-01-01".parse().expect("date")), u32::MAX);
    }

    #[test]
    fn jitter_uses_the_whole_range() {
        let draws: std::collections::BTreeSet<i64> = (0..200)
            .map(|number| jitter_ms(&format!("msg_{number}"), 9))
            .collect();
        assert_eq!(draws, (0..=9).collect());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn jitter_stays_within_its_bounds(id in ".{0,40}", max_ms in 0i64..=i64::MAX) {
            let jitter = jitter_ms(&id, max_ms);
            prop_assert!((0..=max_ms).contains(&jitter));
            prop_assert_eq!(jitter, jitter_ms(&id, max_ms));
        }
    }
}
