//! Header values made of what CRMs and templates wrote.
//!
//! "Strip CR LF NUL from every header value made of CRM data": a line break inside a value is another
//! header (header injection). RFC 5322, 2.2 and 3.6.4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::mail::{Mail, Mailbox};

/// The text without control characters, on one line.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A message id as it stands in a header: in angle brackets, nothing in it but itself.
pub(super) fn bracketed(id: &str) -> String {
    format!("<{}>", bare_id(id))
}

/// A message id without what would end it early.
pub(super) fn bare_id(id: &str) -> String {
    id.chars()
        .filter(|c| !c.is_control() && !c.is_whitespace() && !"<>".contains(*c))
        .collect()
}

/// The headers that providers take as they are: Message-ID, for an answer In-Reply-To and References
/// ("the contents of the parent's References field followed by the contents of the parent's
/// Message-ID", RFC 5322, 3.6.4), and the mail's own.
pub(super) fn headers(mail: &Mail) -> Vec<(&str, String)> {
    let mut headers = vec![("Message-ID", bracketed(&mail.message_id))];
    if let Some(parent) = &mail.in_reply_to {
        headers.push(("In-Reply-To", bracketed(parent)));
    }
    if !mail.references.is_empty() {
        let ids: Vec<_> = mail.references.iter().map(|id| bracketed(id)).collect();
        headers.push(("References", ids.join(" ")));
    }
    headers.extend(own(mail));
    headers
}

/// The mail's own headers, such as List-Unsubscribe. RFC 5322 2.2: "A field name MUST be composed of
/// printable US-ASCII characters (i.e., characters that have values between 33 and 126, inclusive),
/// except colon."
pub(super) fn own(mail: &Mail) -> impl Iterator<Item = (&str, String)> {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b) && b != b':');
    mail.headers
        .iter()
        .filter(move |(name, _)| is_name(name))
        .map(|(name, value)| (name.as_str(), one_line(value)))
}

/// `Name <address>`, the name in quotes where it holds one of RFC 5322's specials.
pub(super) fn mailbox(mailbox: &Mailbox) -> String {
    let address = mailbox.address.as_str();
    let name = one_line(mailbox.name.as_deref().unwrap_or_default());
    if name.is_empty() {
        address.to_owned()
    } else if name.chars().any(is_special) {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\" <{address}>")
    } else {
        format!("{name} <{address}>")
    }
}

/// RFC 5322, 3.2.3.
pub(super) fn is_special(c: char) -> bool {
    "()<>[]:;@\\,.\"".contains(c)
}

/// The text as encoded words (RFC 2047, 2: "may not be more than 75 characters long"), each whole
/// characters only.
pub(super) fn encoded_word(text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        let full = |word: &String| word.len() + c.len_utf8() > ENCODED_MAX_BYTES;
        if words.last().is_none_or(full) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let encoded = words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

/// In base64 60 characters, with what stands around them 72.
const ENCODED_MAX_BYTES: usize = 45;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::EmailAddress;

    /// A mailbox for the tests of the providers.
    pub(in crate::providers) fn person(name: Option<&str>, address: &str) -> Mailbox {
        Mailbox {
            name: name.map(str::to_owned),
            address: EmailAddress::parse(address).expect("an address"),
        }
    }

    /// An answer in a thread, with all that is hard: commas, umlauts, a line break.
    pub(in crate::providers) fn mail() -> Mail {
        Mail {
            id: "msg_abc123".to_owned(),
            from: person(Some("Doe, Jane"), "jane@acme.example"),
            to: person(Some("Zoë \"Z\" Ünal"), "zoe@example.com"),
            reply_to: Some(person(None, "reply+t1@in.acme.example")),
            subject: "Re: Grüße\r\nBcc: x@example.com".to_owned(),
            text: "Hallo Zoë,\n\nalles gut?\n".to_owned(),
            html: Some("<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n".to_owned()),
            message_id: "msg_abc123@acme.example".to_owned(),
            in_reply_to: Some("parent@acme.example".to_owned()),
            references: vec![
                "first@acme.example".to_owned(),
                "parent@acme.example".to_owned(),
            ],
            headers: [
                (
                    "List-Unsubscribe",
                    "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
                ),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
                ("X-Note", "a\r\nBcc: x@example.com\0"),
                ("Bad Name:", "x"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            links: Vec::new(),
            tags: vec!["welcome".to_owned()],
        }
    }

    /// The same without an HTML part.
    pub(in crate::providers) fn plain_mail() -> Mail {
        Mail {
            html: None,
            ..mail()
        }
    }

    #[test]
    fn encoded_words() {
        assert_eq!(encoded_word("Zoë"), "=?utf-8?B?Wm/Dqw==?=");
        let long = encoded_word(&"ü".repeat(50));
        assert_eq!(long.split(' ').count(), 3, "{long}");
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn mailboxes() {
        for (name, expect) in [
            (None, "a@x.example"),
            (Some("  "), "a@x.example"),
            (Some("Ada Lovelace"), "Ada Lovelace <a@x.example>"),
            (Some("Müller GmbH"), "Müller GmbH <a@x.example>"),
            (Some("Doe, Jane"), "\"Doe, Jane\" <a@x.example>"),
            (Some("A \"B\" \\"), "\"A \\\"B\\\" \\\\\" <a@x.example>"),
            (
                Some("A\r\nBcc: b@x.example"),
                "\"A Bcc: b@x.example\" <a@x.example>",
            ),
        ] {
            assert_eq!(mailbox(&person(name, "a@x.example")), expect);
        }
    }

    #[test]
    fn threads_and_the_mails_own() {
        assert_eq!(
            headers(&mail()),
            [
                ("Message-ID", "<msg_abc123@acme.example>".to_owned()),
                ("In-Reply-To", "<parent@acme.example>".to_owned()),
                (
                    "References",
                    "<first@acme.example> <parent@acme.example>".to_owned()
                ),
                (
                    "List-Unsubscribe",
                    "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>"
                        .to_owned()
                ),
                (
                    "List-Unsubscribe-Post",
                    "List-Unsubscribe=One-Click".to_owned()
                ),
                ("X-Note", "a Bcc: x@example.com".to_owned()),
            ]
        );
        assert_eq!(bracketed("a>\r\nBcc: b@x"), "<aBcc:b@x>");
    }
}
