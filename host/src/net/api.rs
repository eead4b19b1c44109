//! One connection's API: called at its pace, with a token that is fresh.
//!
//! In: requests that a mapping wrote. Out: answers, or a `Failure` as of `Net::call`. A call waits for
//! its turn (`Pace`), and all calls wait when the other side asked one of them to (429 and 503 with
//! `Retry-After`); what would wait longer than `PATIENCE_MS` is not sent, and comes again by its
//! caller's own backoff. Where the kind gives out tokens (`Refreshes`), one is fetched when it is needed,
//! kept in memory only, and fetched anew once when a call is answered 401.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Semaphore};

use super::{Net, Reach};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::answer::retry_after_ms;
use crate::domain::connector::{AskError, Pace, Refreshes};
use crate::domain::http::{Failure, Request, Response};

/// The longest that a call waits for its turn.
const PATIENCE_MS: i64 = 30_000;
/// A token is not used in its last moments: it may lapse on the way.
const TOKEN_MARGIN_MS: i64 = 60_000;
/// Where a kind says nothing of its limits.
const PACE: Pace = Pace {
    calls: 50,
    per_ms: 10_000,
    concurrent_max: 8,
};

/// An API, shared by everybody who calls it.
pub struct Api {
    net: Arc<Net>,
    reach: Reach,
    refreshes: Option<Arc<dyn Refreshes>>,
    pace: Pace,
    turns: Semaphore,
    /// When the next call may begin, by the pace and by what the other side asked for.
    next: Mutex<Turn>,
    token: Mutex<Option<Fresh>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Turn {
    /// By the pace: calls begin at equal distances, after a burst of `calls`.
    paced_at: Instant,
    /// By the other side.
    not_before: Instant,
}

struct Fresh {
    value: SecretString,
    until: Instant,
}

impl Api {
    pub fn new(
        net: Arc<Net>,
        reach: Reach,
        refreshes: Option<Arc<dyn Refreshes>>,
        pace: Option<Pace>,
    ) -> Self {
        let pace = pace.unwrap_or(PACE);
        Self {
            net,
            reach,
            refreshes,
            pace,
            turns: Semaphore::new(pace.concurrent_max.max(1)),
            next: Mutex::default(),
            token: Mutex::default(),
        }
    }

    /// Makes the call when its turn comes.
    pub async fn call(&self, request: &Request, clock: &dyn Clock) -> Result<Response, Failure> {
        let _turn = self.turns.acquire().await.expect("never closed");
        let answer = match &self.refreshes {
            None => self.paced(request, clock).await?,
            Some(refreshes) => self.authorized(&**refreshes, request, clock).await?,
        };
        Ok(answer)
    }

    /// A 401 says that nothing was done: worth one more try with a new token.
    async fn authorized(
        &self,
        refreshes: &dyn Refreshes,
        request: &Request,
        clock: &dyn Clock,
    ) -> Result<Response, Failure> {
        let token = self.token(refreshes, None, clock).await?;
        let answer = self.paced(&with(refreshes, request, &token), clock).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let token = self.token(refreshes, Some(&token), clock).await?;
        self.paced(&with(refreshes, request, &token), clock).await
    }

    /// The token at hand, unless it is about to lapse or is the one that was refused.
    async fn token(
        &self,
        refreshes: &dyn Refreshes,
        refused: Option<&SecretString>,
        clock: &dyn Clock,
    ) -> Result<SecretString, Failure> {
        let mut kept = self.token.lock().await;
        if let Some(fresh) = &*kept
            && fresh.until > clock.now()
            && refused.is_none_or(|token| token.expose_secret() != fresh.value.expose_secret())
        {
            return Ok(fresh.value.clone());
        }
        let answer = self.paced(&refreshes.request(), clock).await;
        let answer = answer.map_err(|e| Failure::NotSent(format!("no access token: {e}")))?;
        let token = refreshes
            .read(&answer)
            .map_err(|e: AskError| Failure::NotSent(format!("no access token: {e}")))?;
        let lasts_ms = (token.expires_in_ms - TOKEN_MARGIN_MS).max(0);
        *kept = Some(Fresh {
            value: token.value.clone(),
            until: clock.now().plus_ms(lasts_ms),
        });
        Ok(token.value)
    }

    async fn paced(&self, request: &Request, clock: &dyn Clock) -> Result<Response, Failure> {
        let begins_at = self.take_turn(clock.now()).await?;
        clock.sleep_until(begins_at).await;
        let answer = self.net.call(request, self.reach).await?;
        if matches!(answer.status, 429 | 503)
            && let Some(wait_ms) = retry_after_ms(&answer)
        {
            let mut next = self.next.lock().await;
            next.not_before = next.not_before.max(clock.now().plus_ms(wait_ms));
        }
        Ok(answer)
    }

    /// When this call may begin; the next one waits for its own turn after it.
    async fn take_turn(&self, now: Instant) -> Result<Instant, Failure> {
        let mut next = self.next.lock().await;
        let (at, after) = turn(*next, &self.pace, now);
        let wait_ms = at.since_ms(now);
        if wait_ms > PATIENCE_MS {
            return Err(Failure::NotSent(format!(
                "the API may be called again in {} s",
                wait_ms / 1_000
            )));
        }
        *next = after;
        Ok(at)
    }
}

/// When the next call begins, and what that leaves. An idle API has saved up a burst of `calls`.
fn turn(next: Turn, pace: &Pace, now: Instant) -> (Instant, Turn) {
    let step_ms = (pace.per_ms / i64::from(pace.calls.max(1))).max(1);
    let earliest = now.plus_ms(-step_ms * i64::from(pace.calls.saturating_sub(1)));
    let paced_at = next.paced_at.max(earliest);
    let at = paced_at.max(next.not_before).max(now);
    let after = Turn {
        paced_at: paced_at.plus_ms(step_ms),
        ..next
    };
    (at, after)
}

fn with(refreshes: &dyn Refreshes, request: &Request, token: &SecretString) -> Request {
    let mut request = request.clone();
    let header = refreshes.header(token.expose_secret());
    request.headers.push(("authorization", header));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_pace() {
        let pace = Pace {
            calls: 3,
            per_ms: 3_000,
            concurrent_max: 1,
        };
        let now = Instant(100_000);
        let mut next = Turn::default();
        let mut begins = Vec::new();
        for _ in 0..5 {
            let (at, after) = turn(next, &pace, now);
            begins.push(at.since_ms(now));
            next = after;
        }
        assert_eq!(begins, [0, 0, 0, 1_000, 2_000]);

        let (at, _) = turn(next, &pace, now.plus_ms(60_000));
        assert_eq!(at, now.plus_ms(60_000), "saved up again");

        let asked = Turn {
            not_before: now.plus_ms(7_000),
            ..Turn::default()
        };
        assert_eq!(turn(asked, &pace, now).0, now.plus_ms(7_000));
    }
}
