//! One contact's turn: hear what happened, ask the policies concerned, gather what to commit.

use chrono_tz::Tz;
use serde_json::json;

use super::call::Call;
use super::draft::Draft;
use super::{CALLS_MAX, EVENTS_MAX, Engine, Sequence, TIMER_PAUSE_MS, UNCONFIGURED_RECHECK_MS};
use crate::domain::decision::ContactView;
use crate::domain::event::kind;
use crate::domain::touch::{Recent, Slot};
use crate::domain::{Event, Instant, JsonMap, digest};
use crate::store::work::{
    Decided, DueContact, EmittedEvent, PendingEvent, StoredTimer, enrollment_id,
};

/// Decides everything that is due for the contact.
pub(super) async fn decide(engine: &Engine, mut contact: DueContact, now: Instant) -> Decided {
    let events = std::mem::take(&mut contact.events);
    let stored = std::mem::take(&mut contact.enrollments);
    let mut view = contact.view();
    let zone = engine.calendar.zone_of(&view, contact.account.as_ref());
    zone.name().clone_into(&mut view.time_zone);
    let mut turn = Turn {
        recent: std::mem::take(&mut contact.recent),
        given: std::mem::take(&mut contact.promised),
        engine,
        now,
        zone,
        view,
        contact,
        enrollments: stored
            .into_iter()
            .map(|enrollment| Draft::stored(enrollment, &engine.calendar, zone))
            .collect(),
        heard: Vec::new(),
        remarks: Vec::new(),
        properties: JsonMap::new(),
        emitted: Vec::new(),
        calls: 0,
        // What was not loaded is heard in the next turn.
        unfinished: events.len() >= EVENTS_MAX,
    };
    turn.repeat_failed().await;
    for place in 0..events.len() {
        if turn.exhausted() {
            break;
        }
        turn.hear(&events, place).await;
    }
    turn.ring_timers().await;
    turn.decided()
}

pub(super) struct Turn<'e> {
    pub(super) engine: &'e Engine,
    pub(super) now: Instant,
    /// The contact's.
    pub(super) zone: Tz,
    pub(super) contact: DueContact,
    pub(super) view: ContactView,
    pub(super) enrollments: Vec<Draft>,
    /// Touches of the contact and its account.
    pub(super) recent: Recent,
    /// Slots of the contact's messages that wait, those of this turn among them.
    pub(super) given: Vec<Slot>,
    /// Events that are done with.
    pub(super) heard: Vec<i64>,
    /// Why events enrolled nobody.
    pub(super) remarks: Vec<(i64, String)>,
    pub(super) properties: JsonMap,
    pub(super) emitted: Vec<EmittedEvent>,
    pub(super) calls: usize,
    /// There is more than one turn may take.
    pub(super) unfinished: bool,
}

impl<'e> Turn<'e> {
    fn exhausted(&mut self) -> bool {
        let exhausted = self.calls >= CALLS_MAX;
        self.unfinished |= exhausted;
        exhausted
    }

