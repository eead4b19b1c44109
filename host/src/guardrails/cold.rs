//! Mail to people who did not ask for it says who writes and how to make it stop.
//!
//! CAN-SPAM, 15 U.S.C. 7704(a)(3) and (5): a commercial message needs "a functioning return
//! electronic mail address or other Internet-based mechanism" to opt out and "a valid physical postal
//! address of the sender".

use super::{Proposal, Ruling};

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    let refuse = |rule, lacks: &str| Ruling::Refuse {
        rule,
        reason: format!("the sequence is marked as cold outreach, and the mail has no {lacks}"),
    };
    if !proposal.rules.cold {
        Ruling::Allow
    } else if !proposal.postal_address {
        refuse("no-postal-address", "postal address")
    } else if !proposal.unsubscribable {
        refuse("no-unsubscribe", "way to unsubscribe")
    } else {
        Ruling::Allow
    }
}
