//! Plugin versions and what an administrator does with them; see `store::installs`.

mod health;
mod rollback;
mod switch;

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;

use super::rows::{collect, execute, first, get, instant, instant_opt, json as json_of, to_json};
use super::{SqlStore, register};
use crate::domain::Instant;
use crate::domain::install::{Install, Running, Status};
use crate::domain::manifest::PluginKind;
use crate::domain::pause::Scope;
use crate::store::installs::{Act, Health, Installs, LogEntry, Moved, Named};
use crate::store::{Bell, Error, TenantId};

pub(in crate::store) fn all(db: &Db, tenant: TenantId) -> Result<Vec<Install>, Error> {
    collect(
        db,
        "SELECT * FROM installs WHERE tenant_id = ?1 ORDER BY plugin, added_at, id",
        params![tenant.0],
        install,
    )
}

#[async_trait]
impl<E: Engine> Installs for SqlStore<E> {
    async fn installs(&self, tenant: TenantId) -> Result<Vec<Install>, Error> {
        self.read(move |db| all(db, tenant)).await
    }

    async fn stage(&self, tenant: TenantId, install: Install, act: Act) -> Result<(), Error> {
        self.write_alone(move |tx| stage(tx, tenant, &install, &act))
            .await
    }

    async fn approve(&self, tenant: TenantId, version: Named, act: Act) -> Result<(), Error> {
        self.write_alone(move |tx| {
            let found = find(tx, tenant, &version)?;
            execute(
                tx,
                "UPDATE installs SET status = 'approved', approved_at = ?4
                 WHERE tenant_id = ?1 AND plugin = ?2 AND digest = ?3 AND status = 'staged'",
                params![tenant.0, version.plugin, version.digest, act.at.0],
            )?;
            log(tx, tenant, &found, "approved", &found.asks_digest, &act)
        })
        .await
    }

    async fn activate(
        &self,
        tenant: TenantId,
        version: Named,
        running: Running,
        act: Act,
    ) -> Result<Moved, Error> {
        let moved = self
            .write_alone(move |tx| switch::activate(tx, tenant, &version, running, &act))
            .await?;
        self.ring(Bell::Decide);
        self.ring(Bell::Plugins);
        Ok(moved)
    }

    async fn roll_back(&self, tenant: TenantId, plugin: &str, act: Act) -> Result<Moved, Error> {
        let plugin = plugin.to_owned();
        let moved = self
            .write_alone(move |tx| rollback::roll_back(tx, tenant, &plugin, &act))
            .await?;
        self.ring(Bell::Decide);
        self.ring(Bell::Plugins);
        Ok(moved)
    }

    async fn remove(&self, tenant: TenantId, version: Named, act: Act) -> Result<(), Error> {
        self.write_alone(move |tx| {
            let found = find(tx, tenant, &version)?;
            let running = switch::running_on(tx, tenant, &version.digest)?;
            if found.status == Status::Active || running > 0 {
                let why = if found.status == Status::Active {
                    "it is active: activate another version first, or use it in no sequence and no connection".to_owned()
                } else {
                    format!("{running} enrollments still run on it")
                };
                return Err(Error::Invalid(format!(
                    "{} {} cannot be removed: {why}",
                    found.plugin, found.version
                )));
            }
            execute(
                tx,
                "DELETE FROM installs WHERE tenant_id = ?1 AND plugin = ?2 AND digest = ?3",
                params![tenant.0, version.plugin, version.digest],
            )?;
            log(tx, tenant, &found, "removed", "", &act)
        })
        .await
    }

    async fn resume_plugin(
        &self,
        tenant: TenantId,
        plugin: &str,
        now: Instant,
    ) -> Result<Option<usize>, Error> {
        let plugin = plugin.to_owned();
        let resumed = self
            .write_alone(move |tx| {
                let lifted = unpark(tx, tenant, &plugin, now)?;
                let parked = parked(tx, tenant, &plugin)?;
                register::again(tx, tenant, &parked, now)?;
                Ok((lifted || !parked.is_empty()).then_some(parked.len()))
            })
            .await?;
        self.ring(Bell::Decide);
        Ok(resumed)
    }

    async fn plugin_health(&self, tenant: TenantId, plugin: &str) -> Result<Vec<Health>, Error> {
        let plugin = plugin.to_owned();
        self.read(move |db| health::health(db, tenant, &plugin))
            .await
    }

    async fn install_log(&self, tenant: TenantId, plugin: &str) -> Result<Vec<LogEntry>, Error> {
        let plugin = plugin.to_owned();
        self.read(move |db| {
            collect(
                db,
                "SELECT * FROM install_log WHERE tenant_id = ?1 AND plugin = ?2 ORDER BY id DESC",
                params![tenant.0, plugin],
                |row| {
                    Ok(LogEntry {
                        at: instant(row, "at")?,
                        version: get(row, "version")?,
                        digest: get(row, "digest")?,
                        what: get(row, "what")?,
                        who: get(row, "who")?,
                        detail: get(row, "detail")?,
                    })
                },
            )
        })
        .await
    }
}

