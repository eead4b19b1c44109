//! Messages in doubt that are looked for at their providers: see `store::outbox`.

use rusqlite::{Connection, Row, params};

use super::rows::{collect, execute, get, instant, json};
use crate::domain::{Instant, doubt};
use crate::store::Error;
use crate::store::outbox::{Doubtful, Look};

/// Cost follows what is due: one part of one index.
pub(super) const DUE: &str = "SELECT seq, id, mail, provider, first_attempt_at, looks FROM messages
     WHERE status = 'uncertain' AND look_at IS NOT NULL AND look_at <= ?1 ORDER BY look_at LIMIT ?2";

pub(super) fn due(db: &Connection, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error> {
    collect(db, DUE, params![now.0, limit], doubtful)
}

pub(super) fn take(tx: &Connection, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error> {
    let due = due(tx, now, limit)?;
    for message in &due {
        execute(
            tx,
            "UPDATE messages SET look_at = ?2 WHERE seq = ?1",
            params![message.seq, now.plus_ms(doubt::LEASE_MS).0],
        )?;
    }
    Ok(due)
}

fn doubtful(row: &Row<'_>) -> Result<Doubtful, Error> {
    Ok(Doubtful {
        seq: get(row, "seq")?,
        id: get(row, "id")?,
        mail: json(row, "mail")?,
        provider: get(row, "provider")?,
        first_attempt_at: instant(row, "first_attempt_at")?,
        looks: get(row, "looks")?,
    })
}

pub(super) fn looked(tx: &Connection, look: &Look) -> Result<(), Error> {
    execute(
        tx,
        "UPDATE messages SET look_at = ?2, looks = looks + ?3, looked_at = iif(?4 IS NULL, looked_at, ?5),
                look_said = coalesce(?4, look_said)
         WHERE seq = ?1 AND status = 'uncertain'",
        params![
            look.seq,
            look.again_at.map(|at| at.0),
            look.answered,
            look.said,
            look.now.0
        ],
    )
    .map(|_| ())
}
