//! The audit: see `store::audit`. `promises` has the queries, `intended` walks the ledger, `sample`
//! draws rows of it.

mod intended;
mod promises;
mod sample;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::SqlStore;
use super::db::{Db, params};
use super::engine::Engine;
use super::rows::{collect, first, get};
use crate::store::audit::{Audit, Audits, Checked, FINDINGS_MAX, Finding, LedgerRow};
use crate::store::{Error, TenantId};
use promises::{PROMISES, Promise};

#[async_trait]
impl<E: Engine> Audits for SqlStore<E> {
    async fn audit(&self, tenant: TenantId) -> Result<Audit, Error> {
        self.moment(move |db| {
            let (mut mails, intended) = intended::check(db, tenant)?;
            mails.messages = places(db, tenant)?;
            let mut checks = vec![intended];
            for promise in PROMISES {
                checks.push(check(db, tenant, promise)?);
            }
            Ok(Audit { mails, checks })
        })
        .await
    }

    async fn sample(
        &self,
        tenant: TenantId,
        seed: u64,
        count: usize,
    ) -> Result<Vec<LedgerRow>, Error> {
        self.moment(move |db| sample::draw(db, tenant, seed, count))
            .await
    }
}

fn check(db: &Db, tenant: TenantId, promise: &Promise) -> Result<Checked, Error> {
    let count = |sql: &str| {
        let counted = first(db, sql, params![tenant.0], |row| get::<u64>(row, "n"))?;
        Ok::<_, Error>(counted.unwrap_or_default())
    };
    let broken = promise.broken;
    Ok(Checked {
        name: promise.name,
        promise: promise.text,
        looked_at: count(&format!(
            "SELECT count(*) AS n FROM {} WHERE tenant_id = ?1",
            promise.of
        ))?,
        found: count(&format!("SELECT count(*) AS n FROM ({broken}) AS broken"))?,
        findings: collect(
            db,
            &format!("SELECT what, wrong FROM ({broken}) AS broken ORDER BY what LIMIT ?2"),
            params![tenant.0, FINDINGS_MAX],
            |row| {
                Ok(Finding {
                    row: get(row, "what")?,
                    wrong: get(row, "wrong")?,
                })
            },
        )?,
        remedy: promise.remedy,
    })
}

/// Messages by status.
fn places(db: &Db, tenant: TenantId) -> Result<BTreeMap<String, u64>, Error> {
    let places = collect(
        db,
        "SELECT status, count(*) AS n FROM messages WHERE tenant_id = ?1 GROUP BY status",
        params![tenant.0],
        |row| Ok((get(row, "status")?, get(row, "n")?)),
    )?;
    Ok(places.into_iter().collect())
}
