//! An enrollment that an exit condition ended sends nothing more.

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    match proposal.stopped {
        None => Ruling::Allow,
        Some(reason) => Ruling::Refuse {
            rule: "stopped",
            reason: format!("the enrollment ended: {reason}"),
        },
    }
}
