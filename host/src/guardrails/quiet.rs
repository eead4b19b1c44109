//! The contact is away, or a colleague has just replied: nothing before then.

use super::pace::{Later, Scope};
use crate::domain::Instant;

pub(super) fn rule(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let (until, reason) = scope.proposal.quiet?;
    Later::than(at, Some(until.max(at)), "quiet", || {
        format!("{reason}: not before {until}")
    })
}
