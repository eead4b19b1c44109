//! Backups that came back: see `store::restores`.

use async_trait::async_trait;

use super::db::{Db, params};
use super::engine::Engine;
use super::outbox::IN_DOUBT;
use super::rows::{collect, execute, first, get, instant_opt};
use super::{SqlStore, conclude};
use crate::domain::{Instant, doubt};
use crate::store::restores::{Restored, Restores};
use crate::store::{Bell, Error};

/// Binds the moment of the copy. No tenant: it is the whole store that was copied.
pub(in crate::store) const MARK: &str =
    "INSERT INTO restores (taken_at) VALUES (?1) ON CONFLICT (taken_at) DO NOTHING";

#[async_trait]
impl<E: Engine> Restores for SqlStore<E> {
    async fn mark_restored(&self, taken_at: Instant) -> Result<(), Error> {
        self.write_alone(move |tx| execute(tx, MARK, params![taken_at.0]).map(|_| ()))
            .await
    }

    async fn begin_restored(&self, now: Instant) -> Result<Option<Restored>, Error> {
        // Looked for without writing: most starts find none.
        if self.read(marked).await?.is_none() {
            return Ok(None);
        }
        let restored = self.write_alone(move |tx| begin(tx, now)).await?;
        self.ring(Bell::Decide);
        Ok(restored)
    }

    async fn restored_at(&self) -> Result<Option<Instant>, Error> {
        self.read(|db| {
            let sql = "SELECT max(restored_at) AS at FROM restores";
            Ok(first(db, sql, params![], |row| instant_opt(row, "at"))?.flatten())
        })
        .await
    }
}

/// When the copy was taken that no host has run on yet.
fn marked(db: &Db) -> Result<Option<Instant>, Error> {
    let sql = "SELECT min(taken_at) AS at FROM restores WHERE restored_at IS NULL";
    Ok(first(db, sql, params![], |row| instant_opt(row, "at"))?.flatten())
}

fn begin(tx: &Db, now: Instant) -> Result<Option<Restored>, Error> {
    let Some(taken_at) = marked(tx)? else {
        // Another host was quicker.
        return Ok(None);
    };
    execute(
        tx,
        "UPDATE restores SET restored_at = ?1 WHERE restored_at IS NULL",
        params![now.0],
    )?;
    // A queued message never leaves before it is due; one that was held may have been freed at any time.
    let questioned = collect(
        tx,
        &format!(
            "UPDATE messages SET status = CASE WHEN {IN_DOUBT} THEN 'uncertain' ELSE 'held' END, rule = 'restored',
                    look_at = CASE WHEN {IN_DOUBT} THEN CAST(?2 AS BIGINT) END,
                    held_reason = CASE WHEN NOT {IN_DOUBT} THEN CAST(?3 AS TEXT) END,
                    status_reason = CASE WHEN {IN_DOUBT} THEN CAST(?3 AS TEXT) END
             WHERE (status = 'queued' AND due_at <= ?1) OR status = 'held' RETURNING seq, status"
        ),
        params![
            now.0,
            doubt::first_look_at(now).0,
            format!("a backup of {taken_at} was restored: it may have been sent since")
        ],
        |row| Ok((get::<i64>(row, "seq")?, get::<String>(row, "status")?)),
    )?;
    let doubtful: Vec<i64> = questioned
        .iter()
        .filter(|(_, status)| status == "uncertain")
        .map(|(seq, _)| *seq)
        .collect();
    for seq in &doubtful {
        conclude::free_timers(tx, *seq, now)?;
    }
    // Each carries a mark that it is found by, where its CRM can be searched. A field may be set twice.
    let searched = execute(
        tx,
        "UPDATE writebacks SET status = 'searching', try_at = ?1,
                reason = 'a backup was restored: it may have been written since'
         WHERE status = 'queued' AND try_at <= ?1 AND kind <> 'properties'",
        params![now.0],
    )?;
    Ok(Some(Restored {
        taken_at,
        held: questioned.len() - doubtful.len(),
        doubtful: doubtful.len(),
        searched,
    }))
}
