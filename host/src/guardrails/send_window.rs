//! Only in the hours of the week that were set, by the clock on the contact's wall.
//!
//! Days off are looked at in the same search: else a window of one hour a week and a holiday would
//! hand the message to each other.

use super::pace::{Later, Scope};
use crate::domain::Instant;

pub(super) fn rule(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    let window = &proposal.rules.window;
    if window.is_always() {
        return None;
    }
    let is_open = |date| {
        !proposal.rules.business_days_only
            || scope.calendar.is_business_date(date, proposal.country)
    };
    let next = window.next_open(at, proposal.zone, &is_open);
    Later::than(at, next, "window", || {
        format!("outside the send window {window} in {}", proposal.zone)
    })
}
