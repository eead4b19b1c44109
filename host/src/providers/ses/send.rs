//! A mail into the body of POST /v2/email/outbound-emails.
//!
//! `Simple` content takes at most 15 headers, each of less than 996 printable ASCII characters with its name. A
//! mail that fits goes so: SES then writes the MIME, its line lengths and encodings, as it likes them. One that
//! does not (a long thread, a header with accents) goes `Raw`, as the message that we would have written for any
//! mail server, rather than with a header less. Source: SES API v2 reference, `Message`, `MessageHeader` and
//! `EmailContent`; botocore's model of sesv2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::domain::Instant;
use crate::domain::mail::{Mail, Mailbox};
use crate::providers::header::{headers, mailbox, one_line};
use crate::providers::{MESSAGE_ID_KEY, capture};

/// "Array Members: Maximum number of 15 items."
const HEADERS_MAX: usize = 15;
/// "The value of a message header must be less than 996 characters, including the name."
const HEADER_MAX_BYTES: usize = 995;
/// "Can contain no more than 126 characters."
const HEADER_NAME_MAX_BYTES: usize = 126;
/// Of an e-mail tag.
const TAG_MAX_BYTES: usize = 256;
/// Beside the mail's id, under this name.
const TAG_NAME: &str = "followup_tag";
/// SES writes Message-ID itself: "If you provide a Message-ID header, Amazon SES overrides the header with
/// its own value."
const OVERWRITTEN: &str = "Message-ID";
/// SES writes the date too ("overrides it with a timestamp that corresponds to the date and time in the UTC
/// time zone when SES accepted the message"), so one that is always the same keeps the bytes the same.
const ANY_DATE: Instant = Instant(0);
/// Bytes of text in one encoded word: 75 characters of base64 with its frame (RFC 2047, 2).
const WORD_BYTES: usize = 45;

pub(super) fn body(mail: &Mail, configuration_set: Option<&str>) -> Value {
    let mut body = json!({
        "FromEmailAddress": address(&mail.from),
        "Destination": {"ToAddresses": [address(&mail.to)]},
        "Content": content(mail),
        "EmailTags": tags(mail),
    });
    if let Some(reply_to) = &mail.reply_to {
        body["ReplyToAddresses"] = json!([address(reply_to)]);
    }
    if let Some(name) = configuration_set {
        body["ConfigurationSetName"] = json!(name);
    }
    body
}

fn content(mail: &Mail) -> Value {
    let Some(headers) = simple_headers(mail) else {
        let mime = STANDARD.encode(capture::eml(mail, ANY_DATE));
        return json!({"Raw": {"Data": mime}});
    };
    let data = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
    let mut parts = json!({});
    if !mail.text.is_empty() {
        parts["Text"] = data(&mail.text);
    }
    if let Some(html) = mail.html.as_deref().filter(|html| !html.is_empty()) {
        parts["Html"] = data(html);
    }
    json!({"Simple": {"Subject": data(&one_line(&mail.subject)), "Body": parts, "Headers": headers}})
}

/// The headers where `Simple` can carry them all.
fn simple_headers(mail: &Mail) -> Option<Vec<Value>> {
    let headers: Vec<_> = headers(mail)
        .into_iter()
        .filter(|(name, value)| !name.eq_ignore_ascii_case(OVERWRITTEN) && !value.is_empty())
        .collect();
    let fits = |(name, value): &(&str, String)| {
        name.len() <= HEADER_NAME_MAX_BYTES
            && name.len() + value.len() <= HEADER_MAX_BYTES
            && value.bytes().all(|b| (32..=126).contains(&b))
    };
    if headers.len() > HEADERS_MAX || !headers.iter().all(fits) {
        return None;
    }
    let pair = |(name, value): &(&str, String)| json!({"Name": name, "Value": value});
    Some(headers.iter().map(pair).collect())
}

