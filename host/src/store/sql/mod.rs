//! The contract in SQL, once for every database: files carry the names of the contract's (`intake`,
//! `work`, `outbox`, …); `contacts` finds, makes and merges people.
//!
//! A statement is written so that SQLite and PostgreSQL both know it: conflicts name their columns,
//! `IS DISTINCT FROM` compares what may be NULL, sums and counts are cast, subqueries are named, the
//! larger of two is a CASE, `data ->> 'name'` digs in JSON. `INDEXED BY` and `CROSS JOIN … ON` are for
//! SQLite's planner alone; PostgreSQL's session leaves them out. What must not be crossed by another
//! host says so to its session (`hold`); SQLite has one writer.
//!
//! What is asked or written for many is said once, with the parameters of each (`query_each`,
//! `execute_each`, `insert_each`): SQLite repeats the statement, PostgreSQL runs it for all in one round trip.

mod audit;
pub(super) mod backlog;
mod choices;
mod conclude;
mod contacts;
mod controls;
pub(super) mod db;
mod echoes;
pub mod engine;
pub(super) mod exits;
mod explain;
mod installs;
mod intake;
mod ledger;
pub(super) mod looks;
mod machines;
mod merges;
mod outbox;
mod pace;
mod reactions;
pub(super) mod recipient;
mod reconciles;
mod recorded;
pub(super) mod register;
mod reports;
pub(super) mod restores;
mod roster;
pub(super) mod rows;
mod standing;
mod thin;
mod triggers;
pub(super) mod work;
mod writebacks;

use async_trait::async_trait;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretSlice;
use tokio::sync::Notify;

use super::{Bell, Bells, Duty, Error, Store, TenantId};
use crate::clock::Clock;
use db::{Db, params};
use engine::{Engine, Job};

pub(super) use installs::all as all_installs;

/// 256 bits: as long as the HMAC-SHA256 it keys (RFC 2104 section 3 discourages less).
const SIGNING_KEY_BYTES: usize = 32;

/// The store in a database.
pub struct SqlStore<E> {
    pub(super) engine: E,
    bells: Bells,
    /// Rung when a message is no longer with its provider.
    concluded: Notify,
}

impl<E: Engine> SqlStore<E> {
    pub(super) fn over(engine: E) -> Self {
        Self {
            engine,
            bells: Bells::default(),
            concluded: Notify::new(),
        }
    }

    async fn read<T: Send + 'static>(&self, query: impl Job<T>) -> Result<T, Error> {
        self.engine.read(query).await
    }

    async fn moment<T: Send + 'static>(&self, queries: impl Job<T>) -> Result<T, Error> {
        self.engine.moment(queries).await
    }

    async fn write<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        self.engine.write(job).await
    }

    async fn write_alone<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        self.engine.write_alone(job).await
    }

    /// Rings here, and at other hosts.
    fn ring(&self, bell: Bell) {
        self.ring_here(bell);
        self.engine.tell(bell);
    }

    fn ring_here(&self, bell: Bell) {
        match bell {
            Bell::Decide => self.bells.decide.notify_one(),
            Bell::Deliver => self.bells.deliver.notify_one(),
            Bell::Hydrate => self.bells.hydrate.notify_one(),
            Bell::Plugins => self.bells.plugins.notify_one(),
            Bell::Poll => self.bells.poll.notify_one(),
            Bell::WriteBack => self.bells.write_back.notify_one(),
            Bell::Concluded => self.concluded.notify_waiters(),
        }
    }
}

#[async_trait]
impl<E: Engine> Store for SqlStore<E> {
    fn bells(&self) -> &Bells {
        &self.bells
    }

    async fn watch(
        &self,
        clock: &dyn Clock,
        stopped: tokio::sync::watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let ring = |bell| self.ring_here(bell);
        self.engine.watch(clock, stopped, &ring).await
    }

    fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    fn has(&self, duty: Duty) -> bool {
        self.engine.has(duty)
    }

    async fn signing_key(&self, tenant: TenantId) -> Result<SecretSlice<u8>, Error> {
        self.read(move |db| {
            let key: Option<Vec<u8>> = rows::first(
                db,
                "SELECT signing_key FROM tenants WHERE id = ?1",
                params![tenant.0],
                |row| rows::get(row, "signing_key"),
            )?;
            key.map(SecretSlice::from)
                .ok_or_else(|| Error::Invalid(format!("there is no tenant {}", tenant.0)))
        })
        .await
    }
}

/// Every tenant has a key of its own, made once: what is signed today must verify in a year.
pub(super) fn make_signing_keys(db: &Db) -> Result<(), Error> {
    let mut key = [0; SIGNING_KEY_BYTES];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| Error::Unavailable("the system has no random numbers".to_owned()))?;
    rows::execute(
        db,
        "UPDATE tenants SET signing_key = ?1 WHERE signing_key IS NULL",
        params![key[..]],
    )
    .map(|_| ())
}