fn install(row: &Row<'_>) -> Result<Install, Error> {
    let word = |column: &str| get::<String>(row, column);
    let unknown =
        |what: &str, word: &str| Error::Invalid(format!("install with the {what} {word}"));
    let (status, running, kind) = (word("status")?, word("running")?, word("kind")?);
    Ok(Install {
        plugin: word("plugin")?,
        version: word("version")?,
        kind: PluginKind::parse(&kind).ok_or_else(|| unknown("kind", &kind))?,
        digest: word("digest")?,
        source: word("source")?,
        resolved: word("resolved")?,
        signer: get(row, "signer")?,
        asks: json_of(row, "asks")?,
        asks_digest: word("asks_digest")?,
        status: Status::parse(&status).ok_or_else(|| unknown("status", &status))?,
        running: Running::parse(&running).ok_or_else(|| unknown("mode", &running))?,
        added_at: instant(row, "added_at")?,
        approved_at: instant_opt(row, "approved_at")?,
        activated_at: instant_opt(row, "activated_at")?,
        retired_at: instant_opt(row, "retired_at")?,
    })
}

fn find(tx: &Db, tenant: TenantId, version: &Named) -> Result<Install, Error> {
    let found = first(
        tx,
        "SELECT * FROM installs WHERE tenant_id = ?1 AND plugin = ?2 AND digest = ?3",
        params![tenant.0, version.plugin, version.digest],
        install,
    )?;
    found.ok_or_else(|| {
        Error::Invalid(format!(
            "{} with {} is not installed",
            version.plugin, version.digest
        ))
    })
}

fn stage(tx: &Db, tenant: TenantId, new: &Install, act: &Act) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO installs (tenant_id, plugin, version, kind, digest, source, resolved, signer, asks,
                               asks_digest, status, running, added_at, approved_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (tenant_id, plugin, digest) DO UPDATE
         SET source = excluded.source, resolved = excluded.resolved, signer = excluded.signer,
             status = CASE WHEN installs.status = 'staged' THEN excluded.status ELSE installs.status END,
             approved_at = coalesce(installs.approved_at, excluded.approved_at)",
        params![
            tenant.0,
            new.plugin,
            new.version,
            new.kind.as_str(),
            new.digest,
            new.source,
            new.resolved,
            new.signer,
            to_json(&new.asks)?,
            new.asks_digest,
            new.status.as_str(),
            new.running.as_str(),
            act.at.0,
            new.approved_at.map(|at| at.0)
        ],
    )?;
    let detail = match &new.signer {
        Some(signer) => format!("{}, signed by {signer}", new.resolved),
        None => format!("{}, unsigned", new.resolved),
    };
    log(tx, tenant, new, "added", &detail, act)
}

/// Lifts the pause of a plugin, and counts its failures anew. Whether there was one.
pub(super) fn unpark(tx: &Db, tenant: TenantId, plugin: &str, now: Instant) -> Result<bool, Error> {
    execute(
        tx,
        "UPDATE plugins SET failures = 0 WHERE tenant_id = ?1 AND name = ?2 AND failures > 0",
        params![tenant.0, plugin],
    )?;
    let lifted = execute(
        tx,
        "UPDATE pauses SET lifted_at = ?4
         WHERE tenant_id = ?1 AND scope = ?2 AND name = ?3 AND lifted_at IS NULL",
        params![tenant.0, Scope::Plugin.as_str(), plugin, now.0],
    )?;
    Ok(lifted > 0)
}

/// Enrollments (and contacts) of sequences with this policy whose calls are parked.
fn parked(tx: &Db, tenant: TenantId, plugin: &str) -> Result<Vec<(i64, i64)>, Error> {
    collect(
        tx,
        "SELECT DISTINCT e.id, e.contact_id FROM undecided u JOIN enrollments e ON e.id = u.enrollment_id
         JOIN sequences s ON s.id = e.sequence_id
         WHERE u.tenant_id = ?1 AND u.due_at IS NULL AND s.plugin = ?2",
        params![tenant.0, plugin],
        |row| Ok((get(row, "id")?, get(row, "contact_id")?)),
    )
}

pub(super) fn log(
    tx: &Db,
    tenant: TenantId,
    install: &Install,
    what: &str,
    detail: &str,
    act: &Act,
) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO install_log (tenant_id, at, plugin, version, digest, what, who, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            tenant.0,
            act.at.0,
            install.plugin,
            install.version,
            install.digest,
            what,
            act.who,
            detail
        ],
    )
    .map(|_| ())
}
