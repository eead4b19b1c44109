//! Calls to JSON APIs and their answers: what is the same for every CRM.
//!
//! In: where, with which credentials, what. Out: a request; of an answer its body, or nothing where
//! that is no JSON. Never a meaning: what a status says is the CRM's own.

use serde_json::Value;

use crate::domain::connector::{AskError, WriteOutcome};
use crate::domain::http::{Method, Request};

const JSON: &str = "application/json";
/// The longest id of a record that is asked for, in bytes.
const ID_MAX_BYTES: usize = 100;

/// A header that shows who calls; none where a token is added on the way.
pub(super) type Credential = (&'static str, String);

/// A request, with a JSON body where there is one.
pub(super) fn request(
    method: Method,
    url: String,
    credentials: impl Into<Option<Credential>>,
    body: Option<&Value>,
) -> Request {
    let mut headers = vec![("accept", JSON.to_owned())];
    headers.extend(credentials.into());
    headers.extend(body.map(|_| ("content-type", JSON.to_owned())));
    Request {
        method,
        url,
        headers,
        body: body.map_or_else(Vec::new, |body| body.to_string().into_bytes()),
    }
}

/// A request with a JSON body.
pub(super) fn send(
    method: Method,
    url: String,
    credentials: impl Into<Option<Credential>>,
    body: &Value,
) -> Request {
    request(method, url, credentials, Some(body))
}

/// A request without a body.
pub(super) fn get(url: String, credentials: impl Into<Option<Credential>>) -> Request {
    request(Method::Get, url, credentials, None)
}

/// A request for a token (RFC 6749, 4.4.2 and 6): the client's credentials stand in its form.
pub(super) fn token(url: String, form: &[(&str, &str)]) -> Request {
    let mut request = get(url, None);
    request.method = Method::Post;
    let form_type = "application/x-www-form-urlencoded".to_owned();
    request.headers.push(("content-type", form_type));
    request.body = query(form).into_bytes();
    request
}

/// A query in the form of addresses: `a=1&b=%20`.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// An address with parameters, each escaped.
pub(super) fn url(path: &str, parameters: &[(&str, &str)]) -> String {
    format!("{path}?{}", query(parameters))
}

/// The items of a list in an object; nothing where there is no list.
pub(super) fn items<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a text can be the id of a record, and stand in an address as it is.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID_MAX_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Whether an id has the form of a UUID: an owner or a deal that another system named has not.
pub(super) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    is_id(text) && lengths.eq([8, 4, 4, 4, 12])
}

/// An id that an address is made of, or why it cannot be.
pub(super) fn plain_id<'a>(object: &str, id: &'a str) -> Result<&'a str, AskError> {
    if is_id(id) {
        Ok(id)
    } else {
        Err(AskError::Refused(format!("{id:?} is no id of a {object}")))
    }
}

/// The same outcome; where it is to wait and does not know how long, it waits for `after_ms`.
pub(super) fn waiting(outcome: WriteOutcome, after_ms: Option<i64>) -> WriteOutcome {
    match outcome {
        WriteOutcome::Retry {
            reason,
            after_ms: None,
        } => WriteOutcome::Retry { reason, after_ms },
        other => other,
    }
}

/// The same for a question.
pub(super) fn asking(error: AskError, after_ms: Option<i64>) -> AskError {
    match error {
        AskError::Retry {
            reason,
            after_ms: None,
        } => AskError::Retry { reason, after_ms },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_an_address_can_carry() {
        for (id, expect) in [
            ("123", true),
            ("cont_Ab9", true),
            ("9b4f2d1e-1f2a", true),
            ("", false),
            ("../x", false),
            ("1?a=b", false),
            ("ü", false),
        ] {
            assert_eq!(is_id(id), expect, "{id}");
        }
        assert!(!is_id(&"a".repeat(ID_MAX_BYTES + 1)));
        assert!(is_uuid("bf071e1f-6035-429d-b874-d83ea64ea13b"));
        assert!(!is_uuid("5564764442a6d024c"));
    }

    #[test]
    fn a_query_is_escaped() {
        assert_eq!(
            query(&[("since", "2026-03-02T08:00:00Z"), ("q", "a&b ü")]),
            "since=2026-03-02T08%3A00%3A00Z&q=a%26b+%C3%BC"
        );
    }
}
