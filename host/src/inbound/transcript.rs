//! The text of a report, written for people: whom it speaks of, and which of its lines speak of whom.
//!
//! In: the text up to the returned mail. Out: the recipients, and for each what was said. Systems set a
//! recipient at the beginning of a line and say the cause behind it or below it (qmail, Exim, GMX,
//! Zoho, `OpenSMTPD`), or list all first and name them again in a transcript (Sendmail).

use super::addresses::addresses;
use super::fold::fold;
use super::status;
use crate::domain::EmailAddress;

/// Recipients of one text; proper reports have their own part for more.
const RECIPIENTS_MAX: usize = 20;
const SAID_MAX_BYTES: usize = 1_000;

/// The recipients that the text speaks of, in their order. `others` are those of the report itself.
pub(super) fn recipients(
    report: &str,
    others: impl Fn(&EmailAddress) -> bool,
) -> Vec<EmailAddress> {
    let mut all: Vec<EmailAddress> = Vec::new();
    for address in report.lines().filter_map(leading) {
        if !others(&address) && !all.contains(&address) && all.len() < RECIPIENTS_MAX {
            all.push(address);
        }
    }
    if all.is_empty() {
        // The first is the one it is about; further ones are postmasters and help desks.
        all.extend(
            addresses(report)
                .into_iter()
                .find(|address| !others(address)),
        );
    }
    all
}

/// The address that a line is about: it stands alone, or in front of what was said of it.
fn leading(line: &str) -> Option<EmailAddress> {
    let bare = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    // Sendmail: "550 <bob@x.example>... User unknown".
    let bare = match bare.split_once(' ') {
        Some((code, rest)) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) => {
            rest.trim_start_matches(|c: char| !c.is_alphanumeric())
        }
        _ => bare,
    };
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '>' | ':' | ';' | ',' | '"' | '(' | ')' | '[');
    let word = bare.split(ends).next().unwrap_or_default();
    let address = addresses(word).into_iter().next()?;
    let whole = word
        .trim_end_matches('.')
        .eq_ignore_ascii_case(address.as_str());
    let rest = bare[word.len()..].trim_start_matches(['>', '"', ')', ' ', '\t']);
    let speaks = rest.is_empty()
        || rest.starts_with([':', '(', '['])
        || rest.starts_with("...")
        || word.ends_with("...")
        || status::judged(None, rest).is_some();
    (whole && speaks).then_some(address)
}

/// What the text says of one of the recipients: the lines from each that names it to the next that
/// names another. Nothing but the name: the whole text.
pub(super) fn said(report: &str, address: Option<&EmailAddress>, all: &[EmailAddress]) -> String {
    let Some(address) = address else {
        return joined(report.lines());
    };
    let mut mine = false;
    let lines = report.lines().filter(|line| {
        let lower = line.to_ascii_lowercase();
        if lower.contains(address.as_str()) {
            mine = true;
        } else if all.iter().any(|other| lower.contains(other.as_str())) {
            mine = false;
        }
        mine
    });
    let told = joined(lines);
    // "<bob@x.example>" alone, above or below the cause.
    let bare = fold(&told).replace(address.as_str(), "");
    if bare.chars().any(char::is_alphabetic) {
        told
    } else {
        joined(report.lines())
    }
}

fn joined<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    let mut text = String::new();
    for word in lines.flat_map(str::split_whitespace) {
        if text.len() + word.len() >= SAID_MAX_BYTES {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(report: &str, expect: &[(&str, &str)]) {
        let us = |address: &EmailAddress| address.as_str() == "us@acme.example";
        let all = recipients(report, us);
        let got: Vec<_> = all
            .iter()
            .map(|address| (address.to_string(), said(report, Some(address), &all)))
            .collect();
        let got: Vec<_> = got.iter().map(|(a, s)| (a.as_str(), s.as_str())).collect();
        assert_eq!(got, expect, "{report}");
    }

    #[test]
    fn every_recipient_has_its_own_cause() {
        check(
            "I wasn't able to deliver your message.\n\n<bob@x.example>:\nno mailbox here\n\n<eve@x.example>:\nover quota\n",
            &[
                ("bob@x.example", "<bob@x.example>: no mailbox here"),
                ("eve@x.example", "<eve@x.example>: over quota"),
            ],
        );
        check(
            "--- The following addresses had errors ---\n<bob@x.example>\n<eve@x.example>\n--- Transcript ---\n\
             550 <bob@x.example>... User unknown\n550 <eve@x.example>... Mailbox full\n",
            &[
                (
                    "bob@x.example",
                    "<bob@x.example> 550 <bob@x.example>... User unknown",
                ),
                (
                    "eve@x.example",
                    "<eve@x.example> --- Transcript --- 550 <eve@x.example>... Mailbox full",
                ),
            ],
        );
    }

    #[test]
    fn help_desks_are_no_recipients() {
        check(
            "From us@acme.example: user bob@x.example unknown.\nAsk help@x.example for help.",
            &[(
                "bob@x.example",
                "From us@acme.example: user bob@x.example unknown. Ask help@x.example for help.",
            )],
        );
        check(
            "bob@x.example\n  no such user\nhelp@x.example can help you.\n",
            &[(
                "bob@x.example",
                "bob@x.example no such user help@x.example can help you.",
            )],
        );
        check("Unknown user: us@acme.example", &[]);
    }
}
