//! The provider for trying things out: every mail becomes an RFC 5322 file that mail programs open.
//!
//! In: a mail and the moment. Out: the bytes and the name of the file; `deliver` writes it. The name
//! is that of the message alone, so that writing one again after a crash replaces the same file: one
//! message is one file, whatever happens.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use super::header::{bare_id, one_line, own};
use crate::domain::mail::{Mail, Mailbox};
use crate::domain::{Instant, digest};

/// The header that carries our id.
pub const MESSAGE_ID_HEADER: &str = "X-Followup-Message-Id";

/// The mail as it would go over the wire. The same mail at the same moment gives the same bytes.
pub fn eml(mail: &Mail, now: Instant) -> Vec<u8> {
    let mut message = MessageBuilder::new()
        .from(address(&mail.from))
        .to(address(&mail.to))
        .subject(one_line(&mail.subject))
        .date(now.0.div_euclid(1000))
        .message_id(bare_id(&mail.message_id))
        .header(MESSAGE_ID_HEADER, Raw::new(bare_id(&mail.id)));
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(address(reply_to));
    }
    if let Some(parent) = &mail.in_reply_to {
        message = message.in_reply_to(bare_id(parent));
    }
    if !mail.references.is_empty() {
        let ids = mail.references.iter().map(|id| bare_id(id));
        message = message.references(MessageId::new_list(ids));
    }
    for (name, value) in own(mail) {
        message = message.header(name.to_owned(), Raw::new(value));
    }
    let text = MimePart::new("text/plain", mail.text.as_str());
    let body = match &mail.html {
        None => text,
        Some(html) => {
            let kind =
                ContentType::new("multipart/alternative").attribute("boundary", boundary(mail));
            let html = MimePart::new("text/html", html.as_str());
            MimePart::new(kind, vec![text, html])
        }
    };
    let mut bytes = Vec::new();
    message.body(body).serialize(&mut bytes);
    bytes
}

/// The name of the message's file.
pub fn file_name(mail: &Mail) -> String {
    let id: String = mail
        .id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("{id}.eml")
}

/// A hash of the parts: no part can contain the hash of itself.
fn boundary(mail: &Mail) -> String {
    let html = mail.html.as_deref().unwrap_or_default();
    let parts = [&mail.id, &mail.text, html].map(str::as_bytes);
    digest::id("part", &parts)
}

fn address(mailbox: &Mailbox) -> Address<'static> {
    let name = one_line(mailbox.name.as_deref().unwrap_or_default());
    Address::new_address(
        Some(name).filter(|name| !name.is_empty()),
        mailbox.address.as_str().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    const NINE: Instant = Instant(1_772_442_000_250);

    #[test]
    fn the_file() {
        let bytes = eml(&mail(), NINE);
        assert_eq!(
            bytes,
            eml(&mail(), NINE),
            "the same mail gives the same bytes"
        );
        let text = String::from_utf8(bytes).expect("ASCII");
        let boundary = boundary(&mail());
        for line in [
            "From: \"Doe, Jane\" <jane@acme.example>",
            "Reply-To: <reply+t1@in.acme.example>",
            "Date: Mon, 2 Mar 2026 09:00:00 +0000",
            "Message-ID: <msg_abc123@acme.example>",
            "In-Reply-To: <parent@acme.example>",
            "References: <first@acme.example> <parent@acme.example>",
            "X-Followup-Message-Id: msg_abc123",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "MIME-Version: 1.0",
            &format!("--{boundary}--"),
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
        assert_eq!(text.matches("\nContent-Type: ").count(), 3, "{text}");
        let plain = text.find("text/plain").expect("a plain part");
        assert!(plain < text.find("text/html").expect("an HTML part"));
    }

    #[test]
    fn a_plain_message_has_one_part() {
        let text = String::from_utf8(eml(&plain_mail(), NINE)).expect("ASCII");
        assert!(text.contains("Content-Type: text/plain"), "{text}");
        assert!(
            !text.contains("multipart") && !text.contains("text/html"),
            "{text}"
        );
    }

    #[test]
    fn nothing_in_a_mail_becomes_a_header() {
        let mut hostile = mail();
        hostile.message_id = "a>\r\nBcc: b@x.example".to_owned();
        hostile.references = vec!["c\r\nBcc: d@x.example".to_owned()];
        hostile.to.name = Some("E\r\nBcc: f@x.example".to_owned());
        hostile.id = "msg\r\nBcc: g@x.example".to_owned();
        let text = String::from_utf8(eml(&hostile, NINE)).expect("ASCII");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.to_lowercase().contains("\nbcc:"), "{head}");
        assert!(
            text.lines().all(|line| line.len() <= 998),
            "RFC 5322, 2.1.1"
        );
    }

    #[test]
    fn names_of_files() {
        let mut mail = mail();
        assert_eq!(file_name(&mail), "msg_abc123.eml");
        mail.id = "../../etc/passwd".to_owned();
        assert_eq!(file_name(&mail), "______etc_passwd.eml");
    }
}
