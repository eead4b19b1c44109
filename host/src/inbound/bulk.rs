//! Newsletters, list traffic and notices: from machines, to many, about nothing of ours.
//!
//! RFC 2919 (List-Id), RFC 2369 (List-Unsubscribe) and `Precedence`. A person who answers through a
//! mailing list answers our mail: then it names one that it replies to.

use super::addresses::is_no_reply;
use super::mail::InboundMail;

/// The rule that recognises bulk mail. `answers_ours`: it replies to one of our mails, or came to a
/// reply address.
pub(super) fn sign(mail: &InboundMail, answers_ours: bool) -> Option<String> {
    if answers_ours {
        return None;
    }
    let threaded = !mail.in_reply_to.is_empty() || !mail.references.is_empty();
    let listed = LISTS.iter().find(|name| mail.fields.has(name));
    if let Some(name) = listed {
        return Some(format!("header {name}"));
    }
    let precedence = mail.fields.word("precedence").unwrap_or_default();
    if matches!(precedence.as_str(), "bulk" | "junk" | "list") && !threaded {
        return Some(format!("Precedence: {precedence}"));
    }
    if let Some(name) = BULK.iter().find(|name| mail.fields.has(name))
        && !threaded
    {
        return Some(format!("header {name}"));
    }
    let no_reply = mail.from.iter().any(is_no_reply);
    (no_reply && !threaded).then(|| "from an address that takes no replies".to_owned())
}

const LISTS: &[&str] = &[
    "list-id",
    "list-post",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mailing-list",
];

/// What mass mailers stamp on what they send.
const BULK: &[&str] = &[
    "feedback-id",
    "x-campaign",
    "x-campaignid",
    "x-campaign-id",
    "x-mailchimp-id",
    "x-csa-complaints",
    "x-mc-user",
];
