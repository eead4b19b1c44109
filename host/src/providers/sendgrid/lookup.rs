//! Looking for a mail in the Email Activity API.
//!
//! "You must purchase additional email activity history to gain access" and "for Regional (EU) subusers, no
//! data will be generated" (SendGrid documentation, "Getting Started with the Email Activity Feed API"): where
//! it is refused, an event must tell. Custom arguments are queried as `unique_args['NAME']="VALUE"`.

use serde_json::Value;

use super::outcome::explanation;
use crate::domain::answer::ask_failure;
use crate::domain::connector::AskError;
use crate::domain::fields;
use crate::domain::http::Response;
use crate::domain::mail::{Mail, Outcome};
use crate::providers::MESSAGE_ID_KEY;

pub(super) fn path(mail: &Mail) -> String {
    let filter = format!("(unique_args['{MESSAGE_ID_KEY}']=\"{}\")", mail.id);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("limit", "1")
        .append_pair("query", &filter)
        .finish();
    format!("/v3/messages?{query}")
}

/// The answer does not repeat the argument; that it names the recipient shows that it was filtered.
pub(super) fn read(mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let found = body.get("messages").and_then(Value::as_array);
    let (200..=299, Some(found)) = (answer.status, found) else {
        let hint = "check that api_key may read email activity, and that its history was bought";
        return Err(ask_failure("SendGrid", answer, &explanation(answer), hint));
    };
    let to = mail.to.address.as_str();
    let ours = found.iter().find(|message| {
        fields::text(message, "to_email").is_some_and(|email| email.eq_ignore_ascii_case(to))
    });
    Ok(ours.map(|message| Outcome::accepted(fields::text(message, "msg_id").map(str::to_owned))))
}
