//! Asking a CRM's API: for details, for a token, whether the credentials are good.

use std::fmt;

use secrecy::SecretString;

use crate::domain::event::Hydrate;
use crate::domain::http::{Request, Response};
use crate::domain::{Instant, NewEvent};

/// Why there is no answer; what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Later, not before `after_ms` where the other side said so.
    #[error("{reason}")]
    Retry {
        reason: String,
        after_ms: Option<i64>,
    },
    /// What was asked for was deleted meanwhile.
    #[error("the object no longer exists there")]
    Gone,
    /// Asking again would change nothing until an administrator does.
    #[error("{0}")]
    Refused(String),
}

/// Completes thin events: one call each.
pub trait Hydrates: Send + Sync {
    /// The call that asks for the object.
    fn request(&self, wanted: &Hydrate) -> Result<Request, AskError>;

    /// The events that stand in the thin one's place, made of it and of the answer: one or more,
    /// each complete or thin again (a deal that leads to its contact).
    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError>;
}

/// Tells whether the credentials are good, without changing anything.
pub trait Probes: Send + Sync {
    /// The call; some sign it together with the time.
    fn request(&self, now: Instant) -> Request;

    /// Who answered, for people: `Acme Inc. (account 62515)`.
    fn read(&self, answer: &Response) -> Result<String, AskError>;
}

/// Gives out access tokens that expire (OAuth 2, RFC 6749).
pub trait Refreshes: Send + Sync {
    /// The call that asks for a token.
    fn request(&self) -> Request;

    fn read(&self, answer: &Response) -> Result<Token, AskError>;

    /// The value of the `authorization` header that shows a token.
    fn header(&self, token: &str) -> String {
        format!("Bearer {token}")
    }
}

/// An access token.
#[derive(Clone)]
pub struct Token {
    pub value: SecretString,
    /// From the answer on; what the other side says, an hour where it says nothing.
    pub expires_in_ms: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_in_ms", &self.expires_in_ms)
            .finish_non_exhaustive()
    }
}

/// How often an API may be called: `calls` in `per_ms`, and `concurrent_max` side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub calls: u32,
    pub per_ms: i64,
    pub concurrent_max: usize,
}
