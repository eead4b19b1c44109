//! Traces: what an event led to, from its webhook to the provider's call, as spans for an OTLP collector.
//!
//! In: spans of doors and loops, each with its times and our ids. Out: to the collector, in batches, by a thread of the
//! library. The trace's id is a hash of the id of the event that everything follows from, and a span's id of
//! what it did, so that loops that meet in tables only write one trace and nothing is stored for it. An event
//! is traced all the way or not at all. Off unless configured; then it costs a look at a flag. Never an address, a
//! text of a mail or a secret in an attribute.

mod export;
mod ids;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::domain::Instant;

pub use export::{Collecting, Error, Settings, start};
pub use ids::{Place, Remote};

use export::Recorder;

/// Of one request: a batch of a thousand events is no reason to lose the spans of others.
const TOLD_MAX: usize = 100;

static ON: AtomicBool = AtomicBool::new(false);
/// Of the process, like its metrics and its log.
static RECORDER: RwLock<Option<Arc<Recorder>>> = RwLock::new(None);

/// The trace of one event that is traced.
pub struct Trace {
    ids: ids::Ids,
    recorder: Arc<Recorder>,
}

/// Something that was done for an event.
#[derive(Debug)]
pub struct Span {
    pub name: &'static str,
    pub place: Place,
    pub sort: Sort,
    pub began_at: Instant,
    pub took: Duration,
    /// Our ids and words.
    pub attributes: Vec<(&'static str, String)>,
    /// What somebody else's trace says of the same.
    pub link: Option<Remote>,
    /// Why it did not succeed.
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Somebody called us.
    Server,
    /// We called somebody.
    Client,
    Internal,
}

/// The trace of an event by its id; none where it is not traced.
pub fn of(event_id: &str) -> Option<Trace> {
    if !is_on() {
        return None;
    }
    let recorder = RECORDER.read().ok()?.clone()?;
    let ids = ids::Ids::of(event_id);
    recorder.samples(&ids).then_some(Trace { ids, recorder })
}

/// Whether anything is traced: what is only gathered for a trace need not be else.
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Somebody told of events: the beginning of their traces.
#[derive(Debug)]
pub struct Telling<'a> {
    /// What it was: "webhook".
    pub name: &'static str,
    pub connection: &'a str,
    pub began_at: Instant,
    pub ended_at: Instant,
    pub link: Option<Remote>,
}

impl Telling<'_> {
    /// Records the first of the events, by id and kind.
    pub fn record(&self, events: Vec<(String, String)>) {
        for (id, kind) in events.into_iter().take(TOLD_MAX) {
            let Some(trace) = of(&id) else { continue };
            let connection = ("connection", self.connection.to_owned());
            trace.record(Span {
                name: self.name,
                place: Place::Event,
                sort: Sort::Server,
                began_at: self.began_at,
                took: between(self.began_at, self.ended_at),
                attributes: vec![("event.id", id), ("event.kind", kind), connection],
                link: self.link,
                failure: None,
            });
        }
    }
}

impl Trace {
    /// A span of it, for another trace to be linked to.
    pub fn remote(&self, place: &Place) -> Remote {
        self.ids.remote(place)
    }

    pub fn record(&self, span: Span) {
        self.recorder.record(&self.ids, span);
    }
}

/// The time between two looks at the clock.
pub fn between(began_at: Instant, ended_at: Instant) -> Duration {
    Duration::from_millis(ended_at.since_ms(began_at).max(0) as u64)
}

fn install(recorder: Option<Arc<Recorder>>) {
    ON.store(recorder.is_some(), Ordering::Relaxed);
    if let Ok(mut installed) = RECORDER.write() {
        *installed = recorder;
    }
}
