//! A mail into POST /v3/{domain}/messages.
//!
//! "Body: multipart/form-data" is the only form that Mailgun's OpenAPI document knows. Reply-To and all
//! further headers stand under `h:`, our id under `v:`, which comes back as `user-variables`.
//! "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total."

use crate::domain::http::{Method, Request};
use crate::domain::mail::Mail;
use crate::providers::header::{headers, mailbox, one_line};
use crate::providers::{MESSAGE_ID_KEY, form};

/// "Tags are case insensitive and should be ascii only. Maximum tag length is 128 characters", "a single
/// message may be marked with up to 3 tags" (mailgun/documentation, user manual; its successor says neither
/// in the OpenAPI document, so the narrowest holds).
const TAG_MAX_CHARS: usize = 128;
const TAGS_MAX: usize = 3;

pub(super) fn request(url: &str, authorization: String, mail: &Mail) -> Request {
    let (content_type, body) = form::multipart(&fields(mail));
    Request {
        method: Method::Post,
        url: url.to_owned(),
        headers: vec![
            ("authorization", authorization),
            ("content-type", content_type),
        ],
        body,
    }
}

fn fields(mail: &Mail) -> Vec<(String, String)> {
    let mut fields = vec![
        ("from".to_owned(), mailbox(&mail.from)),
        ("to".to_owned(), mailbox(&mail.to)),
        ("subject".to_owned(), one_line(&mail.subject)),
        ("text".to_owned(), mail.text.clone()),
    ];
    let html = mail
        .html
        .iter()
        .map(|html| ("html".to_owned(), html.clone()));
    fields.extend(html);
    fields.retain(|(_, value)| !value.is_empty());
    if let Some(reply_to) = &mail.reply_to {
        fields.push(("h:Reply-To".to_owned(), mailbox(reply_to)));
    }
    let named = |(name, value): (&str, String)| (format!("h:{name}"), value);
    fields.extend(headers(mail).into_iter().map(named));
    let tags = mail.tags.iter().filter_map(|tag| tag_of(tag));
    fields.extend(tags.take(TAGS_MAX).map(|tag| ("o:tag".to_owned(), tag)));
    // Links are ours to count. The footer of "unsubscribe tracking" can be turned off for the whole
    // domain only.
    for option in ["o:tracking", "o:tracking-clicks", "o:tracking-opens"] {
        fields.push((option.to_owned(), "no".to_owned()));
    }
    fields.push((format!("v:{MESSAGE_ID_KEY}"), mail.id.clone()));
    fields
}

fn tag_of(tag: &str) -> Option<String> {
    let tag: String = tag
        .chars()
        .filter(char::is_ascii_graphic)
        .take(TAG_MAX_CHARS)
        .collect();
    (!tag.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_fields() {
        let fields = fields(&mail());
        let texts: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            texts,
            [
                "from=\"Doe, Jane\" <jane@acme.example>",
                "to=\"Zoë \\\"Z\\\" Ünal\" <zoe@example.com>",
                "subject=Re: Grüße Bcc: x@example.com",
                "text=Hallo Zoë,\n\nalles gut?\n",
                "html=<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n",
                "h:Reply-To=reply+t1@in.acme.example",
                "h:Message-ID=<msg_abc123@acme.example>",
                "h:In-Reply-To=<parent@acme.example>",
                "h:References=<first@acme.example> <parent@acme.example>",
                "h:List-Unsubscribe=<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
                "h:List-Unsubscribe-Post=List-Unsubscribe=One-Click",
                "h:X-Note=a Bcc: x@example.com",
                "o:tag=welcome",
                "o:tracking=no",
                "o:tracking-clicks=no",
                "o:tracking-opens=no",
                "v:followup_message_id=msg_abc123",
            ]
        );
    }

    #[test]
    fn the_same_mail_gives_the_same_bytes() {
        let request = || request("https://x/v3/d/messages", "Basic x".to_owned(), &mail());
        assert_eq!(request(), request());
        assert!(!format!("{:?}", request()).contains("Basic x"));
    }

    #[test]
    fn empty_parts_and_odd_tags_are_left_out() {
        let mut plain = plain_mail();
        plain.tags = ["", "Frühling 26", &"x".repeat(200), "c", "d"]
            .map(str::to_owned)
            .to_vec();
        let fields = fields(&plain);
        assert!(fields.iter().all(|(name, _)| name != "html"));
        let tags: Vec<_> = fields
            .iter()
            .filter(|(name, _)| name == "o:tag")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(tags, ["Frhling26", &"x".repeat(TAG_MAX_CHARS), "c"]);
    }
}
