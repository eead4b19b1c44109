//! Received mail in the shape of a provider's inbound webhook.

use crate::domain::Instant;
use crate::domain::hook::{HookRequest, Malformed, Refusal};
use crate::domain::http::{Request, Response};

use super::AskError;

/// A provider's inbound webhook: whole mails, or names to fetch them by.
pub trait Receives: Send + Sync {
    /// As `Hook::verify`.
    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal>;

    /// As `Hook::certificate_url`.
    fn certificate_url(&self, _request: &HookRequest) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    /// The mails of one request. What speaks of no mail (a ping, a confirmation) is an empty list.
    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed>;

    /// The call that confirms a subscription that the request asks to confirm, once verified.
    fn confirmation(&self, _request: &HookRequest) -> Option<Request> {
        None
    }

    /// The call that asks for a named mail.
    fn fetch(&self, id: &str) -> Result<Request, AskError> {
        Err(AskError::Refused(format!("mail {id} cannot be asked for")))
    }

    /// Where the whole mail lies, as an id to fetch it by, where the answer only leads there.
    fn elsewhere(&self, _id: &str, _answer: &Response) -> Option<String> {
        None
    }

    /// The mail of the answer.
    fn fetched(&self, _id: &str, _answer: &Response) -> Result<RawMail, AskError> {
        Err(AskError::Gone)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    Whole(RawMail),
    /// The provider keeps it under this id.
    Named {
        id: String,
        envelope_to: Vec<String>,
    },
}

/// A mail in RFC 5322 form: as it came, or put together again from the parts that a provider tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawMail {
    pub bytes: Vec<u8>,
    /// SMTP's MAIL FROM and RCPT TO, where they are told.
    pub envelope_from: Option<String>,
    pub envelope_to: Vec<String>,
}
