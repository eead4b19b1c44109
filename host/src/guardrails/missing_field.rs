//! Never "Hi ,": a message whose template prints an unknown field waits for the field.

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    if proposal.missing_fields.is_empty() {
        return Ruling::Allow;
    }
    Ruling::Hold {
        rule: "missing-field",
        reason: format!("missing {}", proposal.missing_fields.join(", ")),
    }
}
