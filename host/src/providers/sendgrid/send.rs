//! A mail into POST /v3/mail/send.
//!
//! Source: SendGrid's OpenAPI document of the Mail API, "Mail Send".

use serde_json::{Map, Value, json};

use crate::domain::mail::{Mail, Mailbox};
use crate::providers::MESSAGE_ID_KEY;
use crate::providers::header::{headers, one_line};

/// `custom_args` stands in the personalization, where it is an object for both the specification and
/// SendGrid's own client; at the top level they disagree. `Message-ID`, `In-Reply-To`, `References` and
/// `List-Unsubscribe` are not among the headers that SendGrid reserves.
pub(super) fn body(mail: &Mail) -> Value {
    let headers: Map<_, _> = headers(mail)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let mut body = json!({
        "personalizations": [{
            "to": [mailbox(&mail.to)],
            "custom_args": { MESSAGE_ID_KEY: mail.id },
        }],
        "from": mailbox(&mail.from),
        "subject": one_line(&mail.subject),
        "content": content(mail),
        "headers": headers,
        "categories": categories(mail),
        // Links and opens are ours to count: a rewritten link is one more reason for a spam filter, and the
        // click on it would be reported under an address we never sent.
        // And a second way out below ours, leading to a list we do not see, would confuse everybody.
        "tracking_settings": {
            "click_tracking": {"enable": false, "enable_text": false},
            "open_tracking": {"enable": false},
            "subscription_tracking": {"enable": false},
        },
    });
    if let Some(reply_to) = &mail.reply_to {
        body["reply_to"] = mailbox(reply_to);
    }
    body
}

/// "Each category name may not exceed 255 characters", at most 10, all different.
fn categories(mail: &Mail) -> Vec<String> {
    let cut = |tag: &String| tag.chars().take(CATEGORY_MAX_CHARS).collect::<String>();
    let mut categories: Vec<String> = Vec::new();
    for category in mail.tags.iter().map(cut) {
        if !category.is_empty() && !categories.contains(&category) {
            categories.push(category);
        }
    }
    categories.truncate(CATEGORIES_MAX);
    categories
}

const CATEGORY_MAX_CHARS: usize = 255;
const CATEGORIES_MAX: usize = 10;

/// Plain text "must come first, followed by text/html", and an empty part is refused.
fn content(mail: &Mail) -> Vec<Value> {
    let html = mail.html.as_ref().map(|html| ("text/html", html));
    [("text/plain", &mail.text)]
        .into_iter()
        .chain(html)
        .filter(|(_, value)| !value.is_empty())
        .map(|(media_type, value)| json!({"type": media_type, "value": value}))
        .collect()
}

fn mailbox(mailbox: &Mailbox) -> Value {
    let mut value = json!({"email": mailbox.address.as_str()});
    let name = one_line(mailbox.name.as_deref().unwrap_or_default());
    if !name.is_empty() {
        value["name"] = json!(name);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::{mail, plain_mail};

    #[test]
    fn the_body() {
        assert_eq!(
            body(&mail()),
            json!({
                "personalizations": [{
                    "to": [{"email": "zoe@example.com", "name": "Zoë \"Z\" Ünal"}],
                    "custom_args": {"followup_message_id": "msg_abc123"},
                }],
                "from": {"email": "jane@acme.example", "name": "Doe, Jane"},
                "reply_to": {"email": "reply+t1@in.acme.example"},
                "subject": "Re: Grüße Bcc: x@example.com",
                "content": [
                    {"type": "text/plain", "value": "Hallo Zoë,\n\nalles gut?\n"},
                    {"type": "text/html", "value": "<p>Hallo Zoë,</p>\n<p>alles gut?</p>\n"},
                ],
                "headers": {
                    "Message-ID": "<msg_abc123@acme.example>",
                    "In-Reply-To": "<parent@acme.example>",
                    "References": "<first@acme.example> <parent@acme.example>",
                    "List-Unsubscribe": "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Note": "a Bcc: x@example.com",
                },
                "categories": ["welcome"],
                "tracking_settings": {
                    "click_tracking": {"enable": false, "enable_text": false},
                    "open_tracking": {"enable": false},
                    "subscription_tracking": {"enable": false},
                },
            })
        );
    }

    #[test]
    fn a_plain_message_has_one_part() {
        assert_eq!(
            content(&plain_mail()),
            [json!({"type": "text/plain", "value": "Hallo Zoë,\n\nalles gut?\n"})]
        );
    }

    /// "uniqueItems": a category that stands twice is refused with the mail.
    #[test]
    fn categories_are_all_different() {
        let mut mail = mail();
        mail.tags = ["a", "b", "a", "", "c"].map(str::to_owned).to_vec();
        assert_eq!(body(&mail)["categories"], json!(["a", "b", "c"]));
        mail.tags = (0..12).map(|n| format!("t{n}")).collect();
        assert_eq!(body(&mail)["categories"].as_array().map(Vec::len), Some(10));
    }
}
