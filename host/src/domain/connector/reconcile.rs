//! Asking a CRM what was changed, beside what its webhooks tell: they are dropped, disabled and banned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

    /// The same, told what was asked for: where an answer says neither which page it is nor where to stop.
    fn read_page(
        &self,
        object: &str,
        _since: Instant,
        _page: Option<&str>,
        answer: &Response,
    ) -> Result<Found, AskError> {
        self.read(object, answer)
    }

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

/// How far a round begins before the round before it did: clocks differ, and searches lag behind.
const OVERLAP_MS: i64 = 5 * MINUTE_MS;
/// How far back the first round looks.
const FIRST_ROUND_MS: i64 = 60 * MINUTE_MS;
/// Pages of one object in a round; what is left is asked for by the next round, oldest first.
const PAGES_MAX: u32 = 1_000;

/// Where a round through a CRM's objects stands. Kept as JSON with what its pages brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The round asks for what was modified since.
    pub since: Instant,
    pub began_at: Instant,
    /// Index into `Reconciles::objects`.
    pub object: usize,
    pub page: Option<String>,
    pages: u32,
    /// Objects that were refused when they were asked for last, and why.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
}

impl Cursor {
    /// The kept one; without one that can be read, the beginning of a first round.
    pub fn read(kept: Option<&str>, now: Instant) -> Self {
        kept.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_else(|| Self::round(now.plus_ms(-FIRST_ROUND_MS), now))
    }

    /// The same, with what was said of the object at hand: refused, or (none) answered.
    #[must_use]
    pub fn noting(mut self, object: &str, refusal: Option<String>) -> Self {
        match refusal {
            Some(reason) => self.refused.insert(object.to_owned(), reason),
            None => self.refused.remove(object),
        };
        self
    }

    fn round(since: Instant, now: Instant) -> Self {
        Self {
            since,
            began_at: now,
            object: 0,
            page: None,
            pages: 0,
            refused: BTreeMap::new(),
        }
    }

    /// After a page: the next one, of the next object, or (none) the end of the round.
    pub fn after(&self, next_page: Option<String>, objects: usize) -> Option<Self> {
        let pages = self.pages + 1;
        if let Some(page) =
            next_page.filter(|page| pages < PAGES_MAX && self.page.as_ref() != Some(page))
        {
            return Some(Self {
                page: Some(page),
                pages,
                ..self.clone()
            });
        }
        let object = self.object + 1;
        (object < objects).then(|| Self {
            object,
            page: None,
            pages: 0,
            ..self.clone()
        })
    }

    /// The round after this one, begun when it is due.
    #[must_use]
    pub fn next_round(&self, due_at: Instant) -> Self {
        Self {
            refused: self.refused.clone(),
            ..Self::round(self.began_at.plus_ms(-OVERLAP_MS), due_at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_goes_through_all_pages_of_all_objects() {
        let now = Instant(10_000_000);
        let first = Cursor::read(None, now);
        assert_eq!((first.since, first.object), (now.plus_ms(-3_600_000), 0));
        let second = first.after(Some("p2".to_owned()), 2).expect("a page more");
        assert_eq!((second.object, second.page.as_deref()), (0, Some("p2")));
        let kept = serde_json::to_string(&second).expect("JSON");
        assert_eq!(Cursor::read(Some(&kept), now), second);
        // The same page again would be asked for for ever.
        let third = second
            .after(Some("p2".to_owned()), 2)
            .expect("an object more");
        assert_eq!((third.object, third.page.as_deref()), (1, None));
        assert_eq!(third.after(None, 2), None);
        let due_at = now.plus_ms(900_000);
        let next = third.next_round(due_at);
        assert_eq!((next.since, next.began_at), (now.plus_ms(-300_000), due_at));
    }

    #[test]
    fn a_round_has_an_end_whatever_the_other_side_says() {
        let mut cursor = Cursor::read(None, Instant(10_000_000));
        let mut pages = 1;
        while let Some(next) = cursor.after(Some(format!("p{pages}")), 1) {
            (cursor, pages) = (next, pages + 1);
        }
        assert_eq!(pages, 1_000);
    }
}
