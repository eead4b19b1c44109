//! What one host does for all, and what each takes for itself.
//!
//! A duty is a row in `leases` that is renewed with the word that the host lives; who dies loses it by the
//! clock of the database. Due contacts are leased one by one, and skipped where another host is at them.
//! Neither is what correctness rests on: versions and states are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::session::Connection;
use crate::domain::Instant;
use crate::store::sql::db::{Db, params};
use crate::store::sql::rows::{collect, get};
use crate::store::{Bell, Duty, Error};

/// How long a host counts as living after it last said so.
pub(super) const LIVES_MS: u64 = 15_000;
/// How long a contact is left to the host that took it, if that lives.
const CONTACT_MS: i64 = 10_000;

const DUTIES: [(Duty, Bell); 5] = [
    (Duty::Deliver, Bell::Deliver),
    (Duty::Hydrate, Bell::Hydrate),
    (Duty::Poll, Bell::Poll),
    (Duty::WriteBack, Bell::WriteBack),
    (Duty::Recover, Bell::Deliver),
];

/// What this host has of them, as far as it knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Duties {
    held: Arc<AtomicUsize>,
    /// Other hosts live.
    others: Arc<AtomicBool>,
}

impl Duties {
    pub(super) fn has(&self, duty: Duty) -> bool {
        self.held.load(Ordering::Relaxed) & bit(duty) != 0
    }

    pub(super) fn has_company(&self) -> bool {
        self.others.load(Ordering::Relaxed)
    }

    /// Says that the host lives, keeps its duties and takes those that nobody has. The bells of those it
    /// did not have before.
    pub(super) fn renew(&self, connection: &Connection, host: &str) -> Result<Vec<Bell>, Error> {
        let renewed = connection.run(&renewal(host));
        if renewed.is_err() {
            self.held.store(0, Ordering::Relaxed);
        }
        let told = renewed?.unwrap_or_default();
        let (others, duties) = told.split_once(' ').unwrap_or(("0", ""));
        self.others.store(others != "0", Ordering::Relaxed);
        let numbers = duties.split(',').filter_map(|number| number.parse().ok());
        let held = numbers.fold(0, |held, number: u32| held | 1 << number);
        let before = self.held.swap(held, Ordering::Relaxed);
        let new = DUTIES
            .iter()
            .filter(|(duty, _)| held & !before & bit(*duty) != 0);
        Ok(new.map(|(_, bell)| *bell).collect())
    }
}

fn bit(duty: Duty) -> usize {
    let place = DUTIES.iter().position(|(known, _)| *known == duty);
    1 << place.expect("every duty is listed")
}

/// The number of other hosts that live, and the duties, in one round trip. The database's clock counts.
fn renewal(host: &str) -> String {
    let count = DUTIES.len();
    format!(
        "INSERT INTO hosts (id, until) VALUES ('{host}', clock_timestamp() + interval '{LIVES_MS} ms')
         ON CONFLICT (id) DO UPDATE SET until = excluded.until;
         DELETE FROM hosts WHERE until < clock_timestamp() - interval '1 hour';
         DELETE FROM leases WHERE kind = 'contact' AND until < (SELECT max(until) - 600000 FROM leases WHERE kind = 'contact');
         WITH clock AS (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS now),
         had AS (INSERT INTO leases (kind, id, host, until)
                 SELECT 'duty', number, '{host}', now + {LIVES_MS} FROM clock, generate_series(0, {count} - 1) number
                 ON CONFLICT (kind, id) DO UPDATE SET host = excluded.host, until = excluded.until
                 WHERE leases.host = excluded.host OR leases.until < (SELECT now FROM clock)
                 RETURNING id)
         SELECT (SELECT count(*) FROM hosts WHERE id <> '{host}' AND until > clock_timestamp()) || ' '
                || (SELECT coalesce(string_agg(CAST(id AS text), ','), '') FROM had)"
    )
}

/// What the host had is free for others at once.
pub(super) fn farewell(host: &str) -> String {
    format!("DELETE FROM leases WHERE host = '{host}'; DELETE FROM hosts WHERE id = '{host}'")
}

/// Due contacts that no other host is at, leased.
pub(super) fn take_contacts(
    db: &Db,
    host: &str,
    now: Instant,
    limit: usize,
) -> Result<Vec<i64>, Error> {
    collect(
        db,
        "WITH due AS (
           SELECT c.id FROM contacts c WHERE c.due_at IS NOT NULL AND c.due_at <= ?1
             AND NOT EXISTS (SELECT 1 FROM leases l JOIN hosts h ON h.id = l.host
                             WHERE l.kind = 'contact' AND l.id = c.id AND l.host <> ?3 AND l.until > ?1
                               AND h.until > clock_timestamp())
           ORDER BY c.due_at, c.id LIMIT ?2 FOR NO KEY UPDATE OF c SKIP LOCKED)
         INSERT INTO leases (kind, id, host, until) SELECT 'contact', id, ?3, ?4 FROM due
         ON CONFLICT (kind, id) DO UPDATE SET host = excluded.host, until = excluded.until
         RETURNING id",
        params![now.0, limit, host, now.plus_ms(CONTACT_MS).0],
        |row| get(row, "id"),
    )
}
