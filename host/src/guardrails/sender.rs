//! Who writes, and how much.

use super::IdentityRules;
use crate::domain::mail::Identity;

/// An identity with its limits.
#[derive(Debug, Clone)]
pub struct Sender {
    pub identity: Identity,
    pub rules: IdentityRules,
}
