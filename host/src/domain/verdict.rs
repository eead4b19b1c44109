//! What the host said to one action of a policy, stored beside it.

use serde::{Deserialize, Serialize};

use super::Instant;

/// What the guardrails said to one action, and when it will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    Allowed {
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<Instant>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Later than asked.
    Delayed {
        until: Instant,
        rule: String,
        reason: String,
        message: String,
    },
    /// Stored, but not sent before somebody supplies what is missing.
    Held {
        rule: String,
        reason: String,
        message: String,
    },
    Refused {
        rule: String,
        reason: String,
    },
}

impl Verdict {
    pub fn allowed() -> Self {
        Self::Allowed {
            at: None,
            message: None,
        }
    }
}

impl Verdict {
    /// Refused by a rule, which says why.
    pub fn refused(rule: &str, reason: impl Into<String>) -> Self {
        Self::Refused {
            rule: rule.to_owned(),
            reason: reason.into(),
        }
    }
}
