//! This machine's clock, against the `Date` of an answer (RFC 9110, 6.6.1): signatures carry the time.

use chrono::DateTime;

use super::{Finding, Means, OFFLINE};
use crate::clock::Clock;
use crate::config::{Config, Connection};
use crate::domain::Instant;
use crate::domain::http::{Method, Request, Response};
use crate::net::{Net, Reach};

const ABOUT: &str = "clock";

/// Further off is told of; HTTP tells whole seconds only, and some servers are not exact themselves.
const OFF_WARNING_MS: i64 = 5_000;
/// Most verifiers allow five minutes either way.
const OFF_PROBLEM_MS: i64 = 60_000;

/// The `Date` of an answer, and when the call began and ended here.
#[derive(Debug, Clone)]
pub(super) struct Dated {
    pub(super) by: String,
    pub(super) date: Instant,
    pub(super) began_at: Instant,
    pub(super) ended_at: Instant,
}

impl Dated {
    pub(super) fn of(
        by: &str,
        answer: &Response,
        began_at: Instant,
        ended_at: Instant,
    ) -> Option<Self> {
        let date = DateTime::parse_from_rfc2822(answer.header("date")?.trim()).ok()?;
        Some(Self {
            by: by.to_owned(),
            date: Instant(date.timestamp_millis()),
            began_at,
            ended_at,
        })
    }

    /// How far our clock is ahead; nothing where the answer's second lies within the call.
    fn ahead_ms(&self) -> i64 {
        let (earliest, latest) = (self.date, self.date.plus_ms(999));
        if self.began_at > latest {
            self.began_at.since_ms(latest)
        } else if self.ended_at < earliest {
            -earliest.since_ms(self.ended_at)
        } else {
            0
        }
    }
}

/// `dates`: of the probes that were answered. Without any, an API is asked for nothing but its date.
pub(super) async fn look(config: &Config, mut dates: Vec<Dated>, means: &Means<'_>) -> Finding {
    let Some(net) = means.net else {
        return Finding::skipped(ABOUT, OFFLINE);
    };
    if dates.is_empty() {
        dates.extend(ask(config, net, means.clock).await);
    }
    judge(&dates)
}

/// The one that is nearest to ours: more clocks are wrong than right by accident.
fn judge(dates: &[Dated]) -> Finding {
    let Some(nearest) = dates.iter().min_by_key(|dated| dated.ahead_ms().abs()) else {
        return Finding::skipped(ABOUT, "no API answered with its time");
    };
    let off_ms = nearest.ahead_ms();
    let side = if off_ms > 0 { "ahead of" } else { "behind" };
    let found = format!("{} s {side} {}", off_ms.abs() / 1_000, nearest.by);
    let remedy = "let the machine keep its time by NTP (chrony, systemd-timesyncd): signed webhooks are refused otherwise";
    if off_ms.abs() >= OFF_PROBLEM_MS {
        Finding::problem(ABOUT, found, remedy)
    } else if off_ms.abs() >= OFF_WARNING_MS {
        Finding::warning(ABOUT, found, remedy)
    } else {
        Finding::ok(ABOUT, format!("agrees with {}", nearest.by))
    }
}

/// The first API whose address is known, without credentials: any answer has a date.
async fn ask(config: &Config, net: &Net, clock: &dyn Clock) -> Option<Dated> {
    for (name, connection) in &config.connections {
        let Connection::Kind(known) = connection else {
            continue;
        };
        let Ok(url) = known.settings.base_url() else {
            continue;
        };
        let request = Request {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        };
        let reach = if known.base_url_written {
            Reach::Configured
        } else {
            Reach::Public
        };
        let began_at = clock.now();
        let Ok(answer) = net.call(&request, reach).await else {
            continue;
        };
        let dated = Dated::of(name, &answer, began_at, clock.now());
        if dated.is_some() {
            return dated;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn how_far_off() {
        // Mon, 02 Mar 2026 09:00:00 GMT.
        let date = Instant(1_772_442_000_000);
        for (began_ms, took_ms, expect_ms) in [
            (0, 0, 0),
            (999, 0, 0),
            (1_500, 0, 501),
            (-300, 400, 0),
            (-300, 100, -200),
            (60_999, 10, 60_000),
        ] {
            let began_at = date.plus_ms(began_ms);
            let dated = Dated {
                by: "crm".to_owned(),
                date,
                began_at,
                ended_at: began_at.plus_ms(took_ms),
            };
            assert_eq!(dated.ahead_ms(), expect_ms, "{began_ms} {took_ms}");
        }
    }

    #[test]
    fn what_it_means() {
        let answer = |date: &str| Response {
            status: 404,
            headers: vec![("date".to_owned(), date.to_owned())],
            body: Vec::new(),
        };
        let at = |ms: i64| Instant(1_772_442_000_000 + ms);
        let dated = |ms: i64| {
            let answer = answer("Mon, 02 Mar 2026 09:00:00 GMT");
            Dated::of("crm", &answer, at(ms), at(ms)).expect("a date")
        };
        for (off, expect) in [
            (vec![0], Verdict::Ok),
            (vec![5_500], Verdict::Ok),
            (vec![6_000], Verdict::Warning),
            (vec![-5_000], Verdict::Warning),
            (vec![90_000], Verdict::Problem),
            (vec![90_000, 0], Verdict::Ok),
            (vec![], Verdict::Skipped),
        ] {
            let dates: Vec<_> = off.iter().map(|ms| dated(*ms)).collect();
            assert_eq!(judge(&dates).verdict, expect, "{off:?}");
        }
        assert!(Dated::of("crm", &answer("yesterday"), at(0), at(0)).is_none());
    }
}
