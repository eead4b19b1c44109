//! What is long overdue is not fired blindly.
//!
//! After a long outage the past is due at once: a person should look first
//! (knadh/listmonk#1801: a restored snapshot sent a campaign of long ago once more).

use super::{Proposal, Ruling};
use crate::domain::Instant;
use crate::domain::instant::HOUR_MS;

pub(super) fn rule(proposal: &Proposal<'_>, now: Instant) -> Ruling {
    let (late_ms, allowed_ms) = (now.since_ms(proposal.due_at), proposal.rules.stale_after_ms);
    if allowed_ms <= 0 || late_ms <= allowed_ms {
        return Ruling::Allow;
    }
    Ruling::Hold {
        rule: "stale",
        reason: format!(
            "was due at {}, {} hours ago; {} are allowed (stale_after_ms)",
            proposal.due_at,
            late_ms / HOUR_MS,
            allowed_ms / HOUR_MS
        ),
    }
}
