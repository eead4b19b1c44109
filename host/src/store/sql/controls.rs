//! Pauses and a person's word on single messages; see `store::controls`.

use crate::store::sql::db::{Db, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::rows::{collect, execute, first, get};
use super::{SqlStore, conclude, pace};
use crate::domain::Instant;
use crate::domain::pause::{Pause, Scope};
use crate::store::controls::{Controls, Which};
use crate::store::{Bell, Error, TenantId};

#[async_trait]
impl<E: Engine> Controls for SqlStore<E> {
    async fn pause(&self, tenant: TenantId, pause: Pause) -> Result<(), Error> {
        self.write_alone(move |tx| {
            execute(
                tx,
                "INSERT INTO pauses (tenant_id, scope, name, cause, reason, since, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (tenant_id, scope, name, cause) DO UPDATE SET reason = excluded.reason, since = excluded.since,
                                           until = excluded.until, lifted_at = NULL",
                params![
                    tenant.0,
                    pause.scope.as_str(),
                    pause.name,
                    pause.cause.as_str(),
                    pause.reason,
                    pause.since.0,
                    pause.until.map(|at| at.0)
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn resume(
        &self,
        tenant: TenantId,
        scope: Scope,
        name: &str,
        now: Instant,
    ) -> Result<Option<usize>, Error> {
        let name = name.to_owned();
        let released = self
            .write_alone(move |tx| {
                let lifted = execute(
                    tx,
                    "UPDATE pauses SET lifted_at = ?4
                     WHERE tenant_id = ?1 AND scope = ?2 AND name = ?3 AND lifted_at IS NULL",
                    params![tenant.0, scope.as_str(), name, now.0],
                )?;
                if lifted == 0 {
                    return Ok(None);
                }
                let freed = first(
                    tx,
                    &format!(
                        "SELECT count(*) AS n FROM messages m
                         WHERE tenant_id = ?1 AND status = 'held' AND rule = 'paused' AND NOT {}",
                        pace::PAUSED
                    ),
                    params![tenant.0],
                    |row| get(row, "n"),
                )?;
                requeue_paused(tx, tenant, now)?;
                Ok(Some(freed.unwrap_or(0)))
            })
            .await?;
        self.ring(Bell::Deliver);
        Ok(released)
    }

    async fn lift_expired(&self, now: Instant) -> Result<Vec<Pause>, Error> {
        let expired = move |db: &Db| {
            collect(
                db,
                "SELECT * FROM pauses WHERE lifted_at IS NULL AND until IS NOT NULL AND until <= ?1",
                params![now.0],
                |row| Ok((TenantId(get(row, "tenant_id")?), pace::pause(row)?)),
            )
        };
        // Looked for without writing: most of the time there is none.
        if self.read(expired).await?.is_empty() {
            return Ok(Vec::new());
        }
        let lifted = self
            .write_alone(move |tx| {
                let lifted = expired(tx)?;
                for (tenant, pause) in &lifted {
                    execute(
                        tx,
                        "UPDATE pauses SET lifted_at = until
                         WHERE tenant_id = ?1 AND scope = ?2 AND name = ?3 AND cause = ?4",
                        params![
                            tenant.0,
                            pause.scope.as_str(),
                            pause.name,
                            pause.cause.as_str()
                        ],
                    )?;
                    requeue_paused(tx, *tenant, now)?;
                }
                Ok(lifted)
            })
            .await?;
        Ok(lifted.into_iter().map(|(_, pause)| pause).collect())
    }

    async fn pauses(&self, tenant: TenantId) -> Result<Vec<Pause>, Error> {
        self.read(move |db| pace::pauses(db, tenant.0).map(|pauses| pauses.0))
            .await
    }

    async fn release(
        &self,
        tenant: TenantId,
        message: Option<&str>,
        now: Instant,
    ) -> Result<usize, Error> {
        let message = message.map(str::to_owned);
        let released = self
            .write_alone(move |tx| {
                let stale = execute(
                    tx,
                    "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, released_at = ?3,
                            due_at = CASE WHEN due_at > ?3 THEN due_at ELSE ?3 END
                     WHERE tenant_id = ?1 AND status = 'held' AND rule IN ('stale', 'restored') AND (CAST(?2 AS TEXT) IS NULL OR id = ?2)",
                    params![tenant.0, message, now.0],
                )?;
                // An exit that was acknowledged lets nothing out any more, whoever says so.
                let doubtful = execute(
                    tx,
                    "UPDATE messages SET status = 'queued', status_reason = NULL, rule = NULL, released_at = ?3,
                            due_at = ?3, asked_at = ?3, look_at = NULL
                     WHERE tenant_id = ?1 AND id = ?2 AND status = 'uncertain' AND NOT stop
                       AND rule IS DISTINCT FROM 'stopped'",
                    params![tenant.0, message, now.0],
                )?;
                Ok(stale + doubtful)
            })
            .await?;
        self.ring(Bell::Deliver);
        Ok(released)
    }

    async fn confirm_sent(
        &self,
        tenant: TenantId,
        message: &str,
        now: Instant,
    ) -> Result<bool, Error> {
        let message = message.to_owned();
        let confirmed = self
            .write_alone(move |tx| {
                execute(
                    tx,
                    "UPDATE messages SET status = 'sent', rule = 'by-hand', look_at = NULL,
                            status_reason = 'a person found that it was sent',
                            sent_at = coalesce(sent_at, first_attempt_at, ?3)
                     WHERE tenant_id = ?1 AND id = ?2 AND status = 'uncertain'",
                    params![tenant.0, message, now.0],
                )
            })
            .await?;
        Ok(confirmed > 0)
    }

    async fn cancel(
        &self,
        tenant: TenantId,
        which: Which,
        reason: &str,
        now: Instant,
    ) -> Result<usize, Error> {
        let reason = reason.to_owned();
        let cancelled = self
            .write_alone(move |tx| {
                let (column, value) = match &which {
                    Which::Message(id) => ("id = ?2 AND status IN ('queued', 'held', 'uncertain')", id),
                    Which::HeldBy(rule) => ("rule = ?2 AND status = 'held'", rule),
                };
                let meant = collect(
                    tx,
                    &format!("SELECT seq, status FROM messages WHERE tenant_id = ?1 AND {column}"),
                    params![tenant.0, value],
                    |row| Ok((get::<i64>(row, "seq")?, get::<String>(row, "status")?)),
                )?;
                for (seq, status) in &meant {
                    execute(
                        tx,
                        "UPDATE messages SET status = 'cancelled', held_reason = NULL, rule = 'by-hand',
                                look_at = NULL, status_reason = ?2 WHERE seq = ?1",
                        params![seq, reason],
                    )?;
                    // Those of one in doubt were freed when it became so.
                    if status != "uncertain" {
                        conclude::free_timers(tx, *seq, now)?;
                    }
                }
                Ok(meant.len())
            })
            .await?;
        self.ring(Bell::Decide);
        Ok(cancelled)
    }
}

/// What a pause held is judged anew; what another pause still stops is held again.
fn requeue_paused(tx: &Db, tenant: TenantId, now: Instant) -> Result<usize, Error> {
    execute(
        tx,
        "UPDATE messages SET status = 'queued', held_reason = NULL, rule = NULL, due_at = CASE WHEN due_at > ?2 THEN due_at ELSE ?2 END
         WHERE tenant_id = ?1 AND status = 'held' AND rule = 'paused'",
        params![tenant.0, now.0],
    )
}
