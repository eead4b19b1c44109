//! There must be an address, and it must not be on the suppression list.

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    match (proposal.to, proposal.suppressed) {
        (_, Some(reason)) => Ruling::Refuse {
            rule: "suppressed",
            reason: format!("the address must not be mailed: {reason}"),
        },
        (None, None) => Ruling::Refuse {
            rule: "no-address",
            reason: "the contact has no e-mail address".to_owned(),
        },
        (Some(_), None) => Ruling::Allow,
    }
}
