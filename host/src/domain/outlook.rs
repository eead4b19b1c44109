//! What becomes of a message that waits: which rule keeps it, when it goes, or what has to happen
//! before it does.
//!
//! In: the message's own row and what is known of its surroundings at this moment. Out: a forecast
//! for people. It decides nothing: the guardrails look once more when the message comes due, and may
//! then find a window closed or a cap full.

use super::Instant;
use super::message::MessageStatus;
use super::pause::{Pause, Scope};
use super::touch::Quiet;

/// A message, and what may keep it.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    pub id: &'a str,
    pub to: Option<&'a str>,
    pub status: MessageStatus,
    pub due_at: Instant,
    /// The guardrail that spoke last, and what it said.
    pub rule: Option<&'a str>,
    pub reason: Option<&'a str>,
    /// Why its address must not be mailed.
    pub suppressed: Option<&'a str>,
    pub quiet: Option<&'a Quiet>,
    /// Those that stop this message, whatever its time.
    pub pauses: &'a [&'a Pause],
    /// In doubt: when it was looked for last, and what that said; and when it is looked for next.
    pub looked: Option<(Instant, &'a str)>,
    pub look_at: Option<Instant>,
    /// An exit came: it must not be sent again.
    pub stopped: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// None where it only waits for its time, or for the provider.
    pub rule: Option<String>,
    pub reason: Option<String>,
    /// Not before; none where something has to happen first.
    pub goes_at: Option<Instant>,
    /// What has to happen first.
    pub waits_for: Option<String>,
}

/// The forecast for a message; for one that waits no longer, what was said of it.
pub fn outlook(message: &Waiting<'_>) -> Outlook {
    let told = Outlook {
        rule: message.rule.map(str::to_owned),
        reason: message.reason.map(str::to_owned),
        ..Outlook::default()
    };
    let waits_for = |what: &str| Some(what.to_owned());
    match message.status {
        MessageStatus::Queued => queued(message, told),
        MessageStatus::Held if message.rule == Some("paused") => {
            paused(message, message.pauses.iter().copied()).unwrap_or(told)
        }
        MessageStatus::Held => Outlook {
            waits_for: Some(remedy(message)),
            ..told
        },
        MessageStatus::Sending => Outlook {
            waits_for: waits_for("the provider's answer"),
            ..told
        },
        MessageStatus::Uncertain => uncertain(message, told),
        _ => told,
    }
}

/// Proof may still come; where no look is planned any more, it is a person's turn.
fn uncertain(message: &Waiting<'_>, told: Outlook) -> Outlook {
    let id = message.id;
    let waits_for = match message.look_at {
        Some(at) => format!("proof from the provider: it is looked for there at {at}"),
        None if message.stopped => format!(
            "an event of the provider that proves what became of it, or somebody: \
             `followup outbox sent --message {id}` or `followup outbox cancel --message {id}`"
        ),
        None => format!(
            "an event of the provider that proves what became of it, or somebody: \
             `followup outbox sent --message {id}`, or `followup outbox release --message {id}` to send it again"
        ),
    };
    let looked = message
        .looked
        .map(|(at, said)| format!("looked for last at {at}: {said}"));
    Outlook {
        reason: match (told.reason, looked) {
            (Some(reason), Some(looked)) => Some(format!("{reason}; {looked}")),
            (reason, looked) => reason.or(looked),
        },
        waits_for: Some(waits_for),
        ..told
    }
}

/// What will be said when it comes due, as far as it can be known now.
fn queued(message: &Waiting<'_>, told: Outlook) -> Outlook {
    if let Some(reason) = message.suppressed {
        return Outlook {
            rule: Some("suppressed".to_owned()),
            reason: Some(format!("the address must not be mailed: {reason}")),
            goes_at: None,
            waits_for: Some("nothing: it will be cancelled when it comes due".to_owned()),
        };
    }
    // A pause that is over by then stops nothing.
    let still = message
        .pauses
        .iter()
        .copied()
        .filter(|pause| pause.until.is_none_or(|until| until > message.due_at));
    if let Some(paused) = paused(message, still) {
        return paused;
    }
    if let Some(quiet) = message.quiet.filter(|quiet| quiet.until > message.due_at) {
        return Outlook {
            rule: Some("quiet".to_owned()),
            reason: Some(format!("{}: not before {}", quiet.reason, quiet.until)),
            goes_at: Some(quiet.until),
            waits_for: None,
        };
    }
    Outlook {
        goes_at: Some(message.due_at),
        ..told
    }
}

/// None where nothing stops it.
fn paused<'a>(message: &Waiting<'_>, pauses: impl Iterator<Item = &'a Pause>) -> Option<Outlook> {
    let pauses: Vec<_> = pauses.collect();
    // The one that lasts longest says when.
    let last = pauses
        .iter()
        .max_by_key(|pause| pause.until.unwrap_or(Instant(i64::MAX)))?;
    let by_hand: Vec<_> = pauses
        .iter()
        .filter(|pause| pause.until.is_none())
        .map(|pause| format!("`{}`", resume(pause, message.to)))
        .collect();
    Some(Outlook {
        rule: Some("paused".to_owned()),
        reason: Some(last.explain()),
        goes_at: last.until.map(|until| until.max(message.due_at)),
        waits_for: (!by_hand.is_empty()).then(|| by_hand.join(" and ")),
    })
}

/// The command that lifts a pause.
pub fn resume(pause: &Pause, contact: Option<&str>) -> String {
    match pause.scope {
        Scope::Tenant => "followup resume --all".to_owned(),
        Scope::Sequence => format!("followup resume --sequence {}", pause.name),
        Scope::Identity => format!("followup resume --identity {}", pause.name),
        Scope::Plugin => format!("followup plugin resume {}", pause.name),
        Scope::Contact => format!(
            "followup resume --contact {}",
            contact.unwrap_or(&pause.name)
        ),
    }
}

