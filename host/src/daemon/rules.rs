//! From the configuration to the limits that the guardrails work with.

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::config::{self, Config, Guardrails};
use crate::domain::instant::DAY_MS;
use crate::domain::touch::Lookback;
use crate::guardrails::{Cap, Rules, Span};

/// The tenant's calendar.
pub(super) fn calendar(config: &config::Calendar) -> Calendar {
    Calendar::new(
        config.time_zone,
        config.working_days,
        config.holidays.clone(),
    )
    .with_holidays_of_contact(config.holidays_of_contact)
}

/// The same, for whoever calls plugins.
pub fn shared_calendar(config: &Config) -> Arc<Calendar> {
    Arc::new(calendar(&config.calendar))
}

/// The limits of one sequence: its own where it has some, else those of `[guardrails]`. Those of an
/// identity are ready in `config::Identity::limits`.
pub(super) fn of_sequence(guardrails: &Guardrails, sequence: &config::Sequence) -> Rules {
    let own = &sequence.own;
    Rules {
        contact_caps: own
            .contact_caps
            .as_ref()
            .unwrap_or(&guardrails.contact_caps)
            .clone(),
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

/// How far back touches are read: as far as the longest cap or gap of each kind looks.
pub(super) fn lookback(config: &Config) -> Lookback {
    let guardrails = &config.guardrails;
    let gaps = config.sequences.values().map(|sequence| {
        let own = sequence.own.gap_ms;
        own.unwrap_or(guardrails.gap_ms)
    });
    let identity = config.identities.values().map(|identity| {
        let limits = &identity.limits;
        let ramp_ms = limits.ramp.map_or(0, |_| 2 * DAY_MS);
        longest(&limits.caps)
            .max(limits.gap_ms + limits.jitter_ms)
            .max(ramp_ms)
    });
    Lookback {
        contact_ms: config
            .sequences
            .values()
            .filter_map(|sequence| sequence.own.contact_caps.as_ref())
            .chain([&guardrails.contact_caps])
            .map(|caps| longest(caps))
            .chain(gaps)
            .max()
            .unwrap_or(0),
        account_ms: longest(&guardrails.account_caps),
        domain_ms: longest(&guardrails.domain_caps),
        identity_ms: identity.max().unwrap_or(0),
    }
}

/// A period of the calendar is taken a day longer on both sides: zones differ by more than a day.
fn longest(caps: &[Cap]) -> i64 {
    let spans = caps.iter().map(|cap| match cap.span {
        Span::Day => 3 * DAY_MS,
        Span::Week => 9 * DAY_MS,
        Span::Month => 33 * DAY_MS,
        Span::Rolling { ms } => ms,
    });
    spans.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guardrails::{AccountStop, OverCap};

    #[test]
    fn a_sequences_own_limits_come_first() {
        let text = "[identities.ada]\nfrom = \"ada@acme.example\"\n\
                    [guardrails]\ngap_ms = 7\nover_cap = \"skip\"\nwindow = [\"mon 09:00-10:00\"]\nbusiness_days_only = true\n\
                    [sequences.as-all]\npolicy = \"cadence\"\nenrol = 'true'\n\
                    [sequences.own]\npolicy = \"cadence\"\nenrol = 'true'\nover_cap = \"drop\"\nwindow = []\n\
                    business_days_only = false\ngap_ms = 0\naccount_stop = \"stop\"\ncold = true\npriority = 3\n";
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("followup.toml");
        std::fs::write(&path, text).expect("write");
        let config = config::load(&path, &|_| None).expect("loads").config;
        let rules = |name: &str| of_sequence(&config.guardrails, &config.sequences[name]);

        let all = rules("as-all");
        assert_eq!(
            (all.gap_ms, all.over_cap, all.business_days_only),
            (7, OverCap::Skip, true)
        );
        assert_eq!(all.window, config.guardrails.window);
        assert_eq!(all.contact_caps, config.guardrails.contact_caps);

        let own = rules("own");
        assert_eq!(
            (own.gap_ms, own.over_cap, own.business_days_only),
            (0, OverCap::Drop, false)
        );
        assert!(own.window.is_always() && own.cold);
        assert_eq!((own.account_stop, own.priority), (AccountStop::Stop, 3));
        assert_eq!(own.contact_caps, all.contact_caps);
    }
}