    fn sequence(&self, place: usize) -> Option<&'e Sequence> {
        self.engine
            .sequences
            .by_id(self.enrollments[place].next.sequence_id)
    }

    /// Calls that failed come first, in their order: an enrollment hears its events as they came.
    async fn repeat_failed(&mut self) {
        for place in 0..self.enrollments.len() {
            let Some(sequence) = self.sequence(place) else {
                continue;
            };
            while self.enrollments[place].active() {
                let waiting = &mut self.enrollments[place].next.undecided;
                let due = waiting
                    .first()
                    .is_some_and(|call| call.due_at.is_some_and(|at| at <= self.now));
                if !due || self.calls >= CALLS_MAX {
                    self.unfinished |= due;
                    break;
                }
                let waiting = waiting.remove(0);
                let call = Call {
                    event: waiting.event,
                    depth: waiting.depth,
                    failures: waiting.attempts,
                    hurried: waiting.depth > 0,
                };
                if !self.attempt(place, sequence, call).await {
                    break;
                }
                // What waited behind it is next, at once.
                if let Some(next) = self.enrollments[place].next.undecided.first_mut() {
                    next.due_at = Some(self.now);
                }
            }
        }
    }

    /// Offers an event to the running enrollments, then to the sequences that might enrol.
    async fn hear(&mut self, events: &[PendingEvent], place: usize) {
        let PendingEvent { seq, depth, event } = &events[place];
        for place in 0..self.enrollments.len() {
            let wanted = self
                .sequence(place)
                .filter(|sequence| self.version(place, sequence).wants(&event.kind));
            if let Some(sequence) = wanted
                && !self.enrollments[place].finished()
            {
                self.ask(place, sequence, Call::first(event.clone(), *depth))
                    .await;
            }
        }
        for sequence in self.enrolling(*seq, event, &events[place + 1..]) {
            self.enrollments
                .push(Draft::new(sequence.sequence_id, *seq, self.now));
            metrics::counter!("followup_enrollments_total", "sequence" => sequence.name.clone())
                .increment(1);
            let newest = self.enrollments.len() - 1;
            self.ask(newest, sequence, Call::first(event.clone(), *depth))
                .await;
        }
        self.heard.push(*seq);
        self.contact.history.insert(0, event.clone());
        self.contact
            .history
            .truncate(self.engine.limits.history_max);
    }

    /// Timers that are due ring in their order; a policy may set new ones meanwhile.
    async fn ring_timers(&mut self) {
        for place in 0..self.enrollments.len() {
            let Some(sequence) = self.sequence(place) else {
                continue;
            };
            while self.enrollments[place].active() {
                let due = self.enrollments[place].next_timer().filter(|timer| {
                    self.enrollments[place].next.timers[*timer].timer.at <= self.now
                });
                let Some(timer) = due.filter(|_| self.calls < CALLS_MAX) else {
                    self.unfinished |= due.is_some();
                    break;
                };
                let next = &mut self.enrollments[place].next;
                let StoredTimer { timer, set_at, .. } = next.timers.remove(timer);
                let late_ms = self.now.since_ms(timer.at);
                metrics::histogram!("followup_timer_late_seconds").record(late_ms as f64 / 1_000.0);
                let hurried = timer.at.since_ms(set_at) < TIMER_PAUSE_MS;
                let number = next.decisions.to_be_bytes();
                let id = self.public_id(place);
                let event = Event {
                    id: digest::id("evt", &[id.as_bytes(), timer.name.as_bytes(), &number]),
                    kind: kind::TIMER_FIRED.to_owned(),
                    occurred_at: timer.at,
                    data: JsonMap::from_iter([
                        ("timer".to_owned(), json!(timer.name)),
                        ("data".to_owned(), timer.data),
                    ]),
                };
                let call = Call {
                    hurried,
                    ..Call::first(event, 0)
                };
                self.ask(place, sequence, call).await;
            }
        }
    }

    pub(super) fn public_id(&self, place: usize) -> String {
        let next = &self.enrollments[place].next;
        enrollment_id(
            self.contact.tenant,
            self.contact.id,
            next.sequence_id,
            next.event_seq,
        )
    }

    fn decided(self) -> Decided {
        let due_at = if self.unfinished {
            Some(self.now)
        } else {
            self.next_due_at()
        };
        Decided {
            tenant: self.contact.tenant,
            contact_id: self.contact.id,
            version: self.contact.version,
            now: self.now,
            events: self.heard,
            remarks: self.remarks,
            enrollments: self
                .enrollments
                .into_iter()
                .filter(|draft| draft.changed)
                .map(|draft| draft.next)
                .collect(),
            properties: self.properties,
            emitted: self.emitted,
            due_at,
            plugin_failures_max: self.engine.limits.plugin_failures_max,
        }
    }

    /// The next moment at which a timer rings or a failed call is repeated.
    fn next_due_at(&self) -> Option<Instant> {
        let recheck_at = self.now.plus_ms(UNCONFIGURED_RECHECK_MS);
        self.enrollments
            .iter()
            .filter(|draft| draft.active())
            .filter_map(|draft| {
                let timer = draft
                    .next_timer()
                    .map(|place| draft.next.timers[place].timer.at);
                let call = draft.next.undecided.first().and_then(|call| call.due_at);
                let at = timer.into_iter().chain(call).min()?;
                let configured = self
                    .engine
                    .sequences
                    .by_id(draft.next.sequence_id)
                    .is_some();
                Some(if configured { at } else { at.max(recheck_at) })
            })
            .min()
    }
}
