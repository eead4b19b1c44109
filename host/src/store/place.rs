//! Where the state lies, and opening it: the rest of the house knows no database by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::postgres::{Options as ServerOptions, PostgresStore};
use super::sqlite::{self, SqliteStore};
use super::{Error, Shared, TenantId};
use crate::domain::Instant;
use crate::domain::install::Install;

/// A database. Shown, it is what a person would call it, without secrets.
#[derive(Debug, Clone)]
pub enum Place {
    File(PathBuf, sqlite::Options),
    Server(ServerOptions),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, _) => write!(f, "{}", path.display()),
            Self::Server(_) => write!(f, "the PostgreSQL database of store.url"),
        }
    }
}

impl Place {
    /// For a host, or a command that adds something beside one.
    pub fn open(&self) -> Result<Shared, Error> {
        Ok(match self {
            Self::File(path, options) => Arc::new(SqliteStore::open(path, *options)?),
            Self::Server(options) => Arc::new(PostgresStore::open(options)?),
        })
    }

    /// Beside a host that may be running, for looking only.
    pub fn open_read_only(&self) -> Result<Shared, Error> {
        Ok(match self {
            Self::File(path, _) => Arc::new(SqliteStore::open_read_only(path)?),
            Self::Server(options) => Arc::new(PostgresStore::open_read_only(options)?),
        })
    }

    /// The same; none where nothing was ever stored.
    pub fn open_if_there(&self) -> Result<Option<Shared>, Error> {
        match self {
            Self::File(path, _) if !path.exists() => Ok(None),
            Self::Server(options) if !PostgresStore::is_there(options)? => Ok(None),
            _ => self.open_read_only().map(Some),
        }
    }

    /// Makes a copy that knows it is one. None where the database has its own ways.
    pub fn backup(&self, to: &Path, now: Instant) -> Option<Result<u64, Error>> {
        match self {
            Self::File(path, _) => Some(sqlite::backup::take(path, to, now)),
            Self::Server(_) => None,
        }
    }

    /// Bytes that lie in the file now; none where there is no file.
    pub fn file_bytes(&self) -> Option<u64> {
        match self {
            Self::File(path, _) => std::fs::metadata(path).ok().map(|file| file.len()),
            Self::Server(_) => None,
        }
    }

    /// Puts a copy where the store is to be; says when it was taken. None where the database has its own
    /// ways.
    pub fn restore(&self, from: &Path) -> Option<Result<Instant, Error>> {
        match self {
            Self::File(path, _) => Some(sqlite::backup::put_back(from, path)),
            Self::Server(_) => None,
        }
    }

    /// All versions of plugins, which are loaded before the store is opened.
    pub fn installs(&self, tenant: TenantId) -> Result<Vec<Install>, Error> {
        match self {
            Self::File(path, _) => SqliteStore::installs_in(path, tenant),
            Self::Server(options) => PostgresStore::installs_in(options, tenant),
        }
    }

    /// With as few connections as a command needs.
    #[must_use]
    pub fn for_a_command(&self) -> Self {
        match self {
            Self::File(path, options) => {
                let options = sqlite::Options {
                    readers: 1,
                    ..*options
                };
                Self::File(path.clone(), options)
            }
            Self::Server(options) => Self::Server(ServerOptions {
                serves: false,
                writers: 1,
                readers: 1,
                ..options.clone()
            }),
        }
    }

    /// Whether both mean the same database.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one, _), Self::File(two, _)) => one == two,
            (Self::Server(one), Self::Server(two)) => one.is_same(two),
            _ => false,
        }
    }
}
