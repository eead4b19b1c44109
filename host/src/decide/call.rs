//! Asking a policy: one call, what follows from its answer, and what becomes of a failed one.

use super::apply::{self, Place, Scope};
use super::contact::Turn;
use super::traced::Asked;
use super::{Sequence, UNDECIDED_MAX, Version, input, retry, upgrade};
use crate::clock::Stopwatch;
use crate::domain::Event;
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::fault::Fault;
use crate::store::work::{FaultEntry, Undecided};
use crate::traces;

/// An event to be put to a policy.
pub(super) struct Call {
    pub(super) event: Event,
    /// See `EMIT_DEPTH_MAX`.
    pub(super) depth: u32,
    /// How often it failed before.
    pub(super) failures: u32,
    /// A plugin asked for it, a moment ago: see `TIMER_PAUSE_MS`.
    pub(super) hurried: bool,
}

impl Call {
    pub(super) fn first(event: Event, depth: u32) -> Self {
        Self {
            event,
            depth,
            failures: 0,
            hurried: depth > 0,
        }
    }
}

impl Turn<'_> {
    /// Asks the policy, or queues the event behind a call that failed.
    pub(super) async fn ask(&mut self, place: usize, sequence: &Sequence, call: Call) {
        let draft = &mut self.enrollments[place];
        let Some(last) = draft.next.undecided.last() else {
            if draft.active() {
                self.attempt(place, sequence, call).await;
            }
            return;
        };
        if draft.next.undecided.len() < UNDECIDED_MAX {
            let behind = Undecided {
                event: call.event,
                depth: call.depth,
                attempts: 0,
                fault: None,
                ..last.clone()
            };
            draft.next.undecided.push(behind);
            draft.changed = true;
        }
    }

    /// One call of the policy. False where it failed.
    pub(super) async fn attempt(&mut self, place: usize, sequence: &Sequence, call: Call) -> bool {
        self.calls += 1;
        self.enrollments[place].changed = true;
        let version = self.version(place, sequence);
        if let Some(reason) = self.contact.pauses.of_plugin(version.id()) {
            self.park_unasked(place, sequence, call, reason);
            return false;
        }
        let id = self.public_id(place);
        let draft = &self.enrollments[place];
        let mut input = input::build(
            &self.contact,
            &self.view,
            sequence,
            &id,
            draft,
            &call.event,
            self.now,
        );
        let trace = traces::of(&call.event.id);
        let watch = trace.as_ref().map(|_| Stopwatch::start());
        let sandbox = &self.engine.sandbox;
        let calendar = &self.engine.calendar;
        let (mut answer, mut kept) = (Ok(()), None);
        if let Some(last) = draft.taken_over_from(version) {
            // Boxed: it happens once, and its size would be every call's.
            let carried = Box::pin(upgrade::carry_over(
                sandbox, calendar, version, last, &input,
            ))
            .await;
            answer = carried.map(|state| input.state = state);
            kept = Some(draft.kept(last, &call.event));
        }
        let answer = match answer {
            Ok(()) => sandbox.decide(&version.plugin, input, calendar).await,
            Err(fault) => Err(fault),
        };
        if let Some((trace, watch)) = trace.zip(watch) {
            let asked = Asked {
                enrollment: id.clone(),
                contact: self.contact.id,
                sequence,
                plugin: version.id(),
                call: &call,
                began_at: self.now,
            };
            trace.record(asked.span(&answer, watch.took()));
        }
        match answer {
            Ok(decided) => {
                let outcome = decided.decision.outcome();
                let next = &mut self.enrollments[place].next;
                if kept.is_some() {
                    next.state.clone_from(&decided.input.state);
                    next.kept = next.kept.take().or(kept);
                }
                next.plugin_id = Some(version.plugin_id);
                let deleted = self.contact.deleted.then_some("contact-deleted");
                let scope = Scope {
                    sequence,
                    version,
                    calendar: &self.engine.calendar,
                    templates: &self.engine.templates,
                    letterhead: &self.engine.letterhead,
                    enrollment_id: &id,
                    contact: &self.view,
                    account: self.contact.account.as_ref(),
                    to: self.contact.email.as_ref(),
                    suppressed: self.contact.suppressed.as_deref().or(deleted),
                    contact_id: self.contact.id,
                    quiet: self.contact.quiet.as_ref(),
                    pauses: &self.contact.pauses,
                    touches: &self.contact.touches,
                    event: &call.event,
                    depth: call.depth,
                    hurried: call.hurried,
                    zone: self.zone,
                    now: self.now,
                    restored_at: self.engine.limits.restored_at,
                };
                let draft = &mut self.enrollments[place];
                let applied = apply::apply(
                    &scope,
                    &mut draft.next,
                    decided,
                    Place {
                        recent: &self.recent,
                        given: &mut self.given,
                        waiting_since: &mut draft.waiting_since,
                    },
                );
                self.view.attributes.extend(applied.properties.clone());
                self.properties.extend(applied.properties);
                self.emitted.extend(applied.emitted);
                metrics::counter!("followup_decisions_total", "plugin" => version.id().to_owned(), "outcome" => outcome)
                    .increment(1);
                true
            }
            Err(fault) => {
                self.failed(place, sequence, call, fault);
                false
            }
        }
    }

    /// The version that decides for the enrollment.
    pub(super) fn version<'s>(&self, place: usize, sequence: &'s Sequence) -> &'s Version {
        sequence.version_after(self.enrollments[place].next.plugin_id)
    }

    /// The plugin is not asked at all: the call waits at the front until somebody resumes it.
    fn park_unasked(&mut self, place: usize, sequence: &Sequence, call: Call, reason: String) {
        let fingerprint = self.fingerprint(place, sequence);
        let next = &mut self.enrollments[place].next;
        next.status = EnrollmentStatus::Paused;
        next.pause_reason = Some(reason);
        let parked = Undecided {
            event: call.event,
            depth: call.depth,
            attempts: call.failures,
            due_at: None,
            fault: None,
            fingerprint,
        };
        next.undecided.insert(0, parked);
    }

    fn fingerprint(&self, place: usize, sequence: &Sequence) -> String {
        let version = self.version(place, sequence);
        Sequence::fingerprint(version.plugin.digest(), &sequence.config)
    }

    fn failed(&mut self, place: usize, sequence: &Sequence, call: Call, fault: Fault) {
        let version = self.version(place, sequence);
        let attempts = call.failures + 1;
        let due_at = retry::next_at(&self.engine.limits.backoff, self.now, attempts, &fault);
        let plugin = version.id();
        metrics::counter!("followup_faults_total", "plugin" => plugin.to_owned(), "kind" => fault.kind.to_string())
            .increment(1);
        tracing::warn!(
            contact.id = self.contact.id,
            sequence = sequence.name,
            event.kind = call.event.kind,
            plugin,
            attempts,
            parked = due_at.is_none(),
            stderr = fault.stderr_tail,
            "a plugin failed: {fault}"
        );
        let next = &mut self.enrollments[place].next;
        next.faults.push(FaultEntry {
            at: self.now,
            plugin_id: version.plugin_id,
            event: call.event.kind.clone(),
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
        let fingerprint = Sequence::fingerprint(version.plugin.digest(), &sequence.config);
        next.undecided.insert(
            0,
            Undecided {
                event: call.event,
                depth: call.depth,
                attempts,
                due_at,
                fault: Some(fault),
                fingerprint,
            },
        );
    }
}