/// What lets a held message go.
fn remedy(message: &Waiting<'_>) -> String {
    match message.rule {
        Some("missing-field") => "the field, from the CRM".to_owned(),
        Some("stale" | "restored") => format!("`followup outbox release --message {}`", message.id),
        Some("unconfigured" | "composing") => {
            "the configuration to be mended, and a restart".to_owned()
        }
        _ => format!(
            "somebody: `followup outbox cancel --message {}`",
            message.id
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pause::Cause;

    fn pause(scope: Scope, name: &str, until: Option<i64>) -> Pause {
        Pause {
            scope,
            name: name.to_owned(),
            cause: Cause::Person,
            reason: "fair".to_owned(),
            since: Instant(0),
            until: until.map(Instant),
        }
    }

    const QUEUED: Waiting<'static> = Waiting {
        id: "msg_1",
        to: Some("ada@x.example"),
        status: MessageStatus::Queued,
        due_at: Instant(1_000),
        rule: None,
        reason: None,
        suppressed: None,
        quiet: None,
        pauses: &[],
        looked: None,
        look_at: None,
        stopped: false,
    };

    /// `rule, goes_at, waits_for`.
    fn check(message: &Waiting<'_>, expect: (Option<&str>, Option<i64>, Option<&str>)) {
        let found = outlook(message);
        assert_eq!(
            (
                found.rule.as_deref(),
                found.goes_at.map(|at| at.0),
                found.waits_for.as_deref()
            ),
            expect,
            "{message:?}"
        );
    }

    #[test]
    fn a_queued_message_goes_at_its_time_unless_something_keeps_it() {
        check(&QUEUED, (None, Some(1_000), None));
        let put_off = Waiting {
            rule: Some("send-window"),
            reason: Some("closed"),
            ..QUEUED
        };
        check(&put_off, (Some("send-window"), Some(1_000), None));
        let suppressed = Waiting {
            suppressed: Some("complaint"),
            ..QUEUED
        };
        let never = "nothing: it will be cancelled when it comes due";
        check(&suppressed, (Some("suppressed"), None, Some(never)));
        for (until, expect) in [
            (999, (None, Some(1_000), None)),
            (2_000, (Some("quiet"), Some(2_000), None)),
        ] {
            let quiet = Quiet {
                until: Instant(until),
                reason: "out-of-office".to_owned(),
            };
            let away = Waiting {
                quiet: Some(&quiet),
                ..QUEUED
            };
            check(&away, expect);
        }
    }

    #[test]
    fn a_pause_holds_what_comes_due_before_it_is_over() {
        let sequence = pause(Scope::Sequence, "welcome", None);
        let over = pause(Scope::Tenant, "", Some(900));
        let later = pause(Scope::Tenant, "", Some(5_000));
        let contact = pause(Scope::Contact, "7", None);
        let rows: [(&[&Pause], _); 5] = [
            (&[&over], (None, Some(1_000), None)),
            (&[&later], (Some("paused"), Some(5_000), None)),
            (
                &[&sequence],
                (
                    Some("paused"),
                    None,
                    Some("`followup resume --sequence welcome`"),
                ),
            ),
            (
                &[&sequence, &later],
                (
                    Some("paused"),
                    None,
                    Some("`followup resume --sequence welcome`"),
                ),
            ),
            (
                &[&contact, &sequence],
                (
                    Some("paused"),
                    None,
                    Some(
                        "`followup resume --contact ada@x.example` and `followup resume --sequence welcome`",
                    ),
                ),
            ),
        ];
        for (pauses, expect) in rows {
            check(&Waiting { pauses, ..QUEUED }, expect);
        }
        let held = Waiting {
            status: MessageStatus::Held,
            rule: Some("paused"),
            pauses: &[&later],
            ..QUEUED
        };
        check(&held, (Some("paused"), Some(5_000), None));
    }

    #[test]
    fn a_message_in_doubt_says_when_it_was_looked_for_and_whose_turn_it_is() {
        let event = "an event of the provider that proves what became of it, or somebody: \
                     `followup outbox sent --message msg_1`";
        let again =
            format!("{event}, or `followup outbox release --message msg_1` to send it again");
        let not_again = format!("{event} or `followup outbox cancel --message msg_1`");
        let planned =
            "proof from the provider: it is looked for there at 1970-01-01T00:00:05Z".to_owned();
        for (look_at, stopped, expect) in [
            (Some(5_000), false, planned),
            (None, false, again),
            (None, true, not_again),
        ] {
            let doubtful = Waiting {
                status: MessageStatus::Uncertain,
                reason: Some("time-out"),
                looked: Some((Instant(2_000), "not found")),
                look_at: look_at.map(Instant),
                stopped,
                ..QUEUED
            };
            check(&doubtful, (None, None, Some(&expect)));
            assert_eq!(
                outlook(&doubtful).reason.as_deref(),
                Some("time-out; looked for last at 1970-01-01T00:00:02Z: not found")
            );
        }
    }

    #[test]
    fn a_held_message_says_what_lets_it_go() {
        for (rule, waits_for) in [
            ("missing-field", "the field, from the CRM"),
            ("stale", "`followup outbox release --message msg_1`"),
            ("composing", "the configuration to be mended, and a restart"),
        ] {
            let held = Waiting {
                status: MessageStatus::Held,
                rule: Some(rule),
                ..QUEUED
            };
            check(&held, (Some(rule), None, Some(waits_for)));
        }
        let sent = Waiting {
            status: MessageStatus::Sent,
            ..QUEUED
        };
        check(&sent, (None, None, None));
    }
}
