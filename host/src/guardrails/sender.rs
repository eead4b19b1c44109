//! Who writes, and how much.

use super::IdentityRules;
use crate::domain::EmailAddress;
use crate::domain::mail::Identity;

/// An identity with its limits.
#[derive(Debug, Clone)]
pub struct Sender {
    pub identity: Identity,
    pub rules: IdentityRules,
}

/// The task that takes a mail's place.
pub fn task_title(to: Option<&EmailAddress>, sequence: &str) -> String {
    let to = to.map_or("a contact without an address", EmailAddress::as_str);
    format!("Reach out to {to} yourself ({sequence})")
}
