//! One contact's turn: hear what happened, ask the policies concerned, gather what to commit.

use serde_json::json;

use super::apply::{self, Scope};
use super::enrol::Subject;
use super::{
    CALLS_MAX, EVENTS_MAX, Engine, ReEnrol, Sequence, UNCONFIGURED_RECHECK_MS, UNDECIDED_MAX, input,
};
use crate::domain::decision::ContactView;
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::event::kind;
use crate::domain::fault::Fault;
use crate::domain::{Event, Instant, JsonMap, digest};
use crate::store::work::{
    Decided, DueContact, EmittedEvent, EnrollmentChange, FaultEntry, PendingEvent,
    StoredEnrollment, Undecided, enrollment_id,
};

/// Decides everything that is due for the contact.
pub(super) async fn decide(engine: &Engine, mut contact: DueContact, now: Instant) -> Decided {
    let events = std::mem::take(&mut contact.events);
    let stored = std::mem::take(&mut contact.enrollments);
    let mut turn = Turn {
        engine,
        now,
        view: contact.view(engine.calendar.zone(None).name()),
        contact,
        enrollments: stored.into_iter().map(Draft::stored).collect(),
        heard: Vec::new(),
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

struct Turn<'e> {
    engine: &'e Engine,
    now: Instant,
    contact: DueContact,
    view: ContactView,
    enrollments: Vec<Draft>,
    /// Events that are done with.
    heard: Vec<i64>,
    properties: JsonMap,
    emitted: Vec<EmittedEvent>,
    calls: usize,
    /// There is more than one turn may take.
    unfinished: bool,
}

/// An enrollment while it is being decided.
struct Draft {
    next: EnrollmentChange,
    changed: bool,
}

impl Draft {
    fn new(sequence_id: i64, event_seq: i64, now: Instant) -> Self {
        Self {
            changed: true,
            next: EnrollmentChange {
                id: None,
                sequence_id,
                event_seq,
                status: EnrollmentStatus::Active,
                pause_reason: None,
                exit_reason: None,
                enrolled_at: now,
                decisions: 0,
                state: None,
                timers: Vec::new(),
                undecided: Vec::new(),
                ledger: Vec::new(),
                faults: Vec::new(),
            },
        }
    }

    fn stored(enrollment: StoredEnrollment) -> Self {
        Self {
            changed: false,
            next: EnrollmentChange {
                id: Some(enrollment.id),
                sequence_id: enrollment.sequence_id,
                event_seq: enrollment.event_seq,
                status: enrollment.status,
                pause_reason: enrollment.pause_reason,
                exit_reason: None,
                enrolled_at: enrollment.enrolled_at,
                decisions: enrollment.decisions,
                state: enrollment.state,
                timers: enrollment.timers,
                undecided: enrollment.undecided,
                ledger: Vec::new(),
                faults: Vec::new(),
            },
        }
    }

    fn active(&self) -> bool {
        self.next.status == EnrollmentStatus::Active
    }

    fn finished(&self) -> bool {
        self.next.status == EnrollmentStatus::Finished
    }
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
                let call = waiting.remove(0);
                if !self
                    .attempt(place, sequence, call.event, 0, call.attempts)
                    .await
                {
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
                .filter(|sequence| sequence.wants(&event.kind));
            if let Some(sequence) = wanted
                && !self.enrollments[place].finished()
            {
                self.ask(place, sequence, event.clone(), *depth).await;
            }
        }
        for sequence in self.enrolling(event, &events[place + 1..]) {
            self.enrollments
                .push(Draft::new(sequence.sequence_id, *seq, self.now));
            metrics::counter!("followup_enrollments_total", "sequence" => sequence.name.clone())
                .increment(1);
            let newest = self.enrollments.len() - 1;
            self.ask(newest, sequence, event.clone(), *depth).await;
        }
        self.heard.push(*seq);
        self.contact.history.insert(0, event.clone());
        self.contact
            .history
            .truncate(self.engine.limits.history_max);
    }

    /// The sequences that the event enrols the contact in. A person who has replied, opted out or
    /// bounced since the event happened is not enrolled: there was no enrollment yet that the exit
    /// could have ended.
    fn enrolling(&self, event: &Event, later: &[PendingEvent]) -> Vec<&'e Sequence> {
        if self.contact.deleted || self.contact.suppressed.is_some() {
            return Vec::new();
        }
        let mut open = self
            .engine
            .sequences
            .iter()
            .filter(|sequence| !self.barred(sequence))
            .peekable();
        if open.peek().is_none() {
            return Vec::new();
        }
        let subject = Subject::new(event, &self.view, self.contact.account.as_ref());
        let ends = |sequence: &Sequence, kind: &String| sequence.exits.reason_for(kind).is_some();
        let later = later.iter().map(|next| &next.event.kind).chain(&self.contact.later_kinds);
        open.filter(|sequence| matches(sequence, event, &subject))
            .filter(|sequence| !later.clone().any(|kind| ends(sequence, kind)))
            .collect()
    }

    /// Whether an earlier enrollment stands in the way of a new one.
    fn barred(&self, sequence: &Sequence) -> bool {
        self.enrollments.iter().any(|draft| {
            draft.next.sequence_id == sequence.sequence_id
                && match sequence.re_enrol {
                    ReEnrol::Never => true,
                    ReEnrol::AfterFinish => !draft.finished(),
                }
        })
    }

    /// Timers that are due ring in their order; a policy may set new ones meanwhile.
    async fn ring_timers(&mut self) {
        for place in 0..self.enrollments.len() {
            let Some(sequence) = self.sequence(place) else {
                continue;
            };
            while self.enrollments[place].active() {
                let next = &mut self.enrollments[place].next;
                let due = next
                    .timers
                    .first()
                    .is_some_and(|timer| timer.at <= self.now);
                if !due || self.calls >= CALLS_MAX {
                    self.unfinished |= due;
                    break;
                }
                let timer = next.timers.remove(0);
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
                self.ask(place, sequence, event, 0).await;
            }
        }
    }

    fn public_id(&self, place: usize) -> String {
        let next = &self.enrollments[place].next;
        enrollment_id(
            self.contact.tenant,
            self.contact.id,
            next.sequence_id,
            next.event_seq,
        )
    }

    /// Asks the policy, or queues the event behind a call that failed.
    async fn ask(&mut self, place: usize, sequence: &Sequence, event: Event, depth: u32) {
        let draft = &mut self.enrollments[place];
        let Some(last) = draft.next.undecided.last() else {
            if draft.active() {
                self.attempt(place, sequence, event, depth, 0).await;
            }
            return;
        };
        if draft.next.undecided.len() < UNDECIDED_MAX {
            let behind = Undecided {
                event,
                attempts: 0,
                fault: None,
                ..last.clone()
            };
            draft.next.undecided.push(behind);
            draft.changed = true;
        }
    }

    /// One call of the policy. False where it failed.
    async fn attempt(
        &mut self,
        place: usize,
        sequence: &Sequence,
        event: Event,
        depth: u32,
        attempts: u32,
    ) -> bool {
        self.calls += 1;
        let id = self.public_id(place);
        let next = &self.enrollments[place].next;
        let input = input::build(
            &self.contact,
            &self.view,
            sequence,
            &id,
            next,
            &event,
            self.now,
        );
        let answer = self
            .engine
            .sandbox
            .decide(&sequence.plugin, input.clone(), &self.engine.calendar)
            .await;
        self.enrollments[place].changed = true;
        match answer {
            Ok(decided) => {
                let deleted = self.contact.deleted.then_some("contact-deleted");
                let scope = Scope {
                    sequence,
                    calendar: &self.engine.calendar,
                    templates: &self.engine.templates,
                    enrollment_id: &id,
                    contact: &self.view,
                    account: self.contact.account.as_ref(),
                    to: self.contact.email.as_ref(),
                    suppressed: self.contact.suppressed.as_deref().or(deleted),
                    touches: &self.contact.touches,
                    event: &event,
                    depth,
                    zone: self.engine.calendar.zone(Some(&self.view.time_zone)),
                    now: self.now,
                };
                let next = &mut self.enrollments[place].next;
                let applied =
                    apply::apply(&scope, next, input, decided.decision, decided.fuel_used);
                self.view.attributes.extend(applied.properties.clone());
                self.properties.extend(applied.properties);
                self.emitted.extend(applied.emitted);
                metrics::counter!("followup_decisions_total", "plugin" => sequence.plugin.manifest().id.clone())
                    .increment(1);
                true
            }
            Err(fault) => {
                self.failed(place, sequence, event, attempts + 1, fault);
                false
            }
        }
    }

    fn failed(
        &mut self,
        place: usize,
        sequence: &Sequence,
        event: Event,
        attempts: u32,
        fault: Fault,
    ) {
        let due_at = self
            .engine
            .limits
            .backoff
            .next_at(self.now, attempts, &fault);
        let plugin = sequence.plugin.manifest().id.as_str();
        metrics::counter!("followup_faults_total", "plugin" => plugin.to_owned(), "kind" => fault.kind.to_string())
            .increment(1);
        tracing::warn!(
            contact.id = self.contact.id,
            sequence = sequence.name,
            event.kind = event.kind,
            plugin,
            attempts,
            parked = due_at.is_none(),
            stderr = fault.stderr_tail,
            "a plugin failed: {fault}"
        );
        let next = &mut self.enrollments[place].next;
        next.faults.push(FaultEntry {
            at: self.now,
            plugin_id: sequence.plugin_id,
            event: event.kind.clone(),
            attempt: attempts,
            fault: fault.clone(),
            retry_at: due_at,
        });
        if due_at.is_none() {
            next.status = EnrollmentStatus::Paused;
            next.pause_reason = Some(format!("plugin {plugin} failed {attempts} times: {fault}"));
        }
        for waiting in &mut next.undecided {
            waiting.due_at = due_at;
        }
        let fingerprint = Sequence::fingerprint(sequence.plugin.digest(), &sequence.config);
        next.undecided.insert(
            0,
            Undecided {
                event,
                attempts,
                due_at,
                fault: Some(fault),
                fingerprint,
            },
        );
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
            enrollments: self
                .enrollments
                .into_iter()
                .filter(|draft| draft.changed)
                .map(|draft| draft.next)
                .collect(),
            properties: self.properties,
            emitted: self.emitted,
            due_at,
        }
    }

    /// The next moment at which a timer rings or a failed call is repeated.
    fn next_due_at(&self) -> Option<Instant> {
        let recheck_at = self.now.plus_ms(UNCONFIGURED_RECHECK_MS);
        self.enrollments
            .iter()
            .filter(|draft| draft.active())
            .filter_map(|draft| {
                let timer = draft.next.timers.first().map(|timer| timer.at);
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

/// A rule that fails enrols nobody: a person can be enrolled later, a mail cannot be taken back.
fn matches(sequence: &Sequence, event: &Event, subject: &Subject) -> bool {
    sequence.enrol.matches(subject).unwrap_or_else(|e| {
        tracing::warn!(
            sequence = sequence.name,
            event.id,
            error = e,
            "the enrol rule failed; nobody enrolled"
        );
        false
    })
}
