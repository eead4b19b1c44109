//! Outgoing HTTP of a trigger, through `wasi:http` where granted (feature `http`).
//!
//! `plugin.toml` asks for hosts (`[[grants.http]]`), the administrator approves them, and the host
//! judges every request: what was not approved is refused with the line that would allow it. A
//! secret goes into a header by its stand-in ([`secrets::placeholder`](crate::secrets::placeholder)).
//!
//! ```no_run
//! # fn poll(now: followup_guest::Instant) -> Result<(), followup_guest::TriggerError> {
//! use followup_guest::{http, secrets};
//!
//! let page: followup_guest::serde_json::Value = http::get("https://api.example.com/orders")
//!     .query("since", "2026-03-01")
//!     .header("authorization", format!("Bearer {}", secrets::placeholder("api_key")?))
//!     .send()?
//!     .success(now)?
//!     .json()?;
//! # Ok(())
//! # }
//! ```

#[cfg(target_arch = "wasm32")]
#[path = "host.rs"]
mod source;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native.rs"]
mod source;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::policy::parse;
use crate::{Instant, PluginError};

/// A `GET` of an `https://` (or, where the administrator allows it, `http://`) address.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// A request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper-case.
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `name=value` to the query, percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        self.url.push(mark);
        encode(name, &mut self.url);
        self.url.push('=');
        encode(value, &mut self.url);
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A JSON body, with its content type.
    pub fn json(self, body: &impl Serialize) -> Result<Self, PluginError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| format!("the request cannot be written as JSON: {e}"))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Sends it and reads the whole answer, whatever its status.
    pub fn send(self) -> Result<Response, Error> {
        source::send(&self)
    }
}

/// The answer, of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Itself where the status is 2xx. 408, 425, 429 and 5xx become a passing error, to be tried
    /// again when `Retry-After` says (RFC 9110 10.2.3, in seconds); anything else a permanent one.
    pub fn success(self, now: Instant) -> Result<Self, PluginError> {
        const SHOWN_BYTES: usize = 300;
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let shown = &self.body[..self.body.len().min(SHOWN_BYTES)];
        let message = format!("status {}: {}", self.status, String::from_utf8_lossy(shown));
        if matches!(self.status, 408 | 425 | 429 | 500..) {
            let seconds = self
                .header("retry-after")
                .and_then(|s| s.trim().parse::<u32>().ok());
            return Err(PluginError::Transient {
                message,
                not_before: seconds.map(|s| now.plus_ms(i64::from(s) * 1000)),
            });
        }
        Err(PluginError::Permanent(message))
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PluginError> {
        let text = str::from_utf8(&self.body)
            .map_err(|error| format!("the answer is no UTF-8: {error}"))?;
        parse(text).map_err(|(path, message)| {
            format!("the answer cannot be read: {message}, at {path:?}").into()
        })
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Not a request that can be sent.
    Invalid(String),
    /// The host refused it; the plugin's log has the line that would allow it.
    Denied(String),
    /// It did not get there or back.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(what) => write!(f, "not a request that can be sent: {what}"),
            Self::Denied(what) => write!(f, "the request was refused: {what}"),
            Self::Failed(what) => write!(f, "the request failed: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// A refusal stays one until somebody changes something; a failure passes.
impl From<Error> for PluginError {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(_) | Error::Denied(_) => Self::Permanent(error.to_string()),
            Error::Failed(_) => Self::Transient {
                message: error.to_string(),
                not_before: None,
            },
        }
    }
}

/// Everything but the unreserved characters of RFC 3986 2.3.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte as char);
        } else {
            let digit = |four: u8| char::from(b"0123456789ABCDEF"[usize::from(four)]);
            into.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded() {
        let request = get("https://a.example/x")
            .query("q", "a b&ä")
            .query("n", "1");
        assert_eq!(request.url, "https://a.example/x?q=a%20b%26%C3%A4&n=1");
    }

    #[test]
    fn statuses_say_whether_to_try_again() {
        let now = Instant(0);
        let check = |status: u16, header: &str, expect: Result<(), Option<Option<i64>>>| {
            let response = Response {
                status,
                headers: vec![("retry-after".to_owned(), header.to_owned())],
                body: b"no".to_vec(),
            };
            let got = response
                .success(now)
                .map(|_| ())
                .map_err(|error| match error {
                    PluginError::Transient { not_before, .. } => Some(not_before.map(|at| at.0)),
                    _ => None,
                });
            assert_eq!(got, expect, "{status}");
        };
        check(204, "", Ok(()));
        check(429, "30", Err(Some(Some(30_000))));
        check(503, "tomorrow", Err(Some(None)));
        check(404, "30", Err(None));
        check(302, "", Err(None));
    }
}
