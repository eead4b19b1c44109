//! The least time between two touches of a contact, before and after.

use super::cap::rolling;
use super::pace::{Later, Scope};
use crate::domain::Instant;
use crate::domain::instant::MINUTE_MS;

pub(super) fn rule(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let gap_ms = scope.proposal.rules.gap_ms;
    let next = rolling(&scope.proposal.recent.contact, 1, gap_ms, at);
    Later::than(at, Some(next), "gap", || {
        format!(
            "another touch of the contact is less than {} minutes away (gap_ms)",
            gap_ms / MINUTE_MS
        )
    })
}
