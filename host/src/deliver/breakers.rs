//! Circuit breakers: an identity or a sequence whose mail bounces or is complained about stops by
//! itself, tells why, and tries again later.

use std::collections::BTreeSet;

use super::Deliverer;
use crate::domain::Instant;
use crate::domain::pause::{Cause, Pause, Scope};
use crate::guardrails::tripped;
use crate::store::Error;
use crate::store::outbox::DueMessage;

impl Deliverer {
    /// Pauses what is in trouble among the identities and sequences of these messages. True where
    /// something was paused.
    pub(super) async fn trip_breakers(
        &self,
        due: &[DueMessage],
        now: Instant,
    ) -> Result<bool, Error> {
        let identities = due.iter().map(|m| (Scope::Identity, m.identity.as_str()));
        let sequences = due
            .iter()
            .map(|m| (Scope::Sequence, m.context.sequence.as_str()));
        let scopes: BTreeSet<_> = identities.chain(sequences).map(ordered).collect();
        let mut any = false;
        for (is_sequence, name) in scopes {
            let scope = if is_sequence {
                Scope::Sequence
            } else {
                Scope::Identity
            };
            any |= self.trip(due, scope, name, now).await?;
        }
        Ok(any)
    }

    async fn trip(
        &self,
        due: &[DueMessage],
        scope: Scope,
        name: &str,
        now: Instant,
    ) -> Result<bool, Error> {
        let Some(first) = due.first() else {
            return Ok(false);
        };
        let paused = |pause: &Pause| {
            (pause.scope, pause.name.as_str(), pause.cause) == (scope, name, Cause::Breaker)
        };
        if first.pauses.0.iter().any(paused) {
            return Ok(false);
        }
        let since = now.plus_ms(-self.breaker.window_ms);
        let health = self.store.health(first.tenant, scope, name, since).await?;
        let Some(reason) = tripped(
            &self.breaker,
            health.sent,
            health.bounced,
            health.complained,
        ) else {
            return Ok(false);
        };
        let until = now.plus_ms(self.breaker.pause_ms);
        tracing::error!(
            scope = scope.as_str(),
            name,
            reason,
            %until,
            "a circuit breaker paused what is in trouble"
        );
        metrics::counter!("followup_breakers_total", "scope" => scope.as_str()).increment(1);
        let pause = Pause {
            scope,
            name: name.to_owned(),
            cause: Cause::Breaker,
            reason,
            since: now,
            until: Some(until),
        };
        self.store.pause(first.tenant, pause).await?;
        Ok(true)
    }

    /// Ends the pauses whose time is over: what they held is judged anew.
    pub(super) async fn lift_pauses(&self, now: Instant) -> Result<(), Error> {
        for pause in self.store.lift_expired(now).await? {
            tracing::info!(
                scope = pause.scope.as_str(),
                name = pause.name,
                "a pause is over"
            );
        }
        Ok(())
    }
}

/// One order for both, so that the same batch is looked at in the same order.
fn ordered((scope, name): (Scope, &str)) -> (bool, &str) {
    (scope == Scope::Sequence, name)
}
