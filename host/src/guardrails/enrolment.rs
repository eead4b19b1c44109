//! Whether a contact may be enrolled, whatever the rule of the sequence says about the event.

use super::role_address::{self, RolePolicy, is_role};
use crate::domain::instant::DAY_MS;
use crate::domain::{EmailAddress, Instant};

/// The most days of `after-N-days`: ten years.
pub const RE_ENROL_DAYS_MAX: u32 = 3_660;

/// Whether a contact may go through a sequence again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReEnrol {
    #[default]
    Never,
    AfterFinish,
    /// So many days of 24 hours after the last time ended.
    AfterDays(u32),
}

impl ReEnrol {
    /// `never`, `after-finish`, `after-90-days`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "never" => Some(Self::Never),
            "after-finish" => Some(Self::AfterFinish),
            _ => {
                let days = text.strip_prefix("after-")?.strip_suffix("-days")?;
                let written = days.bytes().all(|byte| byte.is_ascii_digit());
                let days = written.then(|| days.parse().ok()).flatten()?;
                (1..=RE_ENROL_DAYS_MAX)
                    .contains(&days)
                    .then_some(Self::AfterDays(days))
            }
        }
    }
}

/// An enrollment of the contact in the same sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// None while it is under way.
    pub finished_at: Option<Instant>,
}

/// What is known when a contact is about to be enrolled.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub to: Option<&'a EmailAddress>,
    /// Why the address must not be mailed.
    pub suppressed: Option<&'a str>,
    /// What the person opted out of that covers this sequence: "all", "topic news".
    pub opted_out: Option<&'a str>,
    pub role_addresses: RolePolicy,
    pub role_names: &'a [String],
    pub re_enrol: ReEnrol,
    pub exclusive: bool,
    pub earlier: &'a [Earlier],
    /// Another exclusive sequence in which the contact is active.
    pub active_in: Option<&'a str>,
    pub now: Instant,
}

/// Not enrolled, and from when on it would be otherwise, where time alone changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub rule: &'static str,
    pub reason: String,
    pub until: Option<Instant>,
}

/// The strictest objection, if there is one.
pub fn may_enrol(asked: &Asked<'_>) -> Result<(), Refusal> {
    let refuse = |rule, reason: String| {
        Err(Refusal {
            rule,
            reason,
            until: None,
        })
    };
    if let Some(reason) = asked.suppressed {
        return refuse(
            "suppressed",
            format!("the address must not be mailed: {reason}"),
        );
    }
    if let Some(what) = asked.opted_out {
        return refuse("opted-out", format!("the person opted out of {what}"));
    }
    // With the policy `task` a person gets the task when the first mail is due.
    if let (RolePolicy::Skip, Some(to)) = (asked.role_addresses, asked.to)
        && is_role(to, asked.role_names)
    {
        return refuse(
            role_address::RULE,
            format!("{to} is the address of a function, not of a person (role_addresses)"),
        );
    }
    if let (true, Some(other)) = (asked.exclusive, asked.active_in) {
        return refuse(
            "exclusive",
            format!("the contact is in the exclusive sequence {other}"),
        );
    }
    re_enrolment(asked)
}

fn re_enrolment(asked: &Asked<'_>) -> Result<(), Refusal> {
    let refuse = |reason: String, until| {
        Err(Refusal {
            rule: "re-enrol",
            reason,
            until,
        })
    };
    if asked
        .earlier
        .iter()
        .any(|earlier| earlier.finished_at.is_none())
    {
        return refuse("the contact is in the sequence already".to_owned(), None);
    }
    let Some(last) = asked
        .earlier
        .iter()
        .filter_map(|earlier| earlier.finished_at)
        .max()
    else {
        return Ok(());
    };
    match asked.re_enrol {
        ReEnrol::AfterFinish => Ok(()),
        ReEnrol::Never => refuse(
            "the contact went through the sequence before (re_enrol = \"never\")".to_owned(),
            None,
        ),
        ReEnrol::AfterDays(days) => {
            let until = last.plus_ms(i64::from(days) * DAY_MS);
            if asked.now >= until {
                return Ok(());
            }
            refuse(
                format!(
                    "the contact went through the sequence until {last} (re_enrol = \"after-{days}-days\")"
                ),
                Some(until),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, expect) in [
            ("never", Some(ReEnrol::Never)),
            ("after-finish", Some(ReEnrol::AfterFinish)),
            ("after-90-days", Some(ReEnrol::AfterDays(90))),
            ("after-0-days", None),
            ("after--1-days", None),
            ("after-+1-days", None),
            ("after-3661-days", None),
            ("after-days", None),
            ("always", None),
        ] {
            assert_eq!(ReEnrol::parse(text), expect, "{text}");
        }
    }

    #[test]
    fn the_strictest_objection_is_told() {
        let info = EmailAddress::parse("info@acme.example").expect("address");
        let day = |number: i64| Instant(number * DAY_MS);
        let finished = [
            Earlier {
                finished_at: Some(day(3)),
            },
            Earlier {
                finished_at: Some(day(10)),
            },
        ];
        let active = [
            Earlier {
                finished_at: Some(day(3)),
            },
            Earlier { finished_at: None },
        ];
        let fine = Asked {
            to: Some(&info),
            suppressed: None,
            opted_out: None,
            role_addresses: RolePolicy::Allow,
            role_names: &[],
            re_enrol: ReEnrol::Never,
            exclusive: false,
            earlier: &[],
            active_in: Some("welcome"),
            now: day(20),
        };
        let check = |asked: Asked<'_>, rule: Option<&str>, until: Option<Instant>| {
            let got = may_enrol(&asked);
            let refusal = got.as_ref().err();
            assert_eq!(refusal.map(|refusal| refusal.rule), rule, "{asked:?}");
            assert_eq!(
                refusal.and_then(|refusal| refusal.until),
                until,
                "{asked:?}"
            );
        };
        let again = |re_enrol, earlier| Asked {
            re_enrol,
            earlier,
            ..fine
        };
        check(fine, None, None);
        check(
            Asked {
                suppressed: Some("complaint"),
                opted_out: Some("all"),
                ..fine
            },
            Some("suppressed"),
            None,
        );
        check(
            Asked {
                opted_out: Some("all"),
                exclusive: true,
                ..fine
            },
            Some("opted-out"),
            None,
        );
        check(
            Asked {
                role_addresses: RolePolicy::Skip,
                ..fine
            },
            Some("role-address"),
            None,
        );
        check(
            Asked {
                role_addresses: RolePolicy::Task,
                ..fine
            },
            None,
            None,
        );
        check(
            Asked {
                role_addresses: RolePolicy::Skip,
                to: None,
                ..fine
            },
            None,
            None,
        );
        check(
            Asked {
                exclusive: true,
                ..fine
            },
            Some("exclusive"),
            None,
        );
        check(
            Asked {
                exclusive: true,
                active_in: None,
                ..fine
            },
            None,
            None,
        );
        check(again(ReEnrol::Never, &finished), Some("re-enrol"), None);
        check(again(ReEnrol::AfterFinish, &finished), None, None);
        check(again(ReEnrol::AfterFinish, &active), Some("re-enrol"), None);
        check(
            again(ReEnrol::AfterDays(1), &active),
            Some("re-enrol"),
            None,
        );
        check(again(ReEnrol::AfterDays(10), &finished), None, None);
        check(
            again(ReEnrol::AfterDays(11), &finished),
            Some("re-enrol"),
            Some(day(21)),
        );
    }
}
