//! Telling the other side where to send its webhooks.

use secrecy::SecretString;

use crate::domain::Instant;
use crate::domain::http::{Request, Response};

use super::AskError;

/// Can be told where to send webhooks.
pub trait Registers: Send + Sync {
    /// The calls that register `url` (and `inbound_url` for received mails, where the kind receives).
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request>;

    /// The calls that follow from the answers to those, where one needs what another gave. Their answers
    /// are read behind the others.
    fn follow_up(&self, _answers: &[Response]) -> Vec<Request> {
        Vec::new()
    }

    /// What their answers, in the same order, give: each call succeeded or the error says which not.
    fn read(&self, answers: &[Response]) -> Result<Registered, AskError>;
}

/// A registration that was made.
#[derive(Debug, Default)]
pub struct Registered {
    /// Settings that the other side chose, by field: a signing secret.
    pub secrets: Vec<(&'static str, SecretString)>,
    pub texts: Vec<(&'static str, String)>,
    /// For people: the ids of what was made.
    pub ids: Vec<String>,
}

/// A subscription that ends unless it is renewed.
pub trait Renews: Send + Sync {
    /// The call that makes it, or keeps it, for another while.
    fn request(&self, url: &str, now: Instant) -> Request;

    fn read(&self, answer: &Response) -> Result<(), AskError>;

    /// Time between two renewals: well below what the other side allows.
    fn every_ms(&self) -> i64;
}