/// Names and values may hold "ASCII letters (a–z, A–Z), numbers (0–9), underscores (_), or dashes (-)".
fn tags(mail: &Mail) -> Vec<Value> {
    let mut tags = vec![json!({"Name": MESSAGE_ID_KEY, "Value": mail.id})];
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
    let tag = mail.tags.iter().find_map(|tag| {
        let tag: String = tag.chars().filter(is_allowed).take(TAG_MAX_BYTES).collect();
        (!tag.is_empty()).then_some(tag)
    });
    tags.extend(tag.map(|tag| json!({"Name": TAG_NAME, "Value": tag})));
    tags
}

/// "If you want to use Unicode characters in the display name, you must encode it using the process described
/// in RFC 2047."
fn address(person: &Mailbox) -> String {
    let name = one_line(person.name.as_deref().unwrap_or_default());
    if name.is_ascii() {
        return mailbox(person);
    }
    let mut words = vec![String::new()];
    for c in name.chars() {
        let last = words.last_mut().expect("one word at least");
        if last.len() + c.len_utf8() > WORD_BYTES {
            words.push(c.to_string());
        } else {
            last.push(c);
        }
    }
    let encoded: Vec<_> = words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)))
        .collect();
    format!("{} <{}>", encoded.join(" "), person.address.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, person, plain_mail};

    #[test]
    fn a_simple_mail() {
        let zoe = STANDARD.encode("Zoë \"Z\" Ünal");
        assert_eq!(
            body(&mail(), Some("followups")),
            json!({
                "FromEmailAddress": "\"Doe, Jane\" <jane@acme.example>",
                "Destination": {"ToAddresses": [format!("=?utf-8?B?{zoe}?= <zoe@example.com>")]},
                "ReplyToAddresses": ["reply+t1@in.acme.example"],
                "ConfigurationSetName": "followups",
                "EmailTags": [
                    {"Name": "followup_message_id", "Value": "msg_abc123"},
                    {"Name": "followup_tag", "Value": "welcome"},
                ],
                "Content": {"Simple": {
                    "Subject": {"Data": "Re: Grüße Bcc: x@example.com", "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": "Hallo Zoë,\n\nalles gut?\n", "Charset": "UTF-8"},
                        "Html": {"Data": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n", "Charset": "UTF-8"},
                    },
                    "Headers": [
                        {"Name": "In-Reply-To", "Value": "<parent@acme.example>"},
                        {"Name": "References", "Value": "<first@acme.example> <parent@acme.example>"},
                        {"Name": "List-Unsubscribe", "Value": "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>"},
                        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                        {"Name": "X-Note", "Value": "a Bcc: x@example.com"},
                    ],
                }},
            })
        );
    }

    #[test]
    fn what_simple_cannot_carry_goes_raw() {
        let mut long_thread = plain_mail();
        long_thread.references = (0..60)
            .map(|i| format!("message-{i}@acme.example"))
            .collect();
        let mut accents = plain_mail();
        accents.headers = vec![("X-Note".to_owned(), "Grüße".to_owned())];
        let mut many = plain_mail();
        many.headers = (0..20)
            .map(|i| (format!("X-{i}"), "a".to_owned()))
            .collect();
        let mut long_name = plain_mail();
        long_name.headers = vec![("X".repeat(127), "a".to_owned())];
        for mail in [long_thread, accents, many, long_name] {
            let content = content(&mail);
            let data = content.pointer("/Raw/Data").and_then(Value::as_str);
            let mime = STANDARD.decode(data.expect("raw")).expect("base64");
            let mime = String::from_utf8_lossy(&mime);
            assert!(
                mime.contains("Reply-To: <reply+t1@in.acme.example>"),
                "{mime}"
            );
            assert_eq!(content, self::content(&mail), "the same bytes");
        }
        let mut short = plain_mail();
        short.references = vec!["a".repeat(980)];
        assert!(content(&short).get("Simple").is_some());
        short.references = vec!["a".repeat(984)];
        assert!(content(&short).get("Raw").is_some());
    }

    #[test]
    fn long_names_are_several_words() {
        let name = "Ünïcödé ".repeat(10);
        let address = address(&person(Some(&name), "u@x.example"));
        assert!(address.split(' ').all(|word| word.len() <= 75), "{address}");
        assert!(address.ends_with(" <u@x.example>"));
    }
}
