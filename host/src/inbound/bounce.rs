//! Delivery status notifications (RFC 3464): what became of each recipient.
//!
//! First the machine-readable part; mail systems that know none of it are read in `bounce_text`.
//! A `delayed` report is no bounce, a `delivered` one is good news (RFC 3464 2.3.3).

use super::addresses::addresses;
use super::bounce_text::{self, is_machine};
use super::fields::{Fields, message_ids};
use super::mail::InboundMail;
use super::status::{self, Verdict};
use super::transcript;
use crate::domain::EmailAddress;

/// Recipients and lines of a report that are read.
const GROUPS_MAX: usize = 100;
const SAID_MAX_BYTES: usize = 1_000;
/// Ids of the returned mail.
const IDS_MAX: usize = 10;

/// What became of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Failed(Verdict),
    Delayed,
    Delivered,
    /// Handed to a system that will tell no more (`relayed`, `expanded`).
    Relayed,
}

/// One recipient of our mail, as a report speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address we wrote to, where the report says it.
    pub address: Option<EmailAddress>,
    pub delivery: Delivery,
    /// `5.1.1`, as the report wrote it.
    pub status: Option<String>,
    /// What the other side said.
    pub said: Option<String>,
}

/// A report on delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub recipients: Vec<Recipient>,
    /// Message-IDs of the returned mail.
    pub about: Vec<String>,
}

/// Reads a report on delivery, with the rule that recognised it.
pub(super) fn read(mail: &InboundMail) -> Option<(Bounce, String)> {
    let (recipients, sign) = by_standard(mail).or_else(|| bounce_text::read(mail))?;
    let bounce = Bounce {
        recipients,
        about: about(mail),
    };
    Some((bounce, sign))
}

fn by_standard(mail: &InboundMail) -> Option<(Vec<Recipient>, String)> {
    let declared = mail.report_type.as_deref() == Some("delivery-status");
    let part = mail.part("message/delivery-status");
    // People forward reports as attachments; then the mail is theirs.
    let from_machine = mail.null_sender || is_machine(mail);
    let (told, sign) = match part {
        Some(part) if declared || from_machine || mail.media_type == "multipart/report" => (
            part.text.as_str(),
            "a message/delivery-status part (RFC 3464)",
        ),
        // Gateways and broken boundaries leave its fields in the text.
        None if declared || from_machine => {
            let at = field_at(&mail.text)?;
            (&mail.text[at..], "the fields of RFC 3464 in its text")
        }
        _ => return None,
    };
    let groups = Fields::read_groups(told, GROUPS_MAX);
    let spoken_of: Vec<EmailAddress> = groups.iter().filter_map(address).collect();
    let recipients: Vec<Recipient> = groups
        .iter()
        .filter_map(|group| recipient(group, mail, &spoken_of))
        .collect();
    if recipients.is_empty() {
        // The declared part is unreadable: its text still says something.
        let (recipients, _) = bounce_text::read(mail)?;
        return Some((recipients, sign.to_owned()));
    }
    Some((recipients, sign.to_owned()))
}

/// Where the per-message or per-recipient fields begin in a text.
fn field_at(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let named = lower.find("\nfinal-recipient:")?;
    let at = lower.find("\nreporting-mta:").filter(|at| *at < named);
    // The line break stays behind.
    Some(at.unwrap_or(named) + 1)
}

/// The address we wrote to, which is the original one; the final one is where it ended after
/// forwarding.
fn address(group: &Fields) -> Option<EmailAddress> {
    [
        "original-recipient",
        "final-recipient",
        "x-actual-recipient",
    ]
    .into_iter()
    .filter_map(|name| group.get(name))
    .find_map(|value| addresses(&unquoted(value)).into_iter().next())
}

