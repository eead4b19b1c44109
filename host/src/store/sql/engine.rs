//! What a database brings to the contract: where its jobs run, and how the bells of other hosts ring.

use std::future::Future;

use tokio::sync::watch;

use super::db::Db;
use crate::clock::Clock;
use crate::domain::Instant;
use crate::store::{Bell, Duty, Error};

/// A job for a session. It may be run more than once, each time in a transaction of its own: only the
/// last one's writes stay.
pub trait Job<T>: Fn(&Db) -> Result<T, Error> + Send + 'static {}
impl<T, F: Fn(&Db) -> Result<T, Error> + Send + 'static> Job<T> for F {}

pub trait Engine: Send + Sync + 'static {
    /// Runs a query.
    fn read<T: Send + 'static>(
        &self,
        query: impl Job<T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Runs queries that must see one moment.
    fn moment<T: Send + 'static>(
        &self,
        queries: impl Job<T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Runs a job that writes about a contact or a few, all or nothing; answers when it is on disk.
    fn write<T: Send + 'static>(
        &self,
        job: impl Job<T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// The same, of a job that no other may run beside: pauses, suppressions, installs, merges.
    fn write_alone<T: Send + 'static>(
        &self,
        job: impl Job<T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Whether it was opened for writing.
    fn writes(&self) -> bool;

    fn is_shared(&self) -> bool;

    fn has(&self, duty: Duty) -> bool;

    /// Contacts that are due, taken so that no other host is at them; none where there is no other.
    fn take_contacts(
        &self,
        now: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<Option<Vec<i64>>, Error>> + Send;

    /// Rings the bell at other hosts.
    fn tell(&self, bell: Bell);

    /// Hands `ring` what other hosts and processes commit, until `stopped` turns true.
    fn watch(
        &self,
        clock: &dyn Clock,
        stopped: watch::Receiver<bool>,
        ring: &(dyn Fn(Bell) + Sync),
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
