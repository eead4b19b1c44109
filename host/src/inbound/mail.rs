//! A mail as the rest of this room reads it.
//!
//! In: raw bytes and what the envelope said. Out: `InboundMail`, whatever the bytes were; a missing
//! header is an empty one. Everything is cut to limits with names, here, in `fields` and in `mime`.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use super::addresses::addresses;
use super::fields::{Fields, message_ids};
use super::mime::{self, ReportPart};
use crate::domain::EmailAddress;

/// References that are kept: RFC 5322 knows no end, threads do.
const REFERENCES_MAX: usize = 50;
/// The header that is read; mail systems refuse far smaller ones.
const HEADER_MAX_BYTES: usize = 256 * 1024;

/// What SMTP said beside the mail, where whoever handed it over told us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `<>` is the null sender of reports (RFC 5321 4.5.5); empty is unknown.
    pub from: Option<String>,
    pub to: Vec<String>,
}

/// One mail.
#[derive(Debug, Clone, Default)]
pub struct InboundMail {
    /// Its own id, without brackets, as everywhere here.
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    /// Oldest first, as they stand in the header.
    pub references: Vec<String>,
    pub from: Vec<EmailAddress>,
    pub sender: Option<EmailAddress>,
    /// Whether the sender on the envelope is null: reports, and responders that behave.
    pub null_sender: bool,
    pub return_path: Option<EmailAddress>,
    /// Everybody it was addressed to, on the envelope first.
    pub recipients: Vec<EmailAddress>,
    pub subject: String,
    pub date: Option<DateTime<FixedOffset>>,
    /// `multipart/report`, ...; empty where it is not told.
    pub media_type: String,
    /// The `report-type` of a multipart/report.
    pub report_type: Option<String>,
    pub(super) fields: Fields,
    /// The plain part, or the HTML one as text.
    pub text: String,
    pub(super) parts: Vec<ReportPart>,
}

impl InboundMail {
    /// Reads a mail. Never fails: bytes that are no mail give one without any header.
    pub fn read(bytes: &[u8], envelope: &Envelope) -> Self {
        let bytes = tidy(bytes);
        let head = &bytes[..bytes.len().min(HEADER_MAX_BYTES)];
        let fields = Fields::read(&String::from_utf8_lossy(head));
        let body = mime::read(&bytes);
        let ids = |name| {
            let value = fields.get(name).unwrap_or_default();
            message_ids(value, usize::MAX)
        };
        let mut references = ids("references");
        // The last ones are the nearest.
        references.drain(..references.len().saturating_sub(REFERENCES_MAX));
        let mut in_reply_to = ids("in-reply-to");
        in_reply_to.truncate(REFERENCES_MAX);
        let (media_type, report_type) =
            content_type(fields.get("content-type").unwrap_or_default());
        let return_path = envelope
            .from
            .as_deref()
            .filter(|from| !from.trim().is_empty())
            .or_else(|| fields.get("return-path"));
        Self {
            message_id: ids("message-id").into_iter().next(),
            in_reply_to,
            references,
            from: addresses(fields.get("from").unwrap_or_default()),
            sender: fields
                .get("sender")
                .and_then(|v| addresses(v).into_iter().next()),
            null_sender: return_path.is_some_and(|path| path.trim() == "<>"),
            return_path: return_path.and_then(|path| addresses(path).into_iter().next()),
            recipients: recipients(&fields, envelope),
            subject: body.subject.unwrap_or_default(),
            date: fields.get("date").and_then(date),
            media_type,
            report_type,
            fields,
            text: body.text,
            parts: body.parts,
        }
    }

    /// Whether there is any header at all: without, the bytes were no mail.
    pub fn is_mail(&self) -> bool {
        [
            "from",
            "date",
            "message-id",
            "subject",
            "to",
            "received",
            "return-path",
        ]
        .iter()
        .any(|name| self.fields.has(name))
    }

    /// The first part of that type, `global-` forms (RFC 6533) included.
    pub(super) fn part(&self, media_type: &str) -> Option<&ReportPart> {
        let global = media_type.replacen("message/", "message/global-", 1);
        self.parts
            .iter()
            .find(|part| part.media_type == media_type || part.media_type == global)
    }

    /// The header of the mail that a report returned.
    pub(super) fn returned(&self) -> Option<&Fields> {
        let has_ids = |part: &&ReportPart| part.fields.has("message-id") || part.fields.has("from");
        let types = [
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
        ];
        let more = [
            "message/global",
            "message/global-headers",
            "text/rfc822",
            "message/partial",
        ];
        let mut returned = self.parts.iter().filter(|part| {
            types.contains(&part.media_type.as_str()) || more.contains(&part.media_type.as_str())
        });
        returned.find(has_ids).map(|part| &part.fields)
    }
}

/// What breaks parsers and costs nothing to mend: an mbox line in front, a byte-order mark, blank
/// lines before the header, old Mac line ends, a missing last line end.
fn tidy(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    rest = rest.trim_ascii_start();
    if rest.starts_with(b"From ") || rest.starts_with(b">From ") {
        let end = rest.iter().position(|b| *b == b'\n');
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
    }
    if !rest.contains(&b'\n') && rest.contains(&b'\r') {
        return rest
            .iter()
            .map(|b| if *b == b'\r' { b'\n' } else { *b })
            .collect();
    }
    if rest.ends_with(b"\n") {
        rest.into()
    } else {
        [rest, b"\r\n"].concat().into()
    }
}

