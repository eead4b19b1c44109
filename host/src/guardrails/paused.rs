//! A person said: not now.

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    match proposal.paused {
        None => Ruling::Allow,
        Some(reason) => Ruling::Hold {
            rule: "paused",
            reason: reason.to_owned(),
        },
    }
}
