//! One version takes over from another, and what becomes of the enrollments that run on others.

use crate::store::sql::db::{Db, Row, params};
use serde_json::json;

use super::{find, log, unpark};
use crate::domain::event::kind;
use crate::domain::install::{Install, Running, Status};
use crate::domain::{Event, Instant, JsonMap, digest};
use crate::store::installs::{Act, Moved, Named};
use crate::store::sql::rows::{collect, execute, first, get, to_json};
use crate::store::sql::{exits, register};
use crate::store::{Error, TenantId};

pub(super) fn activate(
    tx: &Db,
    tenant: TenantId,
    version: &Named,
    running: Running,
    act: &Act,
) -> Result<Moved, Error> {
    let found = find(tx, tenant, version)?;
    if found.status == Status::Staged {
        return Err(Error::Invalid(format!(
            "{} {} is not approved: run `followup plugin approve {}`",
            found.plugin, found.version, found.plugin
        )));
    }
    let retired: Option<String> = first(
        tx,
        "UPDATE installs SET status = 'retired', retired_at = ?3
         WHERE tenant_id = ?1 AND plugin = ?2 AND status = 'active' AND digest <> ?4 RETURNING version",
        params![tenant.0, version.plugin, act.at.0, version.digest],
        |row| get(row, "version"),
    )?;
    execute(
        tx,
        "UPDATE installs SET status = 'active', running = ?4, activated_at = ?5, retired_at = NULL
         WHERE tenant_id = ?1 AND plugin = ?2 AND digest = ?3",
        params![
            tenant.0,
            version.plugin,
            version.digest,
            running.as_str(),
            act.at.0
        ],
    )?;
    unpark(tx, tenant, &version.plugin, act.at)?;
    let on_others = on_other_versions(tx, tenant, version)?;
    let mut moved = Moved {
        version: found.version.clone(),
        retired,
        ..Moved::default()
    };
    if running == Running::Restart {
        for run in &on_others {
            begin_anew(tx, tenant, run, &found, act.at)?;
        }
        moved.restarted = on_others.len();
    } else {
        moved.elsewhere = on_others.len();
    }
    log(tx, tenant, &found, "activated", running.as_str(), act)?;
    Ok(moved)
}

/// A running enrollment.
pub(super) struct Run {
    pub(super) id: i64,
    pub(super) contact: i64,
    pub(super) decisions: u64,
}

/// Enrollments that another version of the plugin decided for last.
fn on_other_versions(tx: &Db, tenant: TenantId, version: &Named) -> Result<Vec<Run>, Error> {
    collect(
        tx,
        "SELECT e.id, e.contact_id, e.decisions FROM plugins p JOIN enrollments e ON e.plugin_id = p.id
         WHERE p.tenant_id = ?1 AND p.name = ?2 AND p.digest <> ?3 AND e.status <> 'finished'",
        params![tenant.0, version.plugin, version.digest],
        run,
    )
}

pub(super) fn run(row: &Row<'_>) -> Result<Run, Error> {
    Ok(Run {
        id: get(row, "id")?,
        contact: get(row, "contact_id")?,
        decisions: get(row, "decisions")?,
    })
}

pub(super) fn running_on(tx: &Db, tenant: TenantId, digest: &str) -> Result<u64, Error> {
    let count = first(
        tx,
        "SELECT count(*) AS n FROM plugins p JOIN enrollments e ON e.plugin_id = p.id
         WHERE p.tenant_id = ?1 AND p.digest = ?2 AND e.status <> 'finished'",
        params![tenant.0, digest],
        |row| get(row, "n"),
    )?;
    Ok(count.unwrap_or(0))
}

/// State, timers and unsent messages go; the policy is asked as when the contact was enrolled.
pub(super) fn begin_anew(
    tx: &Db,
    tenant: TenantId,
    run: &Run,
    on: &Install,
    now: Instant,
) -> Result<(), Error> {
    let reason = format!("begun anew by {} {}", on.plugin, on.version);
    exits::stop_messages(tx, tenant, run.contact, run.id, &reason, now)?;
    execute(
        tx,
        "UPDATE enrollments SET state = NULL, plugin_id = NULL, restarted_at = decisions, lag_ms = 0
         WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, run.id],
    )?;
    execute(
        tx,
        "DELETE FROM timers WHERE tenant_id = ?1 AND enrollment_id = ?2",
        params![tenant.0, run.id],
    )?;
    let id = [run.id.to_be_bytes(), (run.decisions as i64).to_be_bytes()];
    let event = Event {
        id: digest::id("evt", &[b"anew", &id[0], &id[1]]),
        kind: kind::ENROLLED.to_owned(),
        occurred_at: now,
        data: JsonMap::from_iter([("restarted_by".to_owned(), json!(on.version))]),
    };
    ask_again(tx, tenant, run, &event, now)
}

/// The event is put to the enrollment's policy at once, in place of all that waited.
pub(super) fn ask_again(
    tx: &Db,
    tenant: TenantId,
    run: &Run,
    event: &Event,
    now: Instant,
) -> Result<(), Error> {
    execute(
        tx,
        "DELETE FROM undecided WHERE tenant_id = ?1 AND enrollment_id = ?2",
        params![tenant.0, run.id],
    )?;
    execute(
        tx,
        "INSERT INTO undecided (tenant_id, enrollment_id, event, depth, attempts, due_at, fingerprint)
         VALUES (?1, ?2, ?3, 0, 0, ?4, '')",
        params![tenant.0, run.id, to_json(event)?, now.0],
    )?;
    register::again(tx, tenant, &[(run.id, run.contact)], now)
}
