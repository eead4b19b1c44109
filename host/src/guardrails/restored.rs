//! What may have been sent in a time that a restored backup knows nothing of is not sent again blindly.

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    match proposal.restored {
        None => Ruling::Allow,
        Some(at) => Ruling::Hold {
            rule: "restored",
            reason: format!(
                "follows from before {at}, when a backup was restored: it may have been sent already"
            ),
        },
    }
}
