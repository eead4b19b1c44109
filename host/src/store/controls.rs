//! What a person does to messages and sequences: pause, resume, release, cancel. Circuit breakers
//! pause the same way.

use async_trait::async_trait;

use super::{Error, TenantId};
use crate::domain::Instant;
use crate::domain::pause::{Pause, Scope};

#[async_trait]
pub trait Controls {
    /// Nothing that the pause names leaves from here on: claims look at pauses in their own
    /// transaction. A second pause of the same scope, name and cause replaces the first.
    async fn pause(&self, tenant: TenantId, pause: Pause) -> Result<(), Error>;

    /// Lifts pauses of that scope and name: a person's word lifts a breaker's as well. What was held
    /// by them is queued again and judged anew. Returns how many messages no other pause holds; none
    /// where nothing was paused.
    async fn resume(
        &self,
        tenant: TenantId,
        scope: Scope,
        name: &str,
        now: Instant,
    ) -> Result<Option<usize>, Error>;

    /// Lifts the pauses whose time is over.
    async fn lift_expired(&self, now: Instant) -> Result<Vec<Pause>, Error>;

    /// Not lifted, oldest first.
    async fn pauses(&self, tenant: TenantId) -> Result<Vec<Pause>, Error>;

    /// Lets messages go that are held as stale or restored: a person has to look at them first. One by its
    /// id, or all. One in doubt is sent again if it is named, with the same bytes, unless an exit stopped
    /// it. Returns how many.
    async fn release(
        &self,
        tenant: TenantId,
        message: Option<&str>,
        now: Instant,
    ) -> Result<usize, Error>;

    /// A message in doubt was sent, as a person has found out. False where it is not in doubt.
    async fn confirm_sent(
        &self,
        tenant: TenantId,
        message: &str,
        now: Instant,
    ) -> Result<bool, Error>;

    /// Cancels messages that have not been handed over, held as `rule` or with this id; one in doubt only
    /// by its id. Returns how many.
    async fn cancel(
        &self,
        tenant: TenantId,
        which: Which,
        reason: &str,
        now: Instant,
    ) -> Result<usize, Error>;
}

/// Which messages a person means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    Message(String),
    /// All that are held by this rule.
    HeldBy(String),
}
