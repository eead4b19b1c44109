//! Only on working days: of the tenant, and no holiday of the contact. By dates of the contact's zone.

use super::pace::{Later, Scope};
use crate::calendar::{Windows, to_local};
use crate::domain::Instant;

pub(super) fn rule(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let proposal = scope.proposal;
    if !proposal.rules.business_days_only {
        return None;
    }
    let is_open = |date| scope.calendar.is_business_date(date, proposal.country);
    let next = Windows::default().next_open(at, proposal.zone, &is_open);
    Later::than(at, next, "business-day", || {
        let date = to_local(at, proposal.zone)
            .map_or_else(|_| at.to_string(), |wall| wall.date().to_string());
        let where_to = proposal
            .country
            .map(|name| format!(" or of {name}"))
            .unwrap_or_default();
        format!("{date} is a day off of ours{where_to} (business_days_only)")
    })
}
