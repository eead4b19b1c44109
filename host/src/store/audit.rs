//! Proof from the tables: what was intended is in exactly one place, and nothing is where it cannot be.
//!
//! Looks only. A check is a promise of the house in one query: what it finds is damage or a bug, never
//! something that is merely late. Everything is read of one moment, so that a host may run meanwhile.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;

use super::{Error, TenantId};

/// Findings of a check that are told in full; all are counted.
pub const FINDINGS_MAX: usize = 20;

/// Decisions that are taken again in one audit.
pub const SAMPLE_MAX: usize = 100_000;

#[async_trait]
pub trait Audits {
    /// Every check, over all that the tenant ever did. Cost follows the size of the ledger.
    async fn audit(&self, tenant: TenantId) -> Result<Audit, Error>;

    /// Rows of the ledger, chosen by the seed: the same of the same ledger. All, where it has no more.
    async fn sample(
        &self,
        tenant: TenantId,
        seed: u64,
        count: usize,
    ) -> Result<Vec<LedgerRow>, Error>;
}

/// What was looked at and found.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    pub mails: Mails,
    pub checks: Vec<Checked>,
}

impl Audit {
    pub fn findings(&self) -> u64 {
        self.checks.iter().map(|check| check.found).sum()
    }
}

/// The mails that policies asked for, and where each is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mails {
    /// Rows of the ledger.
    pub decisions: u64,
    pub asked_for: u64,
    /// By a guardrail, when they were asked for: the verdict says which.
    pub refused: u64,
    /// The others, by status.
    pub messages: BTreeMap<String, u64>,
}

/// One promise, held against the tables.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    pub name: &'static str,
    pub promise: &'static str,
    /// Rows that it was held against.
    pub looked_at: u64,
    pub found: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
    /// What to do about a finding.
    pub remedy: &'static str,
}

/// A row that breaks a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A message by its id, anything else by its table and number.
    pub row: String,
    pub wrong: String,
}

/// A decision as it was stored.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    pub id: i64,
    pub plugin: String,
    pub version: String,
    pub digest: String,
    /// JSON text, the bytes that were written.
    pub input: String,
    pub output: String,
}
