//! A mail that a policy asks for: through the guardrails, then into the outbox.

use super::apply::Effects;
use crate::compose::{self, Stamp, mail, thread::Parent};
use crate::domain::Instant;
use crate::domain::decision::SendEmail;
use crate::domain::enrollment::{EnrollmentStatus, ExitReason};
use crate::domain::event::kind;
use crate::domain::touch::{Recent, Slot};
use crate::domain::verdict::Verdict;
use crate::guardrails::{self, Proposal, Ruling};
use crate::store::work::{MessageContext, NewMessage, Standing, Thread};

impl Effects<'_, '_> {
    pub(super) fn send_email(&mut self, index: usize, email: &SendEmail) -> Verdict {
        let scope = self.scope;
        let asked_at = scope
            .calendar
            .resolve(email.when, scope.now, scope.zone)
            .max(scope.now);
        let id = self.action_id("msg", index);
        // A thread whose parent never left cannot be continued; the message then starts its own.
        let thread = email
            .reply_to
            .as_ref()
            .and_then(|touch| scope.touches.iter().find(|known| known.touch.id == *touch))
            .and_then(|touch| touch.thread.clone());
        let identity = &scope.sequence.sender.identity;
        let stamp = scope.letterhead.stamp(&id, identity, &scope.sequence.name);
        let (subject, missing_fields) = match self.subject(&id, email, thread.as_ref(), &stamp) {
            // What cold outreach lacks is for the guardrails to say.
            None | Some(Err(mail::Error::Cold { .. })) => (None, Vec::new()),
            Some(Ok(subject)) => (Some(subject), Vec::new()),
            Some(Err(mail::Error::Render(compose::RenderError::Missing { fields }))) => {
                (None, fields)
            }
            Some(Err(e)) => return Verdict::refused("template", e.to_string()),
        };
        let paused = scope.pauses.reason_for(
            scope.contact_id,
            &scope.sequence.name,
            &scope.sequence.sender.identity.name,
        );
        let recent = self.recent();
        let ruling = guardrails::judge(
            &Proposal {
                to: scope.to,
                suppressed: scope.suppressed,
                stopped: None,
                restored: scope
                    .restored_at
                    .filter(|at| scope.event.occurred_at <= *at),
                missing_fields: &missing_fields,
                paused: paused.as_deref(),
                quiet: scope
                    .quiet
                    .map(|quiet| (quiet.until, quiet.reason.as_str())),
                due_at: due_time_behind(scope, asked_at),
                zone: scope.zone,
                country: scope.calendar.country_of(scope.contact, scope.account),
                rules: &scope.sequence.rules,
                identity: &scope.sequence.sender.rules,
                recent: &recent,
                message_id: &id,
                unsubscribable: stamp.unsubscribable(),
                postal_address: stamp.has_postal_address(),
            },
            scope.calendar,
            asked_at,
            scope.now,
        );
        let (due_at, standing, verdict) = match ruling {
            Ruling::Allow => (
                asked_at,
                Standing::Queued,
                Verdict::Allowed {
                    at: Some(asked_at),
                    message: Some(id.clone()),
                },
            ),
            Ruling::Delay {
                until,
                rule,
                reason,
            } => (
                until,
                Standing::PutOff {
                    rule: rule.to_owned(),
                    reason: reason.clone(),
                },
                Verdict::Delayed {
                    until,
                    rule: rule.to_owned(),
                    reason,
                    message: id.clone(),
                },
            ),
            Ruling::Hold { rule, reason } => (
                asked_at,
                Standing::Held {
                    rule: rule.to_owned(),
                    reason: reason.clone(),
                },
                Verdict::Held {
                    rule: rule.to_owned(),
                    reason,
                    message: id.clone(),
                },
            ),
            Ruling::Refuse { rule, reason } => return Verdict::refused(rule, reason),
            Ruling::Drop { rule, reason } => {
                self.enrollment.status = EnrollmentStatus::Finished;
                self.enrollment.exit_reason = Some(ExitReason::OverCap.as_str().to_owned());
                return Verdict::refused(rule, reason);
            }
            Ruling::Task { rule, reason } => {
                let title = guardrails::task_title(scope.to, &scope.sequence.name);
                self.ask_a_person(&title, &reason, scope.now);
                return Verdict::refused(rule, reason);
            }
        };
        if !matches!(standing, Standing::Held { .. }) {
            // The next message of this turn finds the slot taken.
            self.place.given.push(Slot {
                at: due_at,
                priority: scope.sequence.rules.priority,
            });
        }
        let since = &mut *self.place.waiting_since;
        *since = Some(since.map_or(asked_at, |since| since.min(asked_at)));
        self.messages.push(NewMessage {
            id,
            asked_at,
            due_at,
            priority: scope.sequence.rules.priority,
            identity: scope.sequence.sender.identity.name.clone(),
            template: email.template.clone(),
            context: MessageContext {
                sequence: scope.sequence.name.clone(),
                plugin: scope.version.id().to_owned(),
                variables: email.variables.clone(),
                event: scope.event.clone(),
            },
            thread,
            subject,
            standing,
        });
        verdict
    }

    /// Touches, and the slots of messages that are as important: the others will yield when they are
    /// due.
    fn recent(&self) -> Recent {
        let own = self.scope.sequence.rules.priority;
        let mut recent = self.place.recent.clone();
        for slot in self.place.given.iter().filter(|slot| slot.priority >= own) {
            insert(&mut recent.contact, slot.at);
            insert(&mut recent.account, slot.at);
        }
        recent
    }

    /// The subject as it would read now. None where there is nobody to write to.
    fn subject(
        &self,
        id: &str,
        email: &SendEmail,
        thread: Option<&Thread>,
        stamp: &Stamp<'_>,
    ) -> Option<Result<String, mail::Error>> {
        let scope = self.scope;
        let to = scope.to?;
        Some(mail::subject(
            scope.templates,
            &mail::Draft {
                id,
                identity: &scope.sequence.sender.identity,
                to,
                sequence: &scope.sequence.name,
                plugin: scope.version.id(),
                template: &email.template,
                contact: scope.contact,
                account: scope.account,
                event: scope.event,
                variables: &email.variables,
                parent: thread.map(|thread| {
                    (
                        Parent {
                            message_id: &thread.message_id,
                            references: &thread.references,
                        },
                        thread.subject.as_str(),
                    )
                }),
                manner: stamp.manner(scope.sequence.rules.cold),
            },
        ))
    }
}

/// When the mail should have gone: a timer that rings long after its time (a restored backup, a long
/// outage) asks for yesterday's mail, whatever it says.
fn due_time_behind(scope: &super::apply::Scope<'_>, asked_at: Instant) -> Instant {
    if scope.event.kind == kind::TIMER_FIRED {
        asked_at.min(scope.event.occurred_at)
    } else {
        asked_at
    }
}

fn insert(slots: &mut Vec<Instant>, at: Instant) {
    let place = slots.partition_point(|slot| *slot <= at);
    slots.insert(place, at);
}
