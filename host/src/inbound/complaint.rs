//! Abuse reports (RFC 5965, "ARF") and the older form that Microsoft sends.
//!
//! `abuse`, `fraud`, `virus` and what is unknown are complaints ("other: any other feedback that does
//! not fit into other registered types", 7.3); `not-spam` takes one back, `auth-failure` (RFC 6591) is about
//! DNS, and `opt-out` (as some feedback loops send it) is an opt-out.

use super::addresses::addresses;
use super::bounce;
use super::fields::Fields;
use super::fold::fold;
use super::mail::InboundMail;
use crate::domain::EmailAddress;

/// What a feedback loop reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The `Feedback-Type`, in lower case.
    pub feedback: String,
    /// Who complained, where it was not blanked out.
    pub address: Option<EmailAddress>,
    /// Message-IDs of the mail complained of.
    pub about: Vec<String>,
}

impl Feedback {
    pub fn is_complaint(&self) -> bool {
        !self.is_opt_out() && !matches!(self.feedback.as_str(), "not-spam" | "auth-failure")
    }

    pub fn is_opt_out(&self) -> bool {
        matches!(
            self.feedback.as_str(),
            "opt-out" | "opt-out-list" | "unsubscribe"
        )
    }
}

pub(super) fn read(mail: &InboundMail) -> Option<(Feedback, String)> {
    let declared = mail.report_type.as_deref() == Some("feedback-report");
    let part = mail.part("message/feedback-report");
    if declared || part.is_some() {
        let report = part
            .map(|part| Fields::read(part.text.trim_start()))
            .unwrap_or_default();
        let feedback = report
            .word("feedback-type")
            .unwrap_or_else(|| "other".to_owned());
        let sign = format!("Feedback-Type: {feedback} (RFC 5965)");
        return Some((feedback_of(mail, &report, feedback), sign));
    }
    // Microsoft, "Junk Email Reporting Program": a plain mail with the message attached.
    let by_microsoft = mail
        .from
        .iter()
        .any(|from| from.as_str() == "staff@hotmail.com")
        && fold(&mail.subject).starts_with("complaint about message");
    let feedback = || feedback_of(mail, &Fields::default(), "abuse".to_owned());
    by_microsoft.then(|| (feedback(), "Microsoft's complaint".to_owned()))
}

/// What a mail program sends to the `mailto:` of List-Unsubscribe when its user presses the button
/// (RFC 2369 3.2; Apple Mail: `Auto-Submitted: auto-replied`): from a machine, but the will of a person.
pub(super) fn unsubscribed(mail: &InboundMail) -> Option<Feedback> {
    const TEXT_MAX_BYTES: usize = 300;
    let automatic = mail
        .fields
        .word("auto-submitted")
        .is_some_and(|word| word.starts_with("auto-"));
    let command = fold(&mail.subject) == "unsubscribe";
    let text = fold(&mail.text);
    let says = text.is_empty() || text.contains("unsubscribe");
    (automatic && command && says && text.len() <= TEXT_MAX_BYTES).then(|| Feedback {
        feedback: "unsubscribe".to_owned(),
        address: mail.from.first().cloned(),
        about: bounce::about(mail),
    })
}

fn feedback_of(mail: &InboundMail, report: &Fields, feedback: String) -> Feedback {
    let returned = mail.returned();
    let in_report = ["original-rcpt-to", "removal-recipient"].map(|name| report.get(name));
    let in_returned = [
        "x-hmxmroriginalrecipient",
        "to",
        "x-original-to",
        "delivered-to",
    ]
    .map(|name| returned.and_then(|fields| fields.get(name)));
    let address = in_report
        .into_iter()
        .chain(in_returned)
        .flatten()
        .find_map(|value| addresses(value).into_iter().next());
    Feedback {
        feedback,
        address,
        about: bounce::about(mail),
    }
}
