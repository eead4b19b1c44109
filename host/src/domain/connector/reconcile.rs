//! Asking a CRM what was changed, beside what its webhooks tell: they are dropped, disabled and banned.

use crate::domain::http::{Request, Response};
use crate::domain::instant::MINUTE_MS;
use crate::domain::{Instant, NewEvent};

use super::AskError;

/// A CRM that tells which of its records were modified since a moment.
pub trait Reconciles: Send + Sync {
    /// The objects that are looked through, one after the other, in the CRM's words.
    fn objects(&self) -> &'static [&'static str];

    /// A page of what was modified at or after `since`, oldest first where the CRM can sort. `page` is what
    /// the page before it gave.
    fn request(&self, object: &str, since: Instant, page: Option<&str>) -> Request;

    fn read(&self, object: &str, answer: &Response) -> Result<Found, AskError>;

    /// Time between two rounds, unless the administrator wrote another.
    fn every_ms(&self) -> i64 {
        15 * MINUTE_MS
    }
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub records: Vec<Record>,
    /// None on the last page.
    pub next_page: Option<String>,
}

/// A record as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The CRM's id.
    pub id: String,
    pub modified_at: Instant,
    /// What to take in where no webhook told of it: who the person is, where the deal stands. Their
    /// `about` names the record, so that what a webhook told already is not told twice.
    pub events: Vec<NewEvent>,
}
