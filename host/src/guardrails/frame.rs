//! What holds for all mails of a sequence and of an identity, whatever the policy asks for.

use super::{IdentityRules, Rules};
use crate::domain::EmailAddress;
use crate::domain::mail::Identity;

/// A sequence, as the host frames it.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub rules: Rules,
    /// The higher goes first where a cap has room for one.
    pub priority: i32,
    /// Not beside another exclusive sequence.
    pub exclusive: bool,
}

/// Who writes, and how much.
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
