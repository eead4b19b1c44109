//! From the configuration to the limits that the guardrails work with.

use crate::calendar::Calendar;
use crate::config::{self, Guardrails};
use crate::guardrails::Rules;

/// The tenant's calendar.
pub(super) fn calendar(config: &config::Calendar) -> Calendar {
    Calendar::new(
        config.time_zone,
        config.working_days,
        config.holidays.clone(),
    )
    .with_holidays_of_contact(config.holidays_of_contact)
}

/// The limits of one sequence: its own where it has some, else those of `[guardrails]`. Those of an
/// identity are ready in `config::Identity::limits`.
pub(super) fn of_sequence(guardrails: &Guardrails, sequence: &config::Sequence) -> Rules {
    let own = &sequence.own;
    Rules {
        contact_caps: guardrails.contact_caps.clone(),
        account_caps: guardrails.account_caps.clone(),
        domain_caps: guardrails.domain_caps.clone(),
        over_cap: own.over_cap.unwrap_or(guardrails.over_cap),
        gap_ms: own.gap_ms.unwrap_or(guardrails.gap_ms),
        window: own.window.as_ref().unwrap_or(&guardrails.window).clone(),
        business_days_only: own
            .business_days_only
            .unwrap_or(guardrails.business_days_only),
        role_addresses: guardrails.role_addresses,
        role_names: guardrails.role_names.clone(),
        stale_after_ms: guardrails.stale_after_ms,
        cold: sequence.cold,
        priority: sequence.priority,
        exclusive: sequence.exclusive,
        re_enrol: sequence.re_enrol,
        account_stop: own.account_stop.unwrap_or(guardrails.account_stop),
    }
}
