//! Going back to the version before: what the later one has spoiled without anybody noticing is
//! undone, what it has written to people stands.

use crate::store::sql::db::{Db, params};

use super::switch::{Run, activate, ask_again, begin_anew, run};
use super::{find, log};
use crate::domain::install::Running;
use crate::domain::{Event, Instant};
use crate::store::installs::{Act, Moved, Named};
use crate::store::sql::exits;
use crate::store::sql::rows::{collect, execute, first, get, json, to_json};
use crate::store::work::StoredTimer;
use crate::store::{Error, TenantId};

pub(super) fn roll_back(
    tx: &Db,
    tenant: TenantId,
    plugin: &str,
    act: &Act,
) -> Result<Moved, Error> {
    let digest_of = |status: &str, order: &str| {
        first(
            tx,
            &format!(
                "SELECT digest FROM installs WHERE tenant_id = ?1 AND plugin = ?2 AND status = '{status}'
                 ORDER BY {order} DESC LIMIT 1"
            ),
            params![tenant.0, plugin],
            |row| get::<String>(row, "digest"),
        )
    };
    let Some(from) = digest_of("active", "id")? else {
        return Err(Error::Invalid(format!("no version of {plugin} is active")));
    };
    let Some(back_to) = digest_of("retired", "retired_at")? else {
        return Err(Error::Invalid(format!(
            "{plugin} has no version before: there is nothing to go back to"
        )));
    };
    let named = |digest: &str| Named {
        plugin: plugin.to_owned(),
        digest: digest.to_owned(),
    };
    let target = find(tx, tenant, &named(&back_to))?;
    let mut moved = activate(tx, tenant, &named(&back_to), Running::FinishOnOld, act)?;
    for later in silent_on(tx, tenant, &from)? {
        if let Some(kept) = kept(tx, &later, tenant, &back_to)? {
            restore(tx, tenant, &later, kept, act.at)?;
            moved.restored += 1;
        } else {
            begin_anew(tx, tenant, &later, &target, act.at)?;
            moved.restarted += 1;
        }
    }
    moved.elsewhere = moved
        .elsewhere
        .saturating_sub(moved.restored + moved.restarted);
    log(tx, tenant, &target, "rolled back to", &from, act)?;
    Ok(moved)
}

/// Enrollments that this version decided for last, and that none of its mails has left for.
fn silent_on(tx: &Db, tenant: TenantId, digest: &str) -> Result<Vec<Run>, Error> {
    collect(
        tx,
        "SELECT e.id, e.contact_id, e.decisions FROM plugins p JOIN enrollments e ON e.plugin_id = p.id
         WHERE p.tenant_id = ?1 AND p.digest = ?2 AND e.status <> 'finished'
           AND NOT EXISTS (SELECT 1 FROM messages m JOIN decisions d ON d.id = m.decision_id
                           WHERE m.contact_id = e.contact_id AND m.enrollment_id = e.id AND d.plugin_id = p.id
                             AND (m.status NOT IN ('queued', 'held', 'cancelled') OR m.attempts > 0))",
        params![tenant.0, digest],
        run,
    )
}

struct Kept {
    plugin_id: i64,
    state: Option<String>,
    timers: Vec<StoredTimer>,
    event: Event,
}

/// What the enrollment was before the later version, where that version took it over from this one.
fn kept(tx: &Db, run: &Run, tenant: TenantId, digest: &str) -> Result<Option<Kept>, Error> {
    first(
        tx,
        "SELECT k.* FROM kept_states k JOIN plugins p ON p.id = k.plugin_id
         WHERE k.enrollment_id = ?1 AND p.tenant_id = ?2 AND p.digest = ?3",
        params![run.id, tenant.0, digest],
        |row| {
            Ok(Kept {
                plugin_id: get(row, "plugin_id")?,
                state: get(row, "state")?,
                timers: json(row, "timers")?,
                event: json(row, "event")?,
            })
        },
    )
}

/// As it was, and asked again about what the later version was asked first.
fn restore(tx: &Db, tenant: TenantId, run: &Run, kept: Kept, now: Instant) -> Result<(), Error> {
    exits::stop_messages(tx, tenant, run.contact, run.id, "rolled back", now)?;
    execute(
        tx,
        "UPDATE enrollments SET state = ?3, plugin_id = ?4, lag_ms = 0 WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.0, run.id, kept.state, kept.plugin_id],
    )?;
    execute(
        tx,
        "DELETE FROM timers WHERE tenant_id = ?1 AND enrollment_id = ?2",
        params![tenant.0, run.id],
    )?;
    for stored in &kept.timers {
        execute(
            tx,
            "INSERT INTO timers (enrollment_id, name, tenant_id, due_at, data, asked, set_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                run.id,
                stored.timer.name,
                tenant.0,
                stored.timer.at.0,
                to_json(&stored.timer.data)?,
                stored.asked.as_ref().map(to_json).transpose()?,
                stored.set_at.0
            ],
        )?;
    }
    ask_again(tx, tenant, run, &kept.event, now)
}
