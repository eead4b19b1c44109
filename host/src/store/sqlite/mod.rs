//! SQLite: a file in WAL mode with `synchronous=FULL`, one writer thread with group commit (`writer`),
//! readers on connections of their own. `watch` hears other processes, `backup` copies.
//!
//! What a commit acknowledged survives `kill -9` and power loss. The statements are those of `sql`.

pub(super) mod backup;
#[cfg(test)]
mod plans;
mod session;
mod watch;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tokio::sync::Semaphore;
use tokio::sync::watch::Receiver;

use super::sql::engine::{Engine, Job};
use super::sql::{self, SqlStore, rows};
use super::{Bell, Duty, Error, TenantId};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::install::Install;
use writer::Writer;

/// Migrations in order; `user_version` counts those applied.
const MIGRATIONS: &[&str] = &[include_str!("../../../migrations/sqlite/0001_start.sql")];

/// How long a statement waits for a lock that another process (a command, a backup) holds.
const BUSY_TIMEOUT_MS: u64 = 5_000;

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
pub type SqliteStore = SqlStore<Sqlite>;

/// A file, its writer and its readers.
pub struct Sqlite {
    path: PathBuf,
    writer: Option<Writer>,
    readers: Arc<Readers>,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl SqlStore<Sqlite> {
    /// Opens the file, makes it where it is missing, and brings it to the newest schema.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let mut connection = Connection::open(path).map_err(|e| at(path, &e))?;
        prepare(&connection)?;
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
            .map_err(error)?;
        migrate(&mut connection)?;
        sql::make_signing_keys(&connection)?;
        Ok(Self::over(Sqlite {
            path: path.to_owned(),
            readers: Readers::open(path, options.readers)?,
            writer: Some(Writer::start(
                connection,
                options.commit_batch_max,
                options.queue_max,
            )?),
        }))
    }

    /// Opens the file of a host that may be running, for looking only.
    pub fn open_read_only(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Unavailable(format!(
                "{} does not exist yet: start `followup serve` once",
                path.display()
            )));
        }
        Ok(Self::over(Sqlite {
            path: path.to_owned(),
            readers: Readers::open(path, 1)?,
            writer: None,
        }))
    }

    /// All versions, read from a file that nothing else is opened for yet: plugins are loaded before the
    /// store is. None where the file is not there.
    pub fn installs_in(path: &Path, tenant: TenantId) -> Result<Vec<Install>, Error> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let connection = Readers::connect(path)?;
        let prepared = rows::first(
            &connection,
            "SELECT 1 AS one FROM sqlite_schema WHERE name = 'installs'",
            &[],
            |row| rows::get::<i64>(row, "one"),
        )?;
        match prepared {
            Some(_) => sql::all_installs(&connection, tenant),
            None => Ok(Vec::new()),
        }
    }
}

impl Engine for Sqlite {
    async fn read<T: Send + 'static>(&self, query: impl Job<T>) -> Result<T, Error> {
        self.readers.run(move |connection| query(connection)).await
    }

    async fn moment<T: Send + 'static>(&self, queries: impl Job<T>) -> Result<T, Error> {
        let run = move |connection: &Connection| {
            let moment = connection.unchecked_transaction().map_err(error)?;
            queries(&*moment)
        };
        self.readers.run(run).await
    }

    async fn write<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        match &self.writer {
            Some(writer) => writer.run(job).await,
            None => Err(Error::Invalid("it was opened for reading".to_owned())),
        }
    }

    /// No job ever runs beside another.
    async fn write_alone<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        self.write(job).await
    }

    fn writes(&self) -> bool {
        self.writer.is_some()
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn has(&self, _duty: Duty) -> bool {
        true
    }

    async fn take_contacts(&self, _now: Instant, _limit: usize) -> Result<Option<Vec<i64>>, Error> {
        Ok(None)
    }

    /// Other processes watch the file.
    fn tell(&self, _bell: Bell) {}

    async fn watch(
        &self,
        clock: &dyn Clock,
        stopped: Receiver<bool>,
        ring: &(dyn Fn(Bell) + Sync),
    ) -> Result<(), Error> {
        watch::watch(self, clock, stopped, ring).await
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

    /// Runs `query` on a connection of its own, off the async threads.
    async fn run<T, F>(self: &Arc<Self>, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = Arc::clone(self);
        let _permit = self
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
