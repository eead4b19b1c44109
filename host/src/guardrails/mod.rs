//! Whether it may be done: the host's rules, whatever a plugin asks for.
//!
//! Pure: everything a rule needs comes in as an argument. Each rule is a file of its own and
//! answers with a ruling that says which rule spoke and why. All of them run twice: when a message
//! is queued (`decide`) and when it is claimed for sending (`deliver`).

mod address;
mod missing_field;
mod role_address;
mod stopped;

use crate::domain::EmailAddress;

pub use role_address::is_role;

/// What a rule says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    Allow,
    /// Not as it is: kept until somebody supplies what is missing.
    Hold {
        rule: &'static str,
        reason: String,
    },
    /// Never.
    Refuse {
        rule: &'static str,
        reason: String,
    },
}

/// A message about to be queued or sent, with all that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    pub to: Option<&'a EmailAddress>,
    /// Why the address must not be mailed: `unsubscribed`, `hard-bounce`, `complaint`, ...
    pub suppressed: Option<&'a str>,
    /// The exit reason, where a host rule ended the enrollment.
    pub stopped: Option<&'a str>,
    /// Fields that the template prints and nobody has told.
    pub missing_fields: &'a [String],
}

/// The rules, strictest first: the first that objects is the answer.
const RULES: &[fn(&Proposal<'_>) -> Ruling] = &[stopped::rule, address::rule, missing_field::rule];

/// What all rules together say.
pub fn judge(proposal: &Proposal<'_>) -> Ruling {
    RULES
        .iter()
        .map(|rule| rule(proposal))
        .find(|ruling| *ruling != Ruling::Allow)
        .unwrap_or(Ruling::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_objection_wins() {
        let to = EmailAddress::parse("ada@example.com").expect("address");
        let fine = Proposal {
            to: Some(&to),
            suppressed: None,
            stopped: None,
            missing_fields: &[],
        };
        let missing = ["contact.first_name".to_owned()];
        let all = Proposal {
            to: Some(&to),
            suppressed: Some("complaint"),
            stopped: Some("replied"),
            missing_fields: &missing,
        };
        let rule_of = |proposal: &Proposal<'_>| match judge(proposal) {
            Ruling::Allow => "allow",
            Ruling::Hold { rule, .. } | Ruling::Refuse { rule, .. } => rule,
        };
        assert_eq!(rule_of(&fine), "allow");
        assert_eq!(rule_of(&all), "stopped");
        assert_eq!(
            rule_of(&Proposal {
                stopped: None,
                ..all
            }),
            "suppressed"
        );
        assert_eq!(
            rule_of(&Proposal {
                stopped: None,
                suppressed: None,
                ..all
            }),
            "missing-field"
        );
        assert_eq!(rule_of(&Proposal { to: None, ..fine }), "no-address");
    }
}
