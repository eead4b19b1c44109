//! Nobody is there to read replies: who writes is away, by dates of the tenant's zone.

use super::pace::{Later, Scope};
use crate::calendar::{first_of_date, to_local};
use crate::domain::Instant;

pub(super) fn rule(scope: &Scope<'_>, at: Instant) -> Option<Later> {
    let zone = scope.calendar.zone(None);
    let today = to_local(at, zone).ok()?.date();
    let absences = &scope.proposal.identity.absent;
    let absence = absences
        .iter()
        .filter(|absence| (absence.first..=absence.last).contains(&today))
        .max_by_key(|absence| absence.last)?;
    let back = absence
        .last
        .succ_opt()
        .and_then(|back| first_of_date(back, zone).ok());
    let back = back.map(|back| back.max(at));
    Later::than(at, back, "absent", || {
        format!(
            "who writes is away from {} to {}",
            absence.first, absence.last
        )
    })
}
