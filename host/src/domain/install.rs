//! A plugin version on its way from somebody's registry into use.
//!
//! ```text
//! add ──▶ staged ──approve──▶ approved ──activate──▶ active ──(another one is activated)──▶ retired
//!            │                    ▲                     ▲                                      │
//!            └── asks no more ────┘                     └─────────────── rollback ─────────────┘
//! ```
//! What is approved is a digest of everything the version may do (`manifest::Asks`): an update that
//! asks for no more than was approved before needs no second word; one that asks for more stays staged while
//! the old version runs on.

use serde::{Deserialize, Serialize};

use super::Instant;
use super::manifest::{Asks, PluginKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Fetched, checked and compiled; nobody has said that it may run.
    Staged,
    /// May run; does not yet.
    Approved,
    /// Takes on new enrollments, or the webhooks and polls of its connections. One per plugin.
    Active,
    /// Was active. Enrollments that finish on it still run.
    Retired,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Staged, Self::Approved, Self::Active, Self::Retired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Approved => "approved",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether enrollments may run on it.
    pub fn may_run(self) -> bool {
        matches!(self, Self::Active | Self::Retired)
    }
}

/// What becomes of enrollments that run on another version when one is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Running {
    /// They run to their end on the version they began with.
    FinishOnOld,
    /// Before its next decision each carries its state over: by the new version's `migrate`, or as it
    /// is where there is none.
    Migrate,
    /// They begin anew: state, timers and unsent messages go, and the policy is asked as at enrolment.
    Restart,
}

impl Running {
    pub const ALL: [Self; 3] = [Self::FinishOnOld, Self::Migrate, Self::Restart];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::FinishOnOld => "finish-on-old",
            Self::Migrate => "migrate",
            Self::Restart => "restart",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|running| running.as_str() == text)
    }
}

/// A version as it is known to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Install {
    pub plugin: String,
    pub version: String,
    pub kind: PluginKind,
    /// `sha256:…` of the component.
    pub digest: String,
    /// As it was asked for: a path or an OCI reference.
    pub source: String,
    /// What that was: the file, or the reference by digest.
    pub resolved: String,
    /// The trusted publisher whose key signed it.
    pub signer: Option<String>,
    pub asks: Asks,
    pub asks_digest: String,
    pub status: Status,
    pub running: Running,
    pub added_at: Instant,
    pub approved_at: Option<Instant>,
    pub activated_at: Option<Instant>,
    pub retired_at: Option<Instant>,
}
