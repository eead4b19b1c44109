//! Looking for a mail in the Messages API.
//!
//! "metadata_": outbound messages can be filtered by a value of their metadata (Postmark documentation,
//! "Messages API", outbound message search). Postmark keeps messages for 45 days.

use serde_json::Value;

use crate::domain::answer::ask_failure;
use crate::domain::connector::AskError;
use crate::domain::fields;
use crate::domain::http::Response;
use crate::domain::mail::{Mail, Outcome};
use crate::providers::MESSAGE_ID_KEY;

pub(super) fn path(mail: &Mail, message_stream: &str) -> String {
    let key = format!("metadata_{MESSAGE_ID_KEY}");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("count", "1")
        .append_pair("offset", "0")
        .append_pair("messagestream", message_stream)
        .append_pair(&key, &mail.id)
        .finish();
    format!("/messages/outbound?{query}")
}

/// A filter that Postmark did not know would find any message: only one that shows our id is ours.
pub(super) fn read(mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let found = body.get("Messages").and_then(Value::as_array);
    let (200..=299, Some(found)) = (answer.status, found) else {
        let explanation = fields::text(&body, "Message").unwrap_or_default();
        return Err(ask_failure(
            "Postmark",
            answer,
            explanation,
            "check server_token",
        ));
    };
    let ours = found.iter().find(|message| {
        let id = message.pointer(&format!("/Metadata/{MESSAGE_ID_KEY}"));
        id.and_then(Value::as_str) == Some(&mail.id)
    });
    Ok(
        ours.map(|message| {
            Outcome::accepted(fields::text(message, "MessageID").map(str::to_owned))
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::mail;
    use serde_json::json;

    #[test]
    fn what_is_found() {
        assert_eq!(
            path(&mail(), "outbound"),
            "/messages/outbound?count=1&offset=0&messagestream=outbound&metadata_followup_message_id=msg_abc123"
        );
        let found = |status, body: Value| {
            let answer = Response {
                status,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            };
            read(&mail(), &answer)
        };
        let message = |id| json!({"MessageID": "b7bc", "Metadata": {"followup_message_id": id}, "Status": "Sent"});
        let ours = Ok(Some(Outcome::accepted(Some("b7bc".to_owned()))));
        assert_eq!(
            found(
                200,
                json!({"TotalCount": 1, "Messages": [message("msg_abc123")]})
            ),
            ours
        );
        assert_eq!(
            found(
                200,
                json!({"TotalCount": 1, "Messages": [message("msg_b")]})
            ),
            Ok(None)
        );
        assert_eq!(
            found(200, json!({"TotalCount": 0, "Messages": []})),
            Ok(None)
        );
        assert!(matches!(found(200, json!({})), Err(AskError::Retry { .. })));
        assert!(matches!(
            found(401, json!({"ErrorCode": 10})),
            Err(AskError::Refused(_))
        ));
        assert!(matches!(found(500, json!({})), Err(AskError::Retry { .. })));
    }
}
