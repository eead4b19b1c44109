//! Messages in doubt that are looked for at their providers: see `store::outbox`.

use crate::store::sql::db::{Db, Held, Row, params};

use super::rows::{collect, execute, get, instant, json};
use crate::domain::{Instant, doubt};
use crate::store::Error;
use crate::store::outbox::{Doubtful, Look};

/// Cost follows what is due: one part of one index.
pub(in crate::store) const DUE: &str = "SELECT seq, id, mail, provider, first_attempt_at, looks FROM messages
     WHERE status = 'uncertain' AND look_at IS NOT NULL AND look_at <= ?1 ORDER BY look_at, seq LIMIT ?2";

pub(super) fn due(db: &Db, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error> {
    collect(db, DUE, params![now.0, limit], doubtful)
}

pub(super) fn take(tx: &Db, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error> {
    let mut taken = Vec::new();
    for message in due(tx, now, limit)? {
        // Another host may have taken it since it was read.
        let ours = execute(
            tx,
            "UPDATE messages SET look_at = ?2 WHERE seq = ?1 AND look_at <= ?3",
            params![message.seq, now.plus_ms(doubt::LEASE_MS).0, now.0],
        )?;
        if ours > 0 {
            taken.push(message);
        }
    }
    Ok(taken)
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

pub(super) fn looked(tx: &Db, look: &Look) -> Result<(), Error> {
    tx.hold(Held::ContactsOf(&[look.seq]))?;
    execute(
        tx,
        "UPDATE messages SET look_at = ?2, looks = looks + ?3, looked_at = CASE WHEN CAST(?4 AS TEXT) IS NULL THEN looked_at ELSE ?5 END,
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