/// RFC 3464 2.3: the per-recipient fields.
fn recipient(group: &Fields, mail: &InboundMail, all: &[EmailAddress]) -> Option<Recipient> {
    let named = group.has("final-recipient") || group.has("original-recipient");
    let action = group.word("action");
    let status = group.get("status").map(|status| cut(status, 40));
    if !named && action.is_none() && status.is_none() {
        return None;
    }
    let address = address(group);
    let said = group
        .get("diagnostic-code")
        .map(|said| cut(said, SAID_MAX_BYTES));
    let class = status
        .as_deref()
        .and_then(status::enhanced)
        .map(|(class, _, _)| class);
    let delivery = match (action.as_deref().map(first_word), class) {
        (Some("delivered"), _) => Delivery::Delivered,
        (Some("relayed" | "expanded"), _) => Delivery::Relayed,
        (Some("delayed"), _) => Delivery::Delayed,
        (told, Some(2)) if told != Some("failed") => Delivery::Delivered,
        // "failed", whatever the class; a word of their own; none at all.
        _ => Delivery::Failed(verdict(status.as_deref(), said.as_deref(), || {
            transcript::said(&mail.text, address.as_ref(), all)
        })),
    };
    Some(Recipient {
        address,
        delivery,
        status,
        said,
    })
}

/// The cause as the fields tell it; where they leave it open (`5.0.0` without a `Diagnostic-Code`), as
/// the part for people does.
fn verdict(status: Option<&str>, said: Option<&str>, in_text: impl Fn() -> String) -> Verdict {
    status::judged(status, said.unwrap_or_default())
        .or_else(|| status::judged(status, &in_text()))
        .unwrap_or_else(|| status::judge(status, said.unwrap_or_default()))
}

/// RFC 3461 4.2 writes "+" as "+2B" and "=" as "+3D" in `Original-Recipient`.
fn unquoted(value: &str) -> String {
    value.replace("+2B", "+").replace("+3D", "=")
}

fn first_word(text: &str) -> &str {
    text.split([' ', '(', '\t']).next().unwrap_or_default()
}

fn cut(text: &str, max_bytes: usize) -> String {
    text[..text.floor_char_boundary(max_bytes)]
        .trim()
        .to_owned()
}

/// The ids of the mail that came back, likeliest first: from its returned header, else from a copy of
/// it in the text, else from the fields that some systems add, else from what the report answers.
pub(super) fn about(mail: &InboundMail) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut add = |value: &str| {
        for id in message_ids(value, IDS_MAX) {
            if !ids.contains(&id) && ids.len() < IDS_MAX {
                ids.push(id);
            }
        }
    };
    let returned = mail.returned();
    returned
        .and_then(|fields| fields.get("message-id"))
        .into_iter()
        .for_each(&mut add);
    for part in &mail.parts {
        let fields = Fields::read_groups(&part.text, 3);
        for field in ["original-message-id", "x-original-message-id"] {
            fields
                .iter()
                .filter_map(|f| f.get(field))
                .for_each(&mut add);
        }
    }
    let copied = mail
        .text
        .lines()
        .map(|line| line.trim_start_matches([' ', '\t', '>', '|', '*']));
    for line in copied {
        let named = line
            .get(..11)
            .is_some_and(|head| head.eq_ignore_ascii_case("message-id:"));
        if named {
            add(&line[11..]);
        }
    }
    for name in [
        "x-failed-message-id",
        "x-original-message-id",
        "original-message-id",
    ] {
        mail.fields.all(name).for_each(&mut add);
    }
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        add(&format!("<{id}>"));
    }
    ids
}

/// Whether the text reports a delay, in the words of mail systems.
pub(super) fn is_delay(folded: &str) -> bool {
    const DELAY: &[&str] = &[
        "delivery is delayed",
        "delivery delayed",
        "has been delayed",
        "is delayed",
        "delay notification",
        "(delay)",
        "delivery status notification (delay)",
        "warning: message",
        "warning: could not send",
        "not yet been delivered",
        "has not been delivered yet",
        "has not yet been",
        "still being retried",
        "will continue to try",
        "will be retried",
        "will keep trying",
        "you do not need to resend",
        "verzogert",
        "retardee",
        "retrasad",
        "in ritardo",
        "vertraagd",
    ];
    DELAY.iter().any(|phrase| folded.contains(phrase))
}
