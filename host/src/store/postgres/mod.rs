//! PostgreSQL: any number of identical hosts on one database.
//!
//! Jobs run on threads with a connection each (`pool`), one transaction per job, repeated where others
//! cross it (`transact`); the statements are those of `sql`. `bells` rings across hosts. What is held is
//! held by transactions alone, so a proxy may pool them, as long as it carries prepared statements
//! (PgBouncer from 1.21 with `max_prepared_statements`).

mod bells;
mod connect;
mod duties;
mod migrate;
mod pool;
mod session;
mod transact;
mod values;
mod words;

use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio::sync::watch::Receiver;

use super::sql::engine::{Engine, Job};
use super::sql::{self, SqlStore};
use super::{Bell, Duty, Error, TenantId};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::install::Install;
use bells::{Heard, Host, Listener, Teller};
use connect::Address;
use duties::Duties;
use pool::Pool;
use transact::Gate;

#[derive(Debug, Clone)]
pub struct Options {
    /// `postgres://…`
    pub url: SecretString,
    /// Counts before one in the URL.
    pub password: Option<SecretString>,
    /// Where notifications come through, if not at `url`: past a proxy that pools transactions.
    pub listen_url: Option<SecretString>,
    /// Connections that write, and that read.
    pub writers: usize,
    pub readers: usize,
    /// Whether it is a host's, which has duties; a command has none, and is in nobody's way.
    pub serves: bool,
    /// Jobs that may wait for either before callers hear `Unavailable`.
    pub queue_max: usize,
}

impl Options {
    /// Whether both mean the same database.
    pub fn is_same(&self, other: &Self) -> bool {
        self.url.expose_secret() == other.url.expose_secret()
    }
}

/// Bells that may wait to be heard.
const BELLS_MAX: usize = 64;

/// The store in a PostgreSQL database.
pub type PostgresStore = SqlStore<Postgres>;

/// A database, and this host's place at it.
pub struct Postgres {
    writers: Option<Pool>,
    readers: Pool,
    /// Where to listen.
    listen_at: Arc<Address>,
    teller: Option<Teller>,
    host: String,
    /// None of a command.
    duties: Option<Duties>,
    /// Bells of duties that this host came to.
    come_to: Mutex<Option<mpsc::Receiver<Bell>>>,
}

impl SqlStore<Postgres> {
    /// Connects, and brings the database to the newest schema.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let (address, listen_at) = addresses(options)?;
        let host = host_name()?;
        let writers = Pool::start(&address, "writer", options.writers, options.queue_max)?;
        let duties = options.serves.then(Duties::default);
        let (first, name) = (duties.clone(), host.clone());
        writers.run_and_wait(move |seat| {
            let connection = seat.connection()?;
            migrate::migrate(connection)?;
            // Before anything is sent: what it sends is its own from the start.
            match first {
                Some(duties) => duties.renew(connection, &name).map(|_| ()),
                None => Ok(()),
            }
        })?;
        let (come_to, rung) = mpsc::channel(BELLS_MAX);
        Ok(Self::over(Postgres {
            readers: Pool::start(&address, "reader", options.readers, options.queue_max)?,
            writers: Some(writers),
            teller: Some(Teller::start(Host {
                address,
                name: host.clone(),
                duties: duties.clone().map(|duties| (duties, come_to)),
            })?),
            listen_at,
            host,
            duties,
            come_to: Mutex::new(Some(rung)),
        }))
    }

    /// For looking only.
    pub fn open_read_only(options: &Options) -> Result<Self, Error> {
        let (address, listen_at) = addresses(options)?;
        let readers = Pool::start(&address, "reader", 1, options.queue_max)?;
        let prepared = readers.run_and_wait(|seat| migrate::is_prepared(seat.connection()?))?;
        if !prepared {
            return Err(Error::Unavailable(format!(
                "{address:?} holds nothing yet: start `followup serve` once"
            )));
        }
        Ok(Self::over(Postgres {
            readers,
            writers: None,
            teller: None,
            listen_at,
            host: host_name()?,
            duties: None,
            come_to: Mutex::default(),
        }))
    }

    /// Whether anything was ever stored there.
    pub fn is_there(options: &Options) -> Result<bool, Error> {
        let (address, _) = addresses(options)?;
        let reader = Pool::start(&address, "reader", 1, 1)?;
        reader.run_and_wait(|seat| migrate::is_prepared(seat.connection()?))
    }

    /// All versions of plugins, which are loaded before the store is opened. None where nothing was stored.
    pub fn installs_in(options: &Options, tenant: TenantId) -> Result<Vec<Install>, Error> {
        let (address, _) = addresses(options)?;
        let reader = Pool::start(&address, "reader", 1, 1)?;
        reader.run_and_wait(move |seat| {
            let connection = seat.connection()?;
            if migrate::is_prepared(connection)? {
                sql::all_installs(connection, tenant)
            } else {
                Ok(Vec::new())
            }
        })
    }
}

