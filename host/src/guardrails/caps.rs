//! Touches of a contact and of an account, mails to a domain: no more than so many in so much time.

use chrono_tz::Tz;

use super::cap::Cap;
use super::pace::{Later, Scope};
use crate::domain::Instant;

/// By the calendar in the contact's zone.
pub(super) fn contact(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    let caps = &proposal.rules.contact_caps;
    first_full(
        caps,
        &proposal.recent.contact,
        proposal.zone,
        at,
        ("contact-cap", "contact_caps"),
    )
}

/// By the calendar in the contact's zone.
pub(super) fn account(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    let caps = &proposal.rules.account_caps;
    first_full(
        caps,
        &proposal.recent.account,
        proposal.zone,
        at,
        ("account-cap", "account_caps"),
    )
}

/// By the calendar in the tenant's zone.
pub(super) fn domain(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    let caps = &proposal.rules.domain_caps;
    let zone = scope.calendar.zone(None);
    first_full(
        caps,
        &proposal.recent.domain,
        zone,
        at,
        ("domain-cap", "domain_caps"),
    )
}

/// The word of the cap that asks for the latest moment.
pub(super) fn first_full(
    caps: &[Cap],
    touches: &[Instant],
    zone: Tz,
    at: Instant,
    (rule, option): (&'static str, &str),
) -> Option<Later> {
    caps.iter()
        .filter_map(|cap| {
            let room = cap.room(touches, zone, at);
            Later::than(at, room, rule, || {
                format!("{option} = \"{cap}\" is used up")
            })
        })
        .max_by_key(|later| later.until.unwrap_or(Instant(i64::MAX)))
}
