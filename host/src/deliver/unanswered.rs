//! Claims whose commit was not answered: the store may have gone away before it, or after.
//!
//! Their provider was not called, and nobody else will ever look at them while this host lives. So they are
//! given back before anything else is claimed.

use std::sync::{Arc, Mutex};

use super::Deliverer;
use crate::domain::Instant;
use crate::store::Error;
use crate::store::outbox::Claim;

/// Sequence number and time of each. No more than one batch: until they are given back, nothing is claimed.
#[derive(Debug, Clone, Default)]
pub struct Unanswered(Arc<Mutex<Vec<(i64, Instant)>>>);

impl Unanswered {
    fn swap(&self, claims: Vec<(i64, Instant)>) -> Vec<(i64, Instant)> {
        let mut held = self.0.lock().expect("no holder of this lock panics");
        std::mem::replace(&mut *held, claims)
    }
}

impl Deliverer {
    /// Gives back what was claimed in vain.
    pub(super) async fn give_back(&self, now: Instant) -> Result<(), Error> {
        let claims = self.unanswered.swap(Vec::new());
        if claims.is_empty() {
            return Ok(());
        }
        match self.store.take_back(claims.clone(), now).await {
            Ok(messages) => {
                tracing::warn!(
                    messages,
                    "claims that the store did not answer were given back"
                );
                Ok(())
            }
            Err(e) => {
                self.unanswered.swap(claims);
                Err(e)
            }
        }
    }

    /// Claims; remembers what may have been claimed where the store does not answer.
    pub(super) async fn claim(&self, claims: Vec<Claim>, now: Instant) -> Result<Vec<bool>, Error> {
        let asked = claims.iter().map(|claim| (claim.seq, now)).collect();
        let claimed = self.store.claim(claims, now).await;
        if claimed.is_err() {
            self.unanswered.swap(asked);
        }
        claimed
    }
}