fn addresses(options: &Options) -> Result<(Arc<Address>, Arc<Address>), Error> {
    let address = Arc::new(Address::parse(&options.url, options.password.as_ref())?);
    let listen_at = match &options.listen_url {
        Some(url) => Arc::new(Address::parse(url, options.password.as_ref())?),
        None => Arc::clone(&address),
    };
    Ok((address, listen_at))
}

/// No two processes have the same, wherever they run.
fn host_name() -> Result<String, Error> {
    let mut name = [0; 8];
    SystemRandom::new()
        .fill(&mut name)
        .map_err(|_| Error::Unavailable("the system has no random numbers".to_owned()))?;
    Ok(HEXLOWER.encode(&name))
}

impl Postgres {
    async fn pass<T: Send + 'static>(&self, gate: Gate, job: impl Job<T>) -> Result<T, Error> {
        let Some(writers) = &self.writers else {
            return Err(Error::Invalid("it was opened for reading".to_owned()));
        };
        let host = self.host.clone();
        writers
            .run(move |seat| transact::write(seat, gate, &host, &job))
            .await
    }
}

impl Engine for Postgres {
    async fn read<T: Send + 'static>(&self, query: impl Job<T>) -> Result<T, Error> {
        self.readers
            .run(move |seat| transact::read(seat, &query))
            .await
    }

    async fn moment<T: Send + 'static>(&self, queries: impl Job<T>) -> Result<T, Error> {
        self.readers
            .run(move |seat| transact::moment(seat, &queries))
            .await
    }

    async fn write<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        self.pass(Gate::Beside, job).await
    }

    async fn write_alone<T: Send + 'static>(&self, job: impl Job<T>) -> Result<T, Error> {
        self.pass(Gate::Alone, job).await
    }

    fn writes(&self) -> bool {
        self.writers.is_some()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn has(&self, duty: Duty) -> bool {
        self.duties.as_ref().is_none_or(|duties| duties.has(duty))
    }

    async fn take_contacts(&self, now: Instant, limit: usize) -> Result<Option<Vec<i64>>, Error> {
        if !self.duties.as_ref().is_some_and(Duties::has_company) {
            return Ok(None);
        }
        let host = self.host.clone();
        self.write(move |tx| duties::take_contacts(tx, &host, now, limit))
            .await
            .map(Some)
    }

    fn tell(&self, bell: Bell) {
        if let Some(teller) = &self.teller {
            teller.ring(bell);
        }
    }

    async fn watch(
        &self,
        clock: &dyn Clock,
        mut stopped: Receiver<bool>,
        ring: &(dyn Fn(Bell) + Sync),
    ) -> Result<(), Error> {
        let mut listener = Listener::start(Arc::clone(&self.listen_at), self.host.clone())?;
        let come_to = self
            .come_to
            .lock()
            .expect("no holder of this lock panics")
            .take();
        // Who watches a second time hears of no duties: one daemon watches once.
        let mut come_to = come_to.unwrap_or_else(|| mpsc::channel(1).1);
        let mut works = false;
        loop {
            let next = clock.now().plus_ms(bells::FALLBACK_EVERY_MS);
            tokio::select! {
                heard = listener.heard.recv(), if works => match heard {
                    Some(Heard::Bell(bell)) => ring(bell),
                    Some(Heard::Works) => {}
                    Some(Heard::Deaf) | None => {
                        tracing::warn!("notifications do not come through: looking at an interval");
                        works = false;
                    }
                },
                Some(bell) = come_to.recv() => ring(bell),
                () = clock.sleep_until(next), if !works => {
                    while let Ok(heard) = listener.heard.try_recv() {
                        works = heard != Heard::Deaf;
                    }
                    // Also once after it works again: something may have been missed.
                    bells::all().for_each(ring);
                }
                // An error means that the daemon is gone: stop as well.
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }
}
