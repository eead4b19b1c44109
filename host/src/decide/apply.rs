//! The core: `(snapshot, decision) -> effects`. Pure.
//!
//! Takes each action through the guardrails and turns what they allow into rows. Nothing is done
//! here: the rows are committed together, and the loops that read them act.

use chrono_tz::Tz;
use serde_json::json;

use super::{EMIT_DEPTH_MAX, Sequence, TIMERS_MAX};
use crate::calendar::Calendar;
use crate::compose::{self, Templates, mail, thread::Parent};
use crate::domain::decision::{
    AccountView, Action, ContactView, CreateTask, DecideInput, Decision, SendEmail, SetTimer, Timer,
};
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::verdict::Verdict;
use crate::domain::{EmailAddress, Event, Instant, JsonMap, digest};
use crate::guardrails::{self, Proposal, Ruling};
use crate::store::work::{
    EmittedEvent, EnrollmentChange, LedgerEntry, MessageContext, NewMessage, NewWriteback,
    StoredTouch,
};

/// What the effects of a decision depend on beside the decision itself.
pub(super) struct Scope<'a> {
    pub(super) sequence: &'a Sequence,
    pub(super) calendar: &'a Calendar,
    pub(super) templates: &'a Templates,
    pub(super) enrollment_id: &'a str,
    pub(super) contact: &'a ContactView,
    pub(super) account: Option<&'a AccountView>,
    pub(super) to: Option<&'a EmailAddress>,
    pub(super) suppressed: Option<&'a str>,
    pub(super) touches: &'a [StoredTouch],
    pub(super) event: &'a Event,
    /// Of the event: see `EMIT_DEPTH_MAX`.
    pub(super) depth: u32,
    pub(super) zone: Tz,
    pub(super) now: Instant,
}

/// What concerns the contact and not only the enrollment.
#[derive(Default)]
pub(super) struct Applied {
    pub(super) properties: JsonMap,
    pub(super) emitted: Vec<EmittedEvent>,
}

/// Carries a decision over into the enrollment's next state and a ledger entry.
pub(super) fn apply(
    scope: &Scope<'_>,
    enrollment: &mut EnrollmentChange,
    input: DecideInput,
    output: Decision,
    fuel: u64,
) -> Applied {
    let mut effects = Effects {
        scope,
        enrollment,
        number: input.enrollment.decisions,
        messages: Vec::new(),
        writebacks: Vec::new(),
        applied: Applied::default(),
    };
    let verdicts = output
        .actions
        .iter()
        .enumerate()
        .map(|(index, action)| effects.act(index, action))
        .collect();
    let Effects {
        messages,
        writebacks,
        applied,
        number,
        ..
    } = effects;
    if let Some(state) = &output.state {
        enrollment.state = Some(state.clone());
    }
    if enrollment.status == EnrollmentStatus::Finished {
        enrollment.timers.clear();
    }
    enrollment.decisions += 1;
    enrollment.ledger.push(LedgerEntry {
        number,
        plugin_id: scope.sequence.plugin_id,
        input,
        output,
        verdicts,
        fuel,
        messages,
        writebacks,
    });
    applied
}

struct Effects<'a, 'e> {
    scope: &'a Scope<'a>,
    enrollment: &'e mut EnrollmentChange,
    number: u64,
    messages: Vec<NewMessage>,
    writebacks: Vec<NewWriteback>,
    applied: Applied,
}

impl Effects<'_, '_> {
    fn act(&mut self, index: usize, action: &Action) -> Verdict {
        match action {
            Action::SendEmail(email) => self.send_email(index, email),
            Action::SetTimer(timer) => self.set_timer(timer),
            Action::CancelTimer { name } => {
                self.enrollment.timers.retain(|timer| timer.name != *name);
                Verdict::allowed()
            }
            Action::CreateTask(task) => self.create_task(task),
            Action::AddNote { text } => self.write_back("note", json!({ "text": text }), None),
            Action::SetProperties { properties } => {
                self.applied.properties.extend(properties.clone());
                self.write_back("properties", json!(properties), None)
            }
            Action::EmitEvent { kind, data } => self.emit(index, kind, data),
            Action::Exit { outcome } => {
                self.enrollment.status = EnrollmentStatus::Finished;
                self.enrollment.exit_reason = Some(outcome.clone());
                Verdict::allowed()
            }
            Action::Custom { kind, .. } => Verdict::refused(
                "unknown-action",
                format!("this host has no action {kind:?}"),
            ),
        }
    }

