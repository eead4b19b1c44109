//! What an administrator does with plugin versions: bring in, approve, activate, go back; and how
//! each version fares.

use async_trait::async_trait;
use serde::Serialize;

use super::{Error, TenantId};
use crate::domain::Instant;
use crate::domain::install::{Install, Running};

#[async_trait]
pub trait Installs {
    /// All versions, by plugin, oldest first.
    async fn installs(&self, tenant: TenantId) -> Result<Vec<Install>, Error>;

    /// Brings a version in, as it stands (staged or approved). One that is there already and does not
    /// run takes over source, signer and standing.
    async fn stage(&self, tenant: TenantId, install: Install, act: Act) -> Result<(), Error>;

    /// The administrator's word: the version may do what its digest of asks says.
    async fn approve(&self, tenant: TenantId, version: Named, act: Act) -> Result<(), Error>;

    /// From now on it decides for new enrollments; the one before retires, and its enrollments go on as
    /// `running` says. A pause of the failing plugin is lifted. `Invalid` where it is not approved.
    async fn activate(
        &self,
        tenant: TenantId,
        version: Named,
        running: Running,
        act: Act,
    ) -> Result<Moved, Error>;

    /// Activates the version before again. Enrollments that the later one wrote to nobody for go back
    /// to what they were before it; the others finish on it.
    async fn roll_back(&self, tenant: TenantId, plugin: &str, act: Act) -> Result<Moved, Error>;

    /// Forgets a version that does not run. `Invalid` where it is active or enrollments run on it.
    async fn remove(&self, tenant: TenantId, version: Named, act: Act) -> Result<(), Error>;

    /// Lifts the pause of a parked plugin and gives its enrollments' calls another try. Returns how
    /// many; none where neither the plugin nor an enrollment of it was parked.
    async fn resume_plugin(
        &self,
        tenant: TenantId,
        plugin: &str,
        now: Instant,
    ) -> Result<Option<usize>, Error>;

    /// How each version of a plugin fares, newest first: built-in ones too.
    async fn plugin_health(&self, tenant: TenantId, plugin: &str) -> Result<Vec<Health>, Error>;

    /// Who did what to it, newest first.
    async fn install_log(&self, tenant: TenantId, plugin: &str) -> Result<Vec<LogEntry>, Error>;
}

/// A version of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub plugin: String,
    pub digest: String,
}

/// Who does it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub at: Instant,
    pub who: String,
}

/// What became of running enrollments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The version that is active now.
    pub version: String,
    /// The one that retired, where one was active.
    pub retired: Option<String>,
    /// Begun anew.
    pub restarted: usize,
    /// Back to what they were before the later version.
    pub restored: usize,
    /// That run on another version than the active one.
    pub elsewhere: usize,
}

/// Calls of one version: what its latest decisions took (`HEALTH_CALLS_MAX` of them).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Health {
    pub version: String,
    pub digest: String,
    /// Calls that were answered: decisions of a policy; webhooks and polls of a trigger.
    pub decisions: u64,
    pub failures: u64,
    /// Since the last that was answered.
    pub failures_in_a_row: u64,
    pub enrollments_running: u64,
    pub enrollments_parked: u64,
    pub fuel: Percentiles,
    /// Bytes.
    pub memory: Percentiles,
    pub last_fault: Option<String>,
}

/// How many of the latest calls percentiles are of.
pub const HEALTH_CALLS_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    pub p50: u64,
    pub p95: u64,
    pub max: u64,
}

impl Percentiles {
    pub fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let place = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(place).copied().unwrap_or(0)
        };
        Self {
            p50: at(50),
            p95: at(95),
            max: at(100),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    pub at: Instant,
    pub version: String,
    pub digest: String,
    /// `added`, `approved`, `activated`, ...
    pub what: String,
    pub who: String,
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let check = |values: &[u64], expect: (u64, u64, u64)| {
            let found = Percentiles::of(values.to_vec());
            assert_eq!((found.p50, found.p95, found.max), expect, "{values:?}");
        };
        check(&[], (0, 0, 0));
        check(&[7], (7, 7, 7));
        check(&[2, 1], (1, 2, 2));
        check(&(1..=100).rev().collect::<Vec<_>>(), (50, 95, 100));
    }
}
