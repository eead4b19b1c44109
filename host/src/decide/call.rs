//! Asking a policy: one call, what follows from its answer, and what becomes of a failed one.

use super::apply::{self, Scope};
use super::contact::Turn;
use super::{Sequence, UNDECIDED_MAX, input, retry};
use crate::domain::Event;
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::fault::Fault;
use crate::store::work::{FaultEntry, Undecided};

impl Turn<'_> {
    /// Asks the policy, or queues the event behind a call that failed.
    pub(super) async fn ask(
        &mut self,
        place: usize,
        sequence: &Sequence,
        event: Event,
        depth: u32,
    ) {
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
    pub(super) async fn attempt(
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
        let due_at = retry::next_at(&self.engine.limits.backoff, self.now, attempts, &fault);
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
}
