//! A received mail put together again, for providers that hand it over in parts.
//!
//! In: all headers that the mail had, the parts as the provider decoded them. Out: RFC 5322 bytes that
//! read as the original did: every header stays in its order and place, since the classifier of inbound
//! mail lives on them; only those that tell the encoding are written anew, and a report stays a
//! report. The same parts give the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::header::one_line;
use crate::domain::digest;

/// What a provider told of a mail.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// In their order, names as they were written.
    pub headers: Vec<(String, String)>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub files: Vec<File>,
}

/// An attachment, or a part of a report.
#[derive(Debug, Default)]
pub(super) struct File {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Parts {
    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// A header that the provider tells apart from the others, unless it is among them too.
    pub(super) fn header_if_missing(&mut self, name: &str, value: &str) {
        let is_there = |(n, _): &(String, String)| n.eq_ignore_ascii_case(name);
        if !value.trim().is_empty() && !self.headers.iter().any(is_there) {
            self.header(name, value);
        }
    }
}

/// They tell how the original was encoded, which this one is not.
const ENCODING: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "mime-version",
];

/// Characters of base64 in a line (RFC 2045, 6.8).
const LINE_BYTES: usize = 76;

/// The mail's bytes.
pub(super) fn mail(parts: &Parts) -> Vec<u8> {
    let mut bytes = Vec::new();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b) && b != b':');
    for (name, value) in &parts.headers {
        if is_name(name) && !ENCODING.contains(&name.to_ascii_lowercase().as_str()) {
            bytes.extend_from_slice(format!("{name}: {}\r\n", one_line(value)).as_bytes());
        }
    }
    bytes.extend_from_slice(b"MIME-Version: 1.0\r\n");
    bytes.extend(body(parts));
    bytes
}

/// The headers and the content of the outermost part.
fn body(parts: &Parts) -> Vec<u8> {
    let report = report_type(parts);
    let words = words(parts);
    if parts.files.is_empty() && report.is_none() {
        return words;
    }
    let kind = match report {
        Some(report) => format!("multipart/report; report-type={report}"),
        None => "multipart/mixed".to_owned(),
    };
    let files = parts.files.iter().map(file);
    multipart(&kind, &[words].into_iter().chain(files).collect::<Vec<_>>())
}

/// What people read: plain, HTML or both.
fn words(parts: &Parts) -> Vec<u8> {
    let part = |media_type: &str, text: &str| {
        let head = format!(
            "Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        );
        [head.as_bytes(), text.as_bytes()].concat()
    };
    let text = parts.text.as_deref().unwrap_or_default();
    match parts.html.as_deref().filter(|html| !html.is_empty()) {
        None => part("text/plain", text),
        Some(html) if text.is_empty() => part("text/html", html),
        Some(html) => multipart(
            "multipart/alternative",
            &[part("text/plain", text), part("text/html", html)],
        ),
    }
}

/// Parts of reports stay readable as they are (RFC 3464 wants them in seven bits); the rest is base64.
fn file(file: &File) -> Vec<u8> {
    let content_type = file.content_type.as_deref().map(one_line);
    let content_type = content_type
        .filter(|text| text.contains('/'))
        .unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut part = format!("Content-Type: {content_type}\r\n").into_bytes();
    if let Some(name) = &file.name {
        let name = one_line(name).replace(['"', '\\'], "_");
        let line = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
        part.extend_from_slice(line.as_bytes());
    }
    let lower = content_type.to_ascii_lowercase();
    if lower.starts_with("message/") || lower.starts_with("text/") {
        part.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n\r\n");
        part.extend_from_slice(&file.bytes);
        return part;
    }
    part.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    for line in STANDARD.encode(&file.bytes).as_bytes().chunks(LINE_BYTES) {
        part.extend_from_slice(line);
        part.extend_from_slice(b"\r\n");
    }
    part
}

fn multipart(kind: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let slices: Vec<_> = parts.iter().map(Vec::as_slice).collect();
    let boundary = digest::id("part", &slices);
    let mut bytes = format!("Content-Type: {kind}; boundary=\"{boundary}\"\r\n\r\n").into_bytes();
    for part in parts {
        bytes.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    bytes
}

/// The kind of report that the original said it was: `delivery-status`, `feedback-report`, ...
fn report_type(parts: &Parts) -> Option<String> {
    let is_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
    let (_, value) = parts.headers.iter().find(is_type)?;
    let lower = value.to_ascii_lowercase();
    let (_, rest) = lower
        .trim_start()
        .strip_prefix("multipart/report")?
        .split_once("report-type=")?;
    let is_end = |c: char| c == ';' || c == '"' || c.is_whitespace();
    let rest = rest.trim_start_matches('"');
    let word = rest.split(is_end).next()?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!word.is_empty() && word.chars().all(is_word)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_persons_mail() {
        let parts = Parts {
            headers: headers(&[
                ("From", "Zoë <zoe@example.com>"),
                ("In-Reply-To", "<msg_a@acme.example>"),
                ("Content-Type", "multipart/mixed; boundary=\"x\""),
                ("X-Bad", "a\r\nBcc: b@x.example"),
                ("Bad Name", "x"),
            ]),
            text: Some("Grüße,\nZoë".to_owned()),
            html: Some("<p>Grüße</p>".to_owned()),
            files: vec![File {
                name: Some("a\"b.bin".to_owned()),
                content_type: Some("application/pdf".to_owned()),
                bytes: vec![0xff; 100],
            }],
        };
        let bytes = mail(&parts);
        assert_eq!(bytes, mail(&parts), "the same parts give the same bytes");
        let read = MessageParser::default().parse(&bytes).expect("a mail");
        assert_eq!(
            read.header_raw("In-Reply-To"),
            Some(" <msg_a@acme.example>\r\n")
        );
        assert!(read.header("Bcc").is_none() && read.header("Bad Name").is_none());
        assert_eq!(read.body_text(0).as_deref(), Some("Grüße,\nZoë"));
        assert_eq!(read.body_html(0).as_deref(), Some("<p>Grüße</p>"));
        let file = read.attachment(0).expect("the file");
        assert_eq!(file.contents(), [0xff; 100]);
        assert_eq!(file.attachment_name(), Some("a_b.bin"));
    }

    #[test]
    fn a_report_stays_one() {
        let report = "multipart/report; boundary=x;\n report-type=\"delivery-status\"";
        let parts = Parts {
            headers: headers(&[("Subject", "Undelivered"), ("Content-Type", report)]),
            text: Some("It could not be delivered.".to_owned()),
            html: None,
            files: vec![File {
                name: None,
                content_type: Some("message/delivery-status".to_owned()),
                bytes: b"Final-Recipient: rfc822; zoe@example.com\r\nStatus: 5.1.1\r\n".to_vec(),
            }],
        };
        let bytes = mail(&parts);
        let read = MessageParser::default().parse(&bytes).expect("a mail");
        let kind = read.content_type().expect("a type");
        assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.contains("\r\nStatus: 5.1.1\r\n"), "{text}");
    }

    #[test]
    fn one_part_is_enough() {
        let plain = Parts {
            text: Some("Hi".to_owned()),
            ..Parts::default()
        };
        let text = String::from_utf8(mail(&plain)).expect("UTF-8");
        assert!(text.ends_with("charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHi"));
        let html = Parts {
            html: Some("<p>Hi</p>".to_owned()),
            ..Parts::default()
        };
        let text = String::from_utf8(mail(&html)).expect("UTF-8");
        assert!(
            text.contains("text/html") && !text.contains("multipart"),
            "{text}"
        );
    }
}
