//! A received mail put together again of the parts that a provider tells.
//!
//! In: header lines as they were, the text, the markup, and what was attached. Out: a mail in RFC 5322
//! form that reads like the one that came: the classifier lives on its headers (Auto-Submitted,
//! References, Content-Type of a report) and on the parts of reports. Pictures and documents tell it
//! nothing and are left out. Never invents a header that the sender did not write.

use super::header::one_line;
use crate::domain::digest;

/// What a provider told of a mail.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// As they stood in the mail, in their order, decoded or not.
    headers: Vec<(String, String)>,
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<Attachment>,
}

#[derive(Debug)]
struct Attachment {
    media_type: String,
    bytes: Vec<u8>,
}

impl Parts {
    /// A header as the provider lists it.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        let is_name =
            !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b) && b != b':');
        if is_name {
            self.headers.push((name.to_owned(), one_line(value)));
        }
    }

    /// A header that the provider tells apart from the others, unless it is among them too.
    pub(super) fn header_if_missing(&mut self, name: &str, value: &str) {
        if !value.trim().is_empty() && self.get(name).is_none() {
            self.header(name, value);
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.text = Some(text.to_owned()).filter(|text| !text.is_empty());
    }

    pub(super) fn html(&mut self, html: &str) {
        self.html = Some(html.to_owned()).filter(|html| !html.is_empty());
    }

    /// Kept where it is text or (part of) another mail.
    pub(super) fn attachment(&mut self, media_type: &str, bytes: Vec<u8>) {
        let media_type = one_line(media_type);
        let kind = media_type.to_ascii_lowercase();
        if kind.starts_with("text/") || kind.starts_with("message/") {
            self.attachments.push(Attachment { media_type, bytes });
        }
    }

    /// The mail.
    pub(super) fn into_mail(self) -> Vec<u8> {
        let mut mail = String::new();
        for (name, value) in &self.headers {
            if !is_of_the_body(name) {
                mail.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        mail.push_str("MIME-Version: 1.0\r\n");
        let mut mail = mail.into_bytes();
        let container = self.container();
        let mut sections: Vec<(String, Vec<u8>)> = Vec::new();
        let written = [("text/plain", self.text), ("text/html", self.html)];
        for (media_type, part) in written {
            let part = part.map(String::into_bytes);
            sections.extend(part.map(|part| (format!("{media_type}; charset=utf-8"), part)));
        }
        let attached = self.attachments.into_iter();
        sections.extend(attached.map(|part| (part.media_type, part.bytes)));
        match container {
            None => {
                let empty = || ("text/plain; charset=utf-8".to_owned(), Vec::new());
                let (media_type, body) = sections.pop().unwrap_or_else(empty);
                section(&mut mail, &media_type, &body);
            }
            Some(container) => {
                // A hash of the parts: no part can contain the hash of itself.
                let bodies: Vec<_> = sections.iter().map(|(_, body)| &body[..]).collect();
                let boundary = digest::id("part", &bodies);
                let head = format!("Content-Type: {container}; boundary=\"{boundary}\"\r\n\r\n");
                mail.extend_from_slice(head.as_bytes());
                for (media_type, body) in &sections {
                    mail.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
                    section(&mut mail, media_type, body);
                    mail.extend_from_slice(b"\r\n");
                }
                mail.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
            }
        }
        mail
    }

    /// What holds the parts; none where there is one part only. A report stays a report.
    fn container(&self) -> Option<String> {
        let told = self.get("content-type").unwrap_or_default();
        if told.to_ascii_lowercase().starts_with("multipart/report") {
            let parameters = told
                .split(';')
                .skip(1)
                .map(str::trim)
                .filter(|parameter| parameter.to_ascii_lowercase().starts_with("report-type"));
            let kept: String = parameters.map(|p| format!("; {p}")).collect();
            return Some(format!("multipart/report{kept}"));
        }
        let written = usize::from(self.text.is_some()) + usize::from(self.html.is_some());
        match (written, self.attachments.len()) {
            (0 | 1, 0) | (0, 1) => None,
            (_, 0) => Some("multipart/alternative".to_owned()),
            _ => Some("multipart/mixed".to_owned()),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Headers that speak of the bytes below them, which are others now.
fn is_of_the_body(name: &str) -> bool {
    ["content-type", "content-transfer-encoding", "mime-version"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

/// Its bytes as they are: nothing here goes over a wire that is not 8 bits wide.
fn section(mail: &mut Vec<u8>, media_type: &str, body: &[u8]) {
    let head = format!("Content-Type: {media_type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    mail.extend_from_slice(head.as_bytes());
    mail.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Parts {
        let mut parts = Parts::default();
        parts.header("From", "Zoë <zoe@example.com>");
        parts.header("Auto-Submitted", "auto-replied\r\nBcc: x@example.com");
        parts.header("Bad Name:", "x");
        parts.header("Content-Transfer-Encoding", "base64");
        parts.header_if_missing("from", "other@example.com");
        parts.header_if_missing("Subject", "Weg");
        parts
    }

    fn mail(parts: Parts) -> String {
        String::from_utf8(parts.into_mail()).expect("UTF-8")
    }

    #[test]
    fn one_part_stands_alone() {
        let mut parts = told();
        parts.text("Bin weg.\r\n");
        parts.attachment("image/png", vec![0, 255]);
        assert_eq!(
            mail(parts),
            "From: Zoë <zoe@example.com>\r\n\
             Auto-Submitted: auto-replied Bcc: x@example.com\r\n\
             Subject: Weg\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n\
             Bin weg.\r\n"
        );
    }

    #[test]
    fn containers() {
        let container = |content_type: &str, attached: &str| {
            let mut parts = told();
            parts.header("Content-Type", content_type);
            parts.text("a");
            parts.html("<p>a");
            if !attached.is_empty() {
                parts.attachment(attached, b"Status: 5.1.1".to_vec());
            }
            parts.container()
        };
        for (content_type, attached, expect) in [
            ("multipart/mixed; boundary=x", "", "multipart/alternative"),
            ("", "application/pdf", "multipart/alternative"),
            ("", "text/calendar", "multipart/mixed"),
            (
                "Multipart/Report; boundary=x; report-type=delivery-status",
                "message/delivery-status",
                "multipart/report; report-type=delivery-status",
            ),
        ] {
            assert_eq!(container(content_type, attached).as_deref(), Some(expect));
        }
    }

    #[test]
    fn a_report_keeps_its_parts() {
        let mut parts = told();
        parts.header(
            "Content-Type",
            "multipart/report; report-type=delivery-status",
        );
        parts.text("gone");
        parts.attachment("message/delivery-status", b"Status: 5.1.1\r\n".to_vec());
        let mail = mail(parts);
        assert_eq!(mail.matches("\r\n--part_").count(), 3, "{mail}");
        assert!(
            mail.contains("Content-Type: message/delivery-status\r\n"),
            "{mail}"
        );
        assert!(mail.ends_with("--\r\n"), "{mail}");
    }
}
