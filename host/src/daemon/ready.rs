//! `/readyz`: whether the host does its work, and what keeps it from it.
//!
//! In: the store, the loops, the plugins, the disk and the clock. Out: a line each, as JSON; 503 where one of them fails.
//! A warning keeps nobody away: it is for people.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;

use crate::clock::Clock;
use crate::doctor::{self, Verdict};
use crate::domain::Instant;
use crate::domain::instant::{MINUTE_MS, SECOND_MS};
use crate::pulse::{Doing, Watched};
use crate::store;

/// A turn of a loop that lasts longer hangs, or somebody else does whom it waits for.
const TURN_MAX_MS: i64 = 10 * MINUTE_MS;
/// A clock that was set back by less is no matter.
const BACK_MAX_MS: i64 = 2 * SECOND_MS;

/// What is looked at.
#[derive(Clone)]
pub(super) struct Readiness {
    pub(super) store: store::Shared,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) loops: Arc<[Watched]>,
    /// Id and version of each.
    pub(super) plugins: Arc<[String]>,
    /// Where the store lies.
    pub(super) folder: PathBuf,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    state: State,
    found: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ok,
    Warning,
    Failed,
}

impl Readiness {
    pub(super) async fn answer(self) -> (StatusCode, Json<Answer>) {
        let now = self.clock.now();
        let mut checks = vec![self.store().await];
        checks.extend(
            self.loops
                .iter()
                .map(|watched| turning(watched.name(), watched.doing(), now)),
        );
        checks.push(loaded(&self.plugins));
        checks.push(disk(&self.folder));
        checks.push(clock(self.loops.iter().map(Watched::doing), now));
        let failed: Vec<_> = checks
            .iter()
            .filter(|check| check.state == State::Failed)
            .collect();
        for check in &failed {
            tracing::error!(check = check.name, found = check.found, "not ready");
        }
        let ready = failed.is_empty();
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (status, Json(Answer { ready, checks }))
    }

    async fn store(&self) -> Check {
        match self.store.check().await {
            Ok(()) => check("store", State::Ok, "it can be read and written".to_owned()),
            Err(e) => check("store", State::Failed, e.to_string()),
        }
    }
}

fn check(name: &str, state: State, found: String) -> Check {
    Check {
        name: name.to_owned(),
        state,
        found,
    }
}

fn turning(name: &str, doing: Doing, now: Instant) -> Check {
    let name = format!("loop {name}");
    match doing {
        Doing::Nothing => check(
            &name,
            State::Failed,
            "it does not run any more: start the host anew".to_owned(),
        ),
        Doing::Waiting(None) => check(&name, State::Ok, "it has not had a turn yet".to_owned()),
        Doing::Waiting(Some(at)) => check(
            &name,
            State::Ok,
            format!("waits since its last turn at {at}"),
        ),
        Doing::Turning(since) if now.since_ms(since) > TURN_MAX_MS => check(
            &name,
            State::Warning,
            format!("has been in one turn since {since}"),
        ),
        Doing::Turning(since) => check(&name, State::Ok, format!("at work since {since}")),
    }
}

fn loaded(plugins: &[String]) -> Check {
    let found = match plugins {
        [] => "none is loaded: nothing can be decided".to_owned(),
        some => some.join(", "),
    };
    let state = if plugins.is_empty() {
        State::Warning
    } else {
        State::Ok
    };
    check("plugins", state, found)
}

fn disk(folder: &std::path::Path) -> Check {
    let finding = doctor::disk(folder);
    let state = match finding.verdict {
        Verdict::Ok | Verdict::Skipped => State::Ok,
        Verdict::Warning => State::Warning,
        Verdict::Problem => State::Failed,
    };
    check("disk", state, finding.found)
}

/// Timers wait for a clock that was set back.
fn clock(loops: impl Iterator<Item = Doing>, now: Instant) -> Check {
    let seen = loops.filter_map(|doing| match doing {
        Doing::Waiting(at) => at,
        Doing::Turning(since) => Some(since),
        Doing::Nothing => None,
    });
    let back_ms = seen.max().map_or(0, |latest| latest.since_ms(now));
    if back_ms > BACK_MAX_MS {
        let found = format!(
            "{now}: it was set back by {} s, and what is due waits as long",
            back_ms / 1_000
        );
        return check("clock", State::Warning, found);
    }
    check("clock", State::Ok, now.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_the_host_from_its_work() {
        let now = Instant(1_772_442_000_000);
        let since = |ms: i64| now.plus_ms(-ms);
        for (doing, expect, part) in [
            (Doing::Nothing, State::Failed, "start the host anew"),
            (Doing::Waiting(None), State::Ok, "not had a turn"),
            // Nothing may be due for days.
            (
                Doing::Waiting(Some(since(86_400_000))),
                State::Ok,
                "since its last turn",
            ),
            (Doing::Turning(since(TURN_MAX_MS)), State::Ok, "at work"),
            (
                Doing::Turning(since(TURN_MAX_MS + 1)),
                State::Warning,
                "in one turn since",
            ),
        ] {
            let found = turning("decide", doing, now);
            assert_eq!(found.state, expect, "{doing:?}");
            assert!(found.found.contains(part), "{found:?}");
        }
        let back = |ms: i64| clock([Doing::Waiting(Some(now.plus_ms(ms)))].into_iter(), now).state;
        assert_eq!(back(-60_000), State::Ok);
        assert_eq!(back(BACK_MAX_MS), State::Ok);
        assert_eq!(back(3_600_000), State::Warning);
        assert_eq!(loaded(&[]).state, State::Warning);
    }
}
