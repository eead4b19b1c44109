//! What waits in the tables: see `store::backlog`. Each query reads one partial index.

use super::SqlStore;
use super::db::{Db, params};
use super::engine::Engine;
use super::rows::{first, get, instant_opt};
use crate::domain::Instant;
use crate::store::Error;
use crate::store::backlog::{Backlog, Backlogs, COUNTED_MAX, Queue};
use async_trait::async_trait;

/// Sequence numbers grow as events arrive, and stand in the index with its key.
pub(in crate::store) const UNDECIDED: &str =
    "SELECT length, (SELECT received_at FROM events WHERE seq = first) AS since
    FROM (SELECT count(*) AS length, min(seq) AS first
          FROM (SELECT seq FROM events WHERE status = 'pending' LIMIT ?2) AS waiting) AS counted WHERE CAST(?1 AS BIGINT) IS NOT NULL";
pub(in crate::store) const THIN: &str = "SELECT count(*) AS length, min(at) AS since FROM (SELECT hydrate_at AS at FROM events
    WHERE status = 'thin' AND hydrate_at IS NOT NULL AND hydrate_at <= ?1 ORDER BY hydrate_at LIMIT ?2) AS due";
pub(in crate::store) const CONTACTS: &str =
    "SELECT count(*) AS length, min(at) AS since FROM (SELECT due_at AS at FROM contacts
    WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2) AS due";
pub(in crate::store) const MESSAGES: &str =
    "SELECT count(*) AS length, min(at) AS since FROM (SELECT due_at AS at FROM messages
    WHERE status = 'queued' AND due_at <= ?1 ORDER BY due_at LIMIT ?2) AS due";
pub(in crate::store) const WRITEBACKS: &str =
    "SELECT count(*) AS length, min(at) AS since FROM (SELECT try_at AS at FROM writebacks
    WHERE try_at IS NOT NULL AND try_at <= ?1 ORDER BY try_at LIMIT ?2) AS due";

pub(in crate::store) const SENDING: &str = "SELECT count(*) AS length FROM (SELECT 1 FROM messages WHERE status = 'sending' LIMIT ?1) AS counted";
pub(in crate::store) const IN_DOUBT: &str = "SELECT count(*) AS length FROM (SELECT 1 FROM messages WHERE status = 'uncertain' LIMIT ?1) AS counted";
pub(in crate::store) const HELD: &str = "SELECT count(*) AS length FROM (SELECT 1 FROM messages WHERE status = 'held' LIMIT ?1) AS counted";
pub(in crate::store) const TROUBLED: &str = "SELECT count(*) AS length
    FROM (SELECT 1 FROM writebacks WHERE status IN ('failed', 'uncertain') LIMIT ?1) AS counted";

#[async_trait]
impl<E: Engine> Backlogs for SqlStore<E> {
    async fn backlog(&self, now: Instant) -> Result<Backlog, Error> {
        self.read(move |db| {
            Ok(Backlog {
                undecided: queue(db, UNDECIDED, now)?,
                thin: queue(db, THIN, now)?,
                contacts: queue(db, CONTACTS, now)?,
                messages: queue(db, MESSAGES, now)?,
                writebacks: queue(db, WRITEBACKS, now)?,
                sending: count(db, SENDING)?,
                in_doubt: count(db, IN_DOUBT)?,
                held: count(db, HELD)?,
                troubled_writes: count(db, TROUBLED)?,
            })
        })
        .await
    }
}

fn queue(db: &Db, sql: &str, now: Instant) -> Result<Queue, Error> {
    let found = first(db, sql, params![now.0, COUNTED_MAX], |row| {
        Ok(Queue {
            length: get(row, "length")?,
            since: instant_opt(row, "since")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

fn count(db: &Db, sql: &str) -> Result<u64, Error> {
    let found = first(db, sql, params![COUNTED_MAX], |row| get(row, "length"))?;
    Ok(found.unwrap_or_default())
}
