//! Mails that a receipt rule publishes to a topic: whole, in `content`.
//!
//! "This action includes a complete copy of the email content in the Amazon SNS notifications. Amazon SNS
//! notifications for all other actions simply provide information about the email." And: "you can only
//! publish emails that are 150 KB or less (including the header) to Amazon SNS. Larger emails bounce."
//! Source: SES API reference, `SNSAction`; SES developer guide, "Examples of notifications for Amazon SES
//! email receiving".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::connector::{RawMail, Received};
use crate::domain::fields;
use crate::domain::hook::Malformed;

pub(super) fn mail(message: &Value) -> Result<Received, Malformed> {
    if fields::text(message, "notificationType") != Some("Received") {
        return Err(Malformed(
            "it is no received mail: subscribe the topic of events to the address of events"
                .to_owned(),
        ));
    }
    let action = message.pointer("/receipt/action").unwrap_or(&Value::Null);
    match fields::text(action, "type") {
        Some("SNS") => {}
        Some("S3") => {
            return Err(Malformed(
                "the receipt rule puts mails into S3 and only tells of them: Followup reads no buckets, so give \
                 the rule an SNS action with the encoding Base64"
                    .to_owned(),
            ));
        }
        other => {
            return Err(Malformed(format!(
                "the notification is of the action {}, without the mail: give the receipt rule an SNS action",
                other.unwrap_or("(none)")
            )));
        }
    }
    let content = fields::text(message, "content").unwrap_or_default();
    // "The default value is UTF-8", which "may not preserve all special characters".
    let is_base64 = fields::text(action, "encoding")
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    let bytes = if is_base64 {
        let lines: String = content.split_whitespace().collect();
        STANDARD
            .decode(lines)
            .map_err(|_| Malformed("`content` is no base64".to_owned()))?
    } else {
        content.as_bytes().to_vec()
    };
    let recipients = message.pointer("/receipt/recipients");
    Ok(Received::Whole(RawMail {
        bytes,
        envelope_from: message
            .pointer("/mail/source")
            .and_then(Value::as_str)
            .map(|from| if from.is_empty() { "<>" } else { from }.to_owned()),
        envelope_to: recipients
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contents() {
        let message = |action: Value, content: &str| {
            json!({"notificationType": "Received", "content": content,
                "receipt": {"action": action, "recipients": ["reply+t@in.acme.example"]},
                "mail": {"source": ""}})
        };
        for (action, content) in [
            (json!({"type": "SNS"}), "From: a\r\n\r\nHi"),
            (
                json!({"type": "SNS", "encoding": "UTF8"}),
                "From: a\r\n\r\nHi",
            ),
            (
                json!({"type": "SNS", "encoding": "BASE64"}),
                "RnJvbTogYQ0K\r\nDQpIaQ==",
            ),
        ] {
            let expect = RawMail {
                bytes: b"From: a\r\n\r\nHi".to_vec(),
                envelope_from: Some("<>".to_owned()),
                envelope_to: vec!["reply+t@in.acme.example".to_owned()],
            };
            assert_eq!(mail(&message(action, content)), Ok(Received::Whole(expect)));
        }
        for (wrong, word) in [
            (message(json!({"type": "S3", "bucketName": "b"}), ""), "S3"),
            (message(json!({"type": "Lambda"}), ""), "Lambda"),
            (message(json!(null), ""), "(none)"),
            (
                message(json!({"type": "SNS", "encoding": "BASE64"}), "!"),
                "base64",
            ),
            (json!({"eventType": "Send"}), "no received mail"),
        ] {
            let Malformed(why) = mail(&wrong).expect_err("wrong");
            assert!(why.contains(word), "{why}");
        }
    }
}
