//! The embedded store: SQLite in WAL mode with `synchronous=FULL`, one writer thread with group
//! commit (`writer`), readers on connections of their own.
//!
//! What a commit acknowledged survives `kill -9` and power loss. Files here carry the names of the
//! contract's: `intake`, `work`, `outbox`, `recipient`, `ledger`, `roster`, `triggers`; `contacts` finds, makes
//! and merges people, and `watch` hears other processes.

mod backlog;
mod choices;
mod conclude;
mod contacts;
mod controls;
mod echoes;
mod exits;
mod explain;
mod installs;
mod intake;
mod ledger;
mod looks;
mod machines;
mod merges;
mod outbox;
mod pace;
#[cfg(test)]
mod plans;
mod reactions;
mod recipient;
mod reconciles;
mod recorded;
mod register;
mod reports;
mod roster;
mod rows;
mod standing;
mod triggers;
mod watch;
mod work;
mod work_commit;
mod writebacks;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use secrecy::SecretSlice;
use tokio::sync::{Notify, Semaphore};

use super::{Bells, Error, Store, TenantId};
use crate::clock::Clock;
use writer::Writer;

/// Migrations in order; `user_version` counts those applied.
const MIGRATIONS: &[&str] = &[include_str!("../../../migrations/sqlite/0001_start.sql")];

/// How long a statement waits for a lock that another process (a command, a backup) holds.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// 256 bits: as long as the HMAC-SHA256 it keys (RFC 2104 section 3 discourages less).
const SIGNING_KEY_BYTES: usize = 32;

/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 128;

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Jobs that share one commit at most.
    pub commit_batch_max: usize,
    /// Jobs that may wait for the writer before callers hear `Unavailable`.
    pub queue_max: usize,
    /// Connections for reading.
    pub readers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            commit_batch_max: 64,
            queue_max: 1024,
            readers: 4,
        }
    }
}

/// The store in one file.
pub struct SqliteStore {
    path: PathBuf,
    writer: Option<Writer>,
    readers: Arc<Readers>,
    bells: Bells,
    /// Rung when a message is no longer with its provider.
    concluded: Notify,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings it to the newest schema.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let mut connection = Connection::open(path).map_err(|e| at(path, &e))?;
        prepare(&connection)?;
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
            .map_err(error)?;
        migrate(&mut connection)?;
        make_signing_keys(&connection)?;
        Ok(Self {
            path: path.to_owned(),
            readers: Readers::open(path, options.readers)?,
            writer: Some(Writer::start(
                connection,
                options.commit_batch_max,
                options.queue_max,
            )?),
            bells: Bells::default(),
            concluded: Notify::new(),
        })
    }

    /// Opens the file of a host that may be running, for looking only.
    pub fn open_read_only(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Unavailable(format!(
                "{} does not exist yet: start `followup serve` once",
                path.display()
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            readers: Readers::open(path, 1)?,
            writer: None,
            bells: Bells::default(),
            concluded: Notify::new(),
        })
    }

    /// Runs `query` on a connection of its own, off the async threads.
    async fn read<T, F>(&self, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let _permit = self
            .readers
            .permits
            .acquire()
            .await
            .map_err(|_| Error::Unavailable("it is shut down".to_owned()))?;
        tokio::task::spawn_blocking(move || {
            let connection = readers.take();
            let result = query(&connection);
            readers.give_back(connection);
            result
        })
        .await
        .map_err(|e| Error::Unavailable(format!("a query died: {e}")))?
    }

    async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.run(job).await,
            None => Err(Error::Invalid("it was opened for reading".to_owned())),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn bells(&self) -> &Bells {
        &self.bells
    }

    async fn watch(
        &self,
        clock: &dyn Clock,
        stopped: tokio::sync::watch::Receiver<bool>,
    ) -> Result<(), Error> {
        watch::watch(self, clock, stopped).await
    }

    async fn signing_key(&self, tenant: TenantId) -> Result<SecretSlice<u8>, Error> {
        self.read(move |db| {
            let key: Option<Vec<u8>> = rows::first(
                db,
                "SELECT signing_key FROM tenants WHERE id = ?1",
                [tenant.0],
                |row| rows::get(row, "signing_key"),
            )?;
            key.map(SecretSlice::from)
                .ok_or_else(|| Error::Invalid(format!("there is no tenant {}", tenant.0)))
        })
        .await
    }
}

impl Readers {
    fn open(path: &Path, count: usize) -> Result<Arc<Self>, Error> {
        let idle = (0..count.max(1))
            .map(|_| Self::connect(path))
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Arc::new(Self {
            permits: Semaphore::new(idle.len()),
            idle: Mutex::new(idle),
        }))
    }

    fn connect(path: &Path) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| at(path, &e))?;
        prepare(&connection)?;
        Ok(connection)
    }

    fn take(&self) -> Connection {
        let mut idle = self.idle.lock().expect("no holder of this lock panics");
        idle.pop().expect("a permit is a connection")
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().expect("no holder of this lock panics");
        idle.push(connection);
    }
}

fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without it, SQLite plans a statement anew whenever a bound value changes that might decide
    // whether a partial index fits: a third of a tick went there.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(error)?;
    connection
        .busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))
        .map_err(error)?;
    connection
        .execute_batch("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;")
        .map_err(error)
}

fn migrate(connection: &mut Connection) -> Result<(), Error> {
    // Takes the lock before it reads: a transaction that wants to write only after reading is refused
    // at once where another host is just closing the file, instead of waiting for it.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(error)?;
    let applied: usize = transaction
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(error)?;
    if applied > MIGRATIONS.len() {
        return Err(Error::Invalid(format!(
            "its schema is version {applied}, this program knows {}: use the newer program",
            MIGRATIONS.len()
        )));
    }
    for migration in &MIGRATIONS[applied..] {
        transaction.execute_batch(migration).map_err(error)?;
    }
    transaction
        .pragma_update(None, "user_version", MIGRATIONS.len())
        .map_err(error)?;
    transaction.commit().map_err(error)
}

/// Every tenant has a key of its own, made once: what is signed today must verify in a year.
fn make_signing_keys(connection: &Connection) -> Result<(), Error> {
    let mut key = [0; SIGNING_KEY_BYTES];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| Error::Unavailable("the system has no random numbers".to_owned()))?;
    rows::execute(
        connection,
        "UPDATE tenants SET signing_key = ?1 WHERE signing_key IS NULL",
        [&key[..]],
    )
    .map(|_| ())
}

fn at(path: &Path, e: &rusqlite::Error) -> Error {
    Error::Unavailable(format!("{}: {e}", path.display()))
}

/// What the caller does about it: a broken rule will be broken again, anything else may pass.
fn error(e: rusqlite::Error) -> Error {
    match e.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => {
            Error::Invalid(e.to_string())
        }
        None => Error::Invalid(e.to_string()),
        Some(_) => Error::Unavailable(e.to_string()),
    }
}
