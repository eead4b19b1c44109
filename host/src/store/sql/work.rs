//! What the decide loop asks: see `store::work`. `load` reads what a decision needs, `commit` stores what
//! was decided.

mod commit;
mod enrollments;
mod ledger;
mod load;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::db::params;
use super::engine::Engine;
use super::rows::{collect, execute, first, get, instant_opt};
use super::{SqlStore, register};
use crate::domain::decision::AccountView;
use crate::domain::{EmailAddress, Instant, JsonMap};
use crate::store::work::{Committed, Decided, Depth, DueContact, Registered, Setup, Work};
use crate::store::{Bell, Error};
#[cfg(test)]
pub(in crate::store) use load::SENT_BY_A_REP;

/// Contacts whose decisions are stored in one job.
const TOGETHER_MAX: usize = 64;

#[async_trait]
impl<E: Engine> Work for SqlStore<E> {
    async fn register(&self, setup: Setup) -> Result<Registered, Error> {
        let registered = self
            .write_alone(move |tx| register::register(tx, &setup))
            .await?;
        self.ring(Bell::Decide);
        self.ring(Bell::Hydrate);
        Ok(registered)
    }

    async fn due_contacts(
        &self,
        now: Instant,
        limit: usize,
        depth: Depth,
    ) -> Result<Vec<DueContact>, Error> {
        let taken = self.engine.take_contacts(now, limit).await?;
        self.moment(move |db| {
            // One transaction: the parts of a contact must be of one moment.
            let due = match &taken {
                Some(taken) => taken.clone(),
                None => collect(
                db,
                "SELECT id FROM contacts WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
                params![now.0, limit],
                |row| get::<i64>(row, "id"),
            )?,
            };
            load::load(db, &due, depth, now)
        })
        .await
    }

    async fn next_due_at(&self) -> Result<Option<Instant>, Error> {
        self.read(|db| {
            let at = first(
                db,
                "SELECT min(due_at) AS at FROM contacts WHERE due_at IS NOT NULL",
                params![],
                |row| instant_opt(row, "at"),
            )?;
            Ok(at.flatten())
        })
        .await
    }

    async fn commit(&self, mut contacts: Vec<Decided>) -> Vec<Result<Committed, Error>> {
        let mut parts = Vec::new();
        while !contacts.is_empty() {
            let rest = contacts.split_off(contacts.len().min(TOGETHER_MAX));
            parts.push(self.commit_together(std::mem::replace(&mut contacts, rest)));
        }
        // Polled together, all jobs are queued before the first answer, so that they share a commit.
        let committed = join_all(parts).await.concat();
        self.ring(Bell::Deliver);
        self.ring(Bell::WriteBack);
        committed
    }

    async fn postpone(&self, contact_id: i64, until: Instant) -> Result<(), Error> {
        self.write(move |tx| {
            execute(
                tx,
                "UPDATE contacts SET due_at = ?2 WHERE id = ?1",
                params![contact_id, until.0],
            )
            .map(|_| ())
        })
        .await
    }
}

impl<E: Engine> SqlStore<E> {
    /// In one job; where a contact breaks a rule of the database, each in its own, so that it does not take
    /// the others along.
    async fn commit_together(&self, contacts: Vec<Decided>) -> Vec<Result<Committed, Error>> {
        let contacts = Arc::new(contacts);
        let (all, count) = (Arc::clone(&contacts), contacts.len());
        match self.write(move |tx| commit::commit(tx, &all)).await {
            Ok(committed) => committed.into_iter().map(Ok).collect(),
            Err(Error::Invalid(_)) if count > 1 => {
                let jobs = (0..count).map(async |number| {
                    let contacts = Arc::clone(&contacts);
                    let alone = move |tx: &_| commit::commit(tx, &contacts[number..=number]);
                    self.write(alone)
                        .await
                        .map(|mut committed| committed.remove(0))
                });
                join_all(jobs).await
            }
            Err(e) => vec![Err(e); count],
        }
    }
}

pub(super) fn email(text: Option<String>) -> Result<Option<EmailAddress>, Error> {
    text.map(|text| {
        EmailAddress::parse(&text)
            .map_err(|e| Error::Invalid(format!("stored address {text:?} {e}")))
    })
    .transpose()
}

/// `id` and `name` have names of their own; the rest are attributes.
pub(super) fn account_view(mut fields: JsonMap) -> AccountView {
    let mut text = |name: &str| {
        fields.shift_remove(name).map(|value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    };
    let name = text("name");
    AccountView {
        id: text("id").or_else(|| name.clone()).unwrap_or_default(),
        name,
        attributes: fields,
    }
}
