//! Read receipts (RFC 8098): a mail program says what happened to a message. Neither a reply nor an
//! opening that a person meant.

use super::addresses::addresses;
use super::bounce;
use super::fields::Fields;
use super::mail::InboundMail;
use crate::domain::EmailAddress;

/// What a disposition notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// `displayed`, `deleted`, `dispatched` or `processed` (RFC 8098 3.2.6.2).
    pub disposition: String,
    pub address: Option<EmailAddress>,
    pub about: Vec<String>,
}

pub(super) fn read(mail: &InboundMail) -> Option<(Receipt, String)> {
    let declared = mail.report_type.as_deref() == Some("disposition-notification");
    let part = mail.part("message/disposition-notification");
    let reported = part.is_some() && mail.media_type == "multipart/report";
    if !(declared || reported) {
        return None;
    }
    let report = part
        .map(|part| Fields::read(part.text.trim_start()))
        .unwrap_or_default();
    // "manual-action/MDN-sent-manually; displayed/error"
    let told = report
        .get("disposition")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let disposition = told.rsplit(';').next().unwrap_or_default();
    let disposition = disposition
        .split(['/', ','])
        .next()
        .unwrap_or_default()
        .trim();
    let address = ["original-recipient", "final-recipient"]
        .into_iter()
        .filter_map(|name| report.get(name))
        .find_map(|value| addresses(value).into_iter().next());
    let receipt = Receipt {
        disposition: if disposition.is_empty() {
            "displayed".to_owned()
        } else {
            disposition.to_owned()
        },
        address: address.or_else(|| mail.from.first().cloned()),
        about: bounce::about(mail),
    };
    Some((
        receipt,
        "report-type disposition-notification (RFC 8098)".to_owned(),
    ))
}