    fn send_email(&mut self, index: usize, email: &SendEmail) -> Verdict {
        let scope = self.scope;
        let due_at = scope.calendar.resolve(email.when, scope.now, scope.zone);
        let id = self.action_id("msg", index);
        // A thread whose parent never left cannot be continued; the message then starts its own.
        let thread = email
            .reply_to
            .as_ref()
            .and_then(|touch| scope.touches.iter().find(|known| known.touch.id == *touch))
            .and_then(|touch| touch.thread.clone());
        let preview = scope.to.map(|to| {
            mail::mail(
                scope.templates,
                &mail::Draft {
                    id: &id,
                    identity: &scope.sequence.identity,
                    to,
                    sequence: &scope.sequence.name,
                    plugin: &scope.sequence.plugin.manifest().id,
                    template: &email.template,
                    contact: scope.contact,
                    account: scope.account,
                    event: scope.event,
                    variables: &email.variables,
                    parent: thread.as_ref().map(|thread| {
                        (
                            Parent {
                                message_id: &thread.message_id,
                                references: &thread.references,
                            },
                            thread.subject.as_str(),
                        )
                    }),
                    manner: mail::Manner::default(),
                },
            )
        });
        let (subject, missing_fields) = match preview {
            None => (None, Vec::new()),
            Some(Ok(mail)) => (Some(mail.subject), Vec::new()),
            Some(Err(mail::Error::Render(compose::RenderError::Missing { fields }))) => {
                (None, fields)
            }
            Some(Err(e)) => return Verdict::refused("template", e.to_string()),
        };
        let ruling = guardrails::judge(&Proposal {
            to: scope.to,
            suppressed: scope.suppressed,
            stopped: None,
            missing_fields: &missing_fields,
        });
        let (held_reason, verdict) = match ruling {
            Ruling::Allow => (
                None,
                Verdict::Allowed {
                    at: Some(due_at),
                    message: Some(id.clone()),
                },
            ),
            Ruling::Hold { rule, reason } => (
                Some(reason.clone()),
                Verdict::Held {
                    rule: rule.to_owned(),
                    reason,
                    message: id.clone(),
                },
            ),
            Ruling::Refuse { rule, reason } => return Verdict::refused(rule, reason),
        };
        self.messages.push(NewMessage {
            id,
            due_at,
            identity: scope.sequence.identity.name.clone(),
            template: email.template.clone(),
            context: MessageContext {
                sequence: scope.sequence.name.clone(),
                plugin: scope.sequence.plugin.manifest().id.clone(),
                variables: email.variables.clone(),
                event: scope.event.clone(),
            },
            thread,
            subject,
            held_reason,
        });
        verdict
    }

    fn set_timer(&mut self, timer: &SetTimer) -> Verdict {
        let at = self
            .scope
            .calendar
            .resolve(timer.when, self.scope.now, self.scope.zone);
        self.enrollment
            .timers
            .retain(|known| known.name != timer.name);
        if self.enrollment.timers.len() >= TIMERS_MAX {
            return Verdict::refused(
                "timers-max",
                format!("an enrollment has at most {TIMERS_MAX} timers"),
            );
        }
        self.enrollment.timers.push(Timer {
            name: timer.name.clone(),
            at,
            data: timer.data.clone(),
        });
        self.enrollment
            .timers
            .sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        Verdict::Allowed {
            at: Some(at),
            message: None,
        }
    }

    fn create_task(&mut self, task: &CreateTask) -> Verdict {
        let due_at = self
            .scope
            .calendar
            .resolve(task.due, self.scope.now, self.scope.zone);
        let fields = compose::Context {
            contact: self.scope.contact,
            account: self.scope.account,
            event: self.scope.event,
            vars: &JsonMap::new(),
            sender: &self.scope.sequence.identity.from,
            sequence: &self.scope.sequence.name,
            host: compose::HostFields::default(),
        };
        // A colleague reads it: better a name too few than no task.
        let fill = |text: &str| compose::fill_in(text, &fields).unwrap_or_else(|_| text.to_owned());
        let body = json!({ "title": fill(&task.title), "body": fill(&task.body) });
        self.write_back("task", body, Some(due_at))
    }

    fn write_back(
        &mut self,
        kind: &'static str,
        body: serde_json::Value,
        due_at: Option<Instant>,
    ) -> Verdict {
        self.writebacks.push(NewWriteback { kind, body, due_at });
        Verdict::Allowed {
            at: due_at,
            message: None,
        }
    }

    fn emit(&mut self, index: usize, kind: &str, data: &JsonMap) -> Verdict {
        let depth = self.scope.depth + 1;
        if depth > EMIT_DEPTH_MAX {
            return Verdict::refused(
                "emit-depth-max",
                format!("{EMIT_DEPTH_MAX} events of plugins follow from one event at most"),
            );
        }
        self.applied.emitted.push(EmittedEvent {
            id: self.action_id("evt", index),
            plugin: self.scope.sequence.plugin.manifest().id.clone(),
            kind: kind.to_owned(),
            data: data.clone(),
            depth,
        });
        Verdict::allowed()
    }

    /// The same decision repeated makes the same ids: nothing is ever queued twice.
    fn action_id(&self, prefix: &str, index: usize) -> String {
        digest::id(
            prefix,
            &[
                self.scope.enrollment_id.as_bytes(),
                &self.number.to_be_bytes(),
                &(index as u64).to_be_bytes(),
            ],
        )
    }
}
