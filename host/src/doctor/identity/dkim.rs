//! The provider's DKIM key in a domain's DNS.

use crate::doctor::records::dkim::{self, Key};
use crate::doctor::senders::Sender;
use crate::doctor::{Finding, Record, Zone};

/// What was found, and whether there is a key that receivers can use; none where that cannot be told.
pub(super) async fn look(
    about: &str,
    domain: &str,
    sender: Option<&Sender>,
    zone: &dyn Zone,
) -> (Vec<Finding>, Option<bool>) {
    let Some(sender) = sender.filter(|sender| !sender.selectors.is_empty()) else {
        let whose = sender.map_or("the provider", |sender| sender.title);
        let found = format!(
            "DKIM cannot be checked from here: {whose} names the key for each customer anew; its page of {domain} says whether it is verified"
        );
        return (vec![Finding::skipped(about, found)], None);
    };
    let mut findings = Vec::new();
    let mut usable = false;
    for selector in sender.selectors {
        let name = format!("{selector}._domainkey.{domain}");
        let texts = match zone.ask(&name, Record::Txt).await {
            Ok(texts) => texts,
            Err(unanswered) => {
                return (vec![Finding::skipped(about, unanswered.to_string())], None);
            }
        };
        let Some(record) = texts.first() else {
            continue;
        };
        let read = dkim::read(record);
        usable |= matches!(read, Ok(Key::Good | Key::Short));
        findings.push(judge(about, &name, read));
    }
    if findings.is_empty() {
        let names = sender.selectors.join(", ");
        findings.push(Finding::warning(
            about,
            format!("{domain} has no DKIM key of {} ({names})", sender.title),
            format!(
                "authenticate the domain in {}, unless you chose a name of your own for the key",
                sender.title
            ),
        ));
    }
    (findings, Some(usable))
}

fn judge(about: &str, name: &str, read: Result<Key, String>) -> Finding {
    match read {
        Ok(Key::Good) => Finding::ok(about, format!("DKIM key at {name}")),
        Ok(Key::Short) => Finding::warning(
            about,
            format!("the DKIM key at {name} has less than 2048 bits (RFC 8301 asks for them)"),
            "let the provider make a longer one",
        ),
        Ok(Key::Testing) => Finding::warning(
            about,
            format!("the DKIM key at {name} is marked as a test (t=y), and counts for nothing"),
            "take t=y out",
        ),
        Ok(Key::Revoked) => Finding::problem(
            about,
            format!("the DKIM key at {name} is revoked (its p= is empty)"),
            "authenticate the domain at the provider again",
        ),
        Err(why) => Finding::problem(
            about,
            format!("the DKIM key at {name} cannot be used: {why}"),
            "copy it from the provider again",
        ),
    }
}
