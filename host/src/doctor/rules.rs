//! What Gmail, Yahoo and Microsoft ask of those who send more than 5000 mails a day to their people.
//!
//! Gmail, "Email sender guidelines" (since February 2024), Yahoo, "Sender Best Practices", Microsoft,
//! "Outlook's new requirements for high-volume senders" (since May 2025): SPF and DKIM, DMARC, one-click
//! unsubscribe (RFC 8058). Fewer mails need SPF or DKIM. What only the provider or the figures can
//! show (reverse DNS, TLS, fewer than 0.3 % complaints) is not judged here.

use super::Finding;
use crate::config::{Config, Connection};

/// What the DNS showed; none where it could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proven {
    pub(super) spf: Option<bool>,
    pub(super) dkim: Option<bool>,
    pub(super) dmarc: Option<bool>,
}

pub(super) fn look(
    about: &str,
    config: &Config,
    connection: &Connection,
    proven: Proven,
) -> Finding {
    let public_url = config.server.public_url.as_deref().unwrap_or_default();
    let one_click = public_url.starts_with("https://") && connection.quirks().keeps_unsubscribe;
    judge(about, proven, one_click)
}

fn judge(about: &str, proven: Proven, one_click: bool) -> Finding {
    let asked = [
        ("SPF", proven.spf),
        ("DKIM", proven.dkim),
        ("DMARC", proven.dmarc),
        ("one-click unsubscribe over https", Some(one_click)),
    ];
    let names = |state: Option<bool>| -> Vec<&str> {
        asked
            .iter()
            .filter(|(_, found)| *found == state)
            .map(|(name, _)| *name)
            .collect()
    };
    let (lacking, unknown) = (names(Some(false)), names(None));
    let rules = "the bulk-sender rules of Gmail, Yahoo and Microsoft";
    if !lacking.is_empty() {
        return Finding::warning(
            about,
            format!("{rules} are not met: {} missing", lacking.join(", ")),
            "from 5000 mails a day on, such mail is refused; add what is missing",
        );
    }
    if unknown.is_empty() {
        Finding::ok(
            about,
            format!("{rules} are met as far as can be seen from here"),
        )
    } else {
        let unknown = unknown.join(", ");
        Finding::ok(
            about,
            format!("{rules} are met but for what could not be checked: {unknown}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let (yes, no) = (Some(true), Some(false));
        for (spf, dkim, dmarc, one_click, verdict, part) in [
            (yes, yes, yes, true, Verdict::Ok, "as far as"),
            (yes, None, yes, true, Verdict::Ok, "checked: DKIM"),
            (yes, yes, no, true, Verdict::Warning, "DMARC missing"),
            (
                no,
                None,
                no,
                false,
                Verdict::Warning,
                "SPF, DMARC, one-click",
            ),
            (yes, yes, yes, false, Verdict::Warning, "one-click"),
        ] {
            let proven = Proven { spf, dkim, dmarc };
            let finding = judge("identity ada", proven, one_click);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
        }
    }
}