/// Where mail systems write down whom a mail was delivered to. The envelope first: it is what SMTP
/// really used, the others are what somebody wrote.
fn recipients(fields: &Fields, envelope: &Envelope) -> Vec<EmailAddress> {
    const NAMES: &[&str] = &[
        "x-original-to",
        "delivered-to",
        "envelope-to",
        "x-envelope-to",
        "x-rcpt-to",
        "x-forwarded-to",
        "apparently-to",
        "to",
        "cc",
        "resent-to",
    ];
    let told = NAMES.iter().flat_map(|name| fields.all(name));
    let mut all: Vec<EmailAddress> = Vec::new();
    for text in envelope.to.iter().map(String::as_str).chain(told) {
        for address in addresses(text) {
            if !all.contains(&address) && all.len() < super::addresses::ADDRESSES_MAX {
                all.push(address);
            }
        }
    }
    all
}

/// The media type and the report type, from a field that may be badly broken.
fn content_type(value: &str) -> (String, Option<String>) {
    let mut pieces = value.split(';');
    let media_type = pieces
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let report_type = pieces.find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        let value = value.split_whitespace().next()?.trim_matches(['"', '\'']);
        name.trim()
            .eq_ignore_ascii_case("report-type")
            .then(|| value.to_ascii_lowercase())
    });
    (media_type, report_type)
}

fn date(value: &str) -> Option<DateTime<FixedOffset>> {
    let told = mail_parser::DateTime::parse_rfc822(&format!("{value}\r\n"))?;
    DateTime::parse_from_rfc3339(&told.to_rfc3339()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> InboundMail {
        InboundMail::read(text.as_bytes(), &Envelope::default())
    }

    #[test]
    fn a_whole_mail() {
        let mail = InboundMail::read(
            b"From nobody Mon Jan  5 09:00:00 2026\r\nReturn-Path: <ada@x.example>\r\n\
              From: =?utf-8?q?Ada_L=C3=B6velace?= <Ada@X.example>\r\nTo: a@y.example,\r\n b@y.example\r\n\
              Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nMessage-ID: <1@x.example>\r\n\
              References: <r1@y.example>\r\n\t<r2@y.example>\r\nIn-Reply-To: <r2@y.example>\r\n\
              Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\
              Content-Type: text/plain; charset=windows-1252\r\n\r\nHall\xf6chen\r\n",
            &Envelope {
                from: None,
                to: vec!["<reply+x@in.example>".to_owned()],
            },
        );
        assert_eq!(mail.message_id.as_deref(), Some("1@x.example"));
        assert_eq!(mail.references, ["r1@y.example", "r2@y.example"]);
        assert_eq!(mail.in_reply_to, ["r2@y.example"]);
        assert_eq!(mail.from[0].as_str(), "ada@x.example");
        let to: Vec<_> = mail.recipients.iter().map(EmailAddress::as_str).collect();
        assert_eq!(to, ["reply+x@in.example", "a@y.example", "b@y.example"]);
        assert_eq!(mail.subject, "Grüße");
        assert_eq!(mail.text.trim(), "Hallöchen");
        let date = mail.date.expect("a date");
        assert_eq!(date.to_rfc3339(), "2026-01-05T10:00:00+01:00");
        assert!(!mail.null_sender);
    }

    #[test]
    fn html_becomes_text_with_its_quotation_marked() {
        let mail = mail(
            "From: a@x.example\nContent-Type: text/html\n\n<html><head><style>p{}</style></head><body>\
             <p>Yes,&nbsp;please.</p><blockquote>Shall we?</blockquote></body></html>\n",
        );
        assert!(mail.text.contains("Yes,\u{a0}please."), "{:?}", mail.text);
        assert!(mail.text.contains("> Shall we?"), "{:?}", mail.text);
        assert!(!mail.text.contains("p{}"), "{:?}", mail.text);
    }

    #[test]
    fn what_is_no_mail_has_no_header() {
        for text in ["", "\n", "hello", "{\"a\": 1}", "\0\0\0", "a: b"] {
            assert!(!mail(text).is_mail(), "{text:?}");
        }
        assert!(mail("Subject: x").is_mail());
        assert_eq!(mail("Subject: x").subject, "x");
        assert_eq!(mail("Subject: x\rFrom: a@b.example\r\rHi\r").from.len(), 1);
    }

    #[test]
    fn content_types() {
        for (value, expect) in [
            (
                "multipart/report; report-type=delivery-status; boundary=\"x\"",
                ("multipart/report", Some("delivery-status")),
            ),
            (
                "Multipart/Report ;\tboundary=x; Report-Type=\"Feedback-Report\"",
                ("multipart/report", Some("feedback-report")),
            ),
            ("text/plain", ("text/plain", None)),
            ("", ("", None)),
        ] {
            let (media_type, report_type) = content_type(value);
            assert_eq!((media_type.as_str(), report_type.as_deref()), expect);
        }
    }
}
