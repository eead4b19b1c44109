//! Where state lives: the contract between the doors, the loops and a database.
//!
//! Small traits, one per reader: `Intake` (the doors), `Work` (the decide loop), `Outbox` (the
//! deliver loop), `Recipient` (the pages behind a mail's links), `Ledger` and `Explain` (people who
//! ask), `Controls` (people who act), `Roster` (lists that people bring in), `Installs` (plugin
//! versions), `Triggers` (the poll loop, and what is kept of every call of a trigger), `Reconciles` (the
//! polls of CRMs), `Writebacks` (the CRM's own outbox), `Audits` (proof from the tables) and `Restores`
//! (backups that came back). Every call is coarse, so that a database across a network can do it in one round trip, and every writing call is one
//! transaction: *mark my row done and write the next rows*. SQL lives below this room and nowhere
//! else.

pub mod audit;
pub mod backlog;
pub mod commits;
pub mod controls;
pub mod explain;
pub mod installs;
pub mod intake;
pub mod ledger;
pub mod outbox;
pub mod place;
pub mod postgres;
pub mod recipient;
pub mod reconciles;
pub mod restores;
pub mod roster;
mod sql;
pub mod sqlite;
pub mod triggers;
pub mod work;
pub mod writebacks;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretSlice;
use tokio::sync::{Notify, watch};

pub use audit::Audits;
pub use backlog::Backlogs;
pub use controls::Controls;
pub use explain::Explain;
pub use installs::Installs;
pub use intake::Intake;
pub use ledger::Ledger;
pub use outbox::Outbox;
pub use recipient::Recipient;
pub use reconciles::Reconciles;
pub use restores::Restores;
pub use roster::Roster;
pub use triggers::Triggers;
pub use work::Work;
pub use writebacks::Writebacks;

use crate::clock::Clock;

/// The only tenant of a single-company install.
pub const DEFAULT_TENANT: TenantId = TenantId(1);

/// One customer organisation of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId(pub i64);

/// Everything the house asks of a database.
#[async_trait]
pub trait Store:
    Intake
    + Work
    + Outbox
    + Recipient
    + Ledger
    + Explain
    + Controls
    + Roster
    + Installs
    + Triggers
    + Reconciles
    + Writebacks
    + Backlogs
    + Audits
    + Restores
    + Send
    + Sync
    + 'static
{
    /// Rung by the commits that give a loop something to do.
    fn bells(&self) -> &Bells;

    /// Rings the bells for what other processes commit, until `stopped` turns true.
    async fn watch(&self, clock: &dyn Clock, stopped: watch::Receiver<bool>) -> Result<(), Error>;

    /// Whether other hosts may work on it at the same time.
    fn is_shared(&self) -> bool;

    /// Whether this host is the one that does it. Where it is not, the readings of that loop are empty.
    fn has(&self, duty: Duty) -> bool;

    /// What signs the links and reply addresses in the tenant's mails: the same for ever.
    async fn signing_key(&self, tenant: TenantId) -> Result<SecretSlice<u8>, Error>;
}

/// Wake-ups, so that no loop polls. A bell rung while nobody listens is heard by the next listener.
#[derive(Debug, Default)]
pub struct Bells {
    /// Contacts became due.
    pub decide: Notify,
    /// Messages became due.
    pub deliver: Notify,
    /// Thin events wait for their details.
    pub hydrate: Notify,
    /// Other plugin versions are to run: the host loads them.
    pub plugins: Notify,
    /// Triggers may be due earlier than they were.
    pub poll: Notify,
    /// Something is to be written into a CRM.
    pub write_back: Notify,
}

/// What one host does for all that share a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Judging and sending: caps of identities, accounts and domains are counted by one.
    Deliver,
    /// Asking CRMs: for details, and at an interval.
    Hydrate,
    Poll,
    /// Writing into CRMs.
    WriteBack,
    /// Concluding what hosts left that died.
    Recover,
}

/// A bell by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bell {
    Decide,
    Deliver,
    Hydrate,
    Plugins,
    Poll,
    WriteBack,
    /// A message is no longer with its provider.
    Concluded,
}

/// What went wrong, by what the caller does next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Try again later: the disk is full, the database is locked or its queue is. Nothing changed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The data breaks a rule of the store. Trying again will fail again. Nothing changed.
    #[error("the store refused: {0}")]
    Invalid(String),
}

/// A store shared by all rooms.
pub type Shared = Arc<dyn Store>;
