//! A foreign webhook as it came in.

use serde::de::DeserializeOwned;

use crate::policy::parse;
use crate::{Attributes, PluginError};

/// A request to the connection's address, within the host's limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Upper-case.
    pub method: String,
    /// What follows the connection's name, `/` at least.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub extra: Attributes,
}

impl Request {
    /// A request of this method to `/`, for tests.
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: "/".to_owned(),
            ..Self::default()
        }
    }

    /// A `POST` of this JSON to `/`, for tests.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write json!({..}) in place"
    )]
    pub fn post(body: serde_json::Value) -> Self {
        Self {
            body: body.to_string().into_bytes(),
            ..Self::new("POST")
        }
        .with_header("content-type", "application/json")
    }

    /// The same with one more header, for tests.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let header = (name.to_ascii_lowercase(), value.as_bytes().to_vec());
        self.headers.push(header);
        self
    }

    /// The first header of this name (any case), where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }

    /// The first value of this name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter().filter(|(n, _)| n == name);
        query.next().map(|(_, value)| value.as_str())
    }

    /// The body as JSON. What cannot be read will not be readable a second time: a permanent error
    /// with the place of the mistake.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PluginError> {
        let text = str::from_utf8(&self.body)
            .map_err(|error| format!("the request's body is no UTF-8: {error}"))?;
        parse(text).map_err(|(path, message)| {
            format!("the request's body cannot be read: {message}, at {path:?}").into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Body {
        n: u32,
    }

    #[test]
    fn bodies_are_read_or_the_place_is_told() {
        let check = |body: serde_json::Value, expect: Result<Body, &str>| {
            let got: Result<Body, _> = Request::post(body).json();
            assert_eq!(
                got.map_err(|e| e.to_string()),
                expect.map_err(str::to_owned)
            );
        };
        check(json!({"n": 3}), Ok(Body { n: 3 }));
        check(
            json!({"n": "x"}),
            Err(
                "the request's body cannot be read: invalid type: string \"x\", expected u32 at line 1 column 8, at \"/n\"",
            ),
        );
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let request = Request::new("GET").with_header("X-Signature", "abc");
        assert_eq!(request.header("x-signature"), Some("abc"));
        assert_eq!(request.header("X-SIGNATURE"), Some("abc"));
        assert_eq!(request.header("x-other"), None);
    }
}
