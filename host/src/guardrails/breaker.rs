//! The circuit breaker: an identity, or a sequence, whose mail comes back is stopped before its
//! reputation is gone.
//!
//! In: what happened within `window_ms`. Out: why to pause for `pause_ms`, if at all. After that the
//! window has moved on, and the next look decides anew.

/// When it trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// Fewer sends than this prove nothing about bounces.
    pub sends_min: u64,
    /// From 0 to 1.
    pub bounce_rate_max: f64,
    /// From 0 to 1. Google's sender guidelines: "keep spam rates below 0.1% and prevent spam rates
    /// from ever reaching 0.3% or higher".
    pub complaint_rate_max: f64,
    /// Complaints that are too many while there are too few sends for a rate.
    pub complaints_max: u64,
    pub window_ms: i64,
    pub pause_ms: i64,
}

/// Why to pause, from what was sent, bounced for good and complained about within the window.
pub fn tripped(breaker: &Breaker, sent: u64, bounced: u64, complained: u64) -> Option<String> {
    let rate = |count: u64| count as f64 / sent.max(1) as f64;
    if sent >= breaker.sends_min && rate(bounced) > breaker.bounce_rate_max {
        return Some(format!(
            "{bounced} of {sent} mails bounced, {} allowed (bounce_rate_max)",
            percent(breaker.bounce_rate_max)
        ));
    }
    // Where a single complaint would be more than the rate allows, the rate says nothing yet.
    let rate_speaks = sent >= breaker.sends_min && sent as f64 * breaker.complaint_rate_max >= 1.0;
    if rate_speaks && rate(complained) > breaker.complaint_rate_max {
        return Some(format!(
            "{complained} of {sent} mails were called spam, {} allowed (complaint_rate_max)",
            percent(breaker.complaint_rate_max)
        ));
    }
    (!rate_speaks && complained >= breaker.complaints_max).then(|| {
        format!(
            "{complained} of {sent} mails were called spam, fewer than {} allowed (complaints_max)",
            breaker.complaints_max
        )
    })
}

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_it_trips() {
        let breaker = Breaker {
            sends_min: 50,
            bounce_rate_max: 0.05,
            complaint_rate_max: 0.003,
            complaints_max: 3,
            window_ms: 86_400_000,
            pause_ms: 86_400_000,
        };
        let check = |sent, bounced, complained, expect: Option<&str>| {
            let got = tripped(&breaker, sent, bounced, complained);
            let fits = match expect {
                None => got.is_none(),
                Some(part) => got.as_ref().is_some_and(|got| got.contains(part)),
            };
            assert!(fits, "{sent}, {bounced}, {complained}: {got:?}");
        };
        check(0, 0, 0, None);
        check(49, 49, 0, None);
        check(50, 2, 0, None);
        check(50, 3, 0, Some("3 of 50 mails bounced, 5.0 % allowed"));
        check(1_000, 50, 0, None);
        check(1_000, 51, 0, Some("bounce_rate_max"));
        check(60, 0, 1, None);
        check(60, 0, 2, None);
        check(60, 0, 3, Some("complaints_max"));
        // Complaints about mail from before the window.
        check(0, 0, 3, Some("complaints_max"));
        check(1_000, 0, 3, None);
        check(1_000, 0, 4, Some("0.3 % allowed (complaint_rate_max)"));
        check(100_000, 0, 300, None);
    }

    #[test]
    fn thresholds_of_zero_and_one() {
        let never = Breaker {
            sends_min: 1,
            bounce_rate_max: 1.0,
            complaint_rate_max: 1.0,
            complaints_max: 1,
            window_ms: 1,
            pause_ms: 1,
        };
        assert_eq!(tripped(&never, 10, 10, 10), None);
        let at_once = Breaker {
            bounce_rate_max: 0.0,
            complaint_rate_max: 0.0,
            ..never
        };
        assert!(tripped(&at_once, 1, 1, 0).is_some());
        assert!(tripped(&at_once, 1, 0, 1).is_some());
        assert_eq!(tripped(&at_once, 1, 0, 0), None);
    }
}
