//! The core: `(snapshot, decision) -> effects`. Pure.
//!
//! Takes each action through the guardrails and turns what they allow into rows. Nothing is done
//! here: the rows are committed together, and the loops that read them act.

use chrono_tz::Tz;
use serde_json::json;

use super::draft::soonest_first;
use super::{EMIT_DEPTH_MAX, EMITS_MAX, Sequence, TIMER_PAUSE_MS, TIMERS_MAX, Version};
use crate::calendar::{Calendar, HOST_FIELDS};
use crate::compose::{self, Letterhead, Templates};
use crate::domain::decision::{
    AccountView, Action, ContactView, CreateTask, SetTimer, Timer, When,
};
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::pause::Pauses;
use crate::domain::touch::{Quiet, Recent, Slot};
use crate::domain::verdict::Verdict;
use crate::domain::{EmailAddress, Event, Instant, JsonMap, digest};
use crate::sandbox::Decided;
use crate::store::work::{
    EmittedEvent, EnrollmentChange, LedgerEntry, NewMessage, NewWriteback, StoredTimer, StoredTouch,
};

/// What the effects of a decision depend on beside the decision itself.
pub(super) struct Scope<'a> {
    pub(super) sequence: &'a Sequence,
    /// Of its policy: the one that decided.
    pub(super) version: &'a Version,
    pub(super) calendar: &'a Calendar,
    pub(super) templates: &'a Templates,
    pub(super) letterhead: &'a Letterhead,
    pub(super) enrollment_id: &'a str,
    pub(super) contact: &'a ContactView,
    pub(super) account: Option<&'a AccountView>,
    pub(super) to: Option<&'a EmailAddress>,
    pub(super) suppressed: Option<&'a str>,
    pub(super) contact_id: i64,
    pub(super) quiet: Option<&'a Quiet>,
    pub(super) pauses: &'a Pauses,
    pub(super) touches: &'a [StoredTouch],
    pub(super) event: &'a Event,
    /// Of the event: see `EMIT_DEPTH_MAX`.
    pub(super) depth: u32,
    /// See `TIMER_PAUSE_MS`.
    pub(super) hurried: bool,
    pub(super) zone: Tz,
    pub(super) now: Instant,
    /// See `Limits`.
    pub(super) restored_at: Option<Instant>,
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
    decided: Decided,
    place: Place<'_>,
) -> Applied {
    let Decided {
        input,
        decision: output,
        fuel_used: fuel,
        memory_bytes: memory,
        ..
    } = decided;
    let mut effects = Effects {
        scope,
        number: enrollment.decisions,
        enrollment,
        messages: Vec::new(),
        writebacks: Vec::new(),
        applied: Applied::default(),
        place,
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
        plugin_id: scope.version.plugin_id,
        input,
        output,
        verdicts,
        fuel,
        memory,
        messages,
        writebacks,
    });
    applied
}

/// What one decision leaves for the next ones of the same turn.
pub(super) struct Place<'t> {
    /// Touches of the contact and its account.
    pub(super) recent: &'t Recent,
    /// Slots of the contact's messages that wait, those of this turn among them.
    pub(super) given: &'t mut Vec<Slot>,
    /// Since when a message of the enrollment should have gone that has not.
    pub(super) waiting_since: &'t mut Option<Instant>,
}

pub(super) struct Effects<'a, 'e> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) enrollment: &'e mut EnrollmentChange,
    number: u64,
    pub(super) messages: Vec<NewMessage>,
    writebacks: Vec<NewWriteback>,
    applied: Applied,
    pub(super) place: Place<'e>,
}

impl Effects<'_, '_> {
    fn act(&mut self, index: usize, action: &Action) -> Verdict {
        match action {
            Action::SendEmail(email) => self.send_email(index, email),
            Action::SetTimer(timer) => self.set_timer(timer),
            Action::CancelTimer { name } => {
                self.enrollment
                    .timers
                    .retain(|known| known.timer.name != *name);
                Verdict::allowed()
            }
            Action::CreateTask(task) => self.create_task(task),
            Action::AddNote { text } => self.write_back("note", json!({ "text": text }), None),
            Action::SetProperties { properties } => self.set_properties(properties),
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

    /// Not those by which the host tells where the contact's night and holidays are.
    fn set_properties(&mut self, properties: &JsonMap) -> Verdict {
        let own = |key: &&String| HOST_FIELDS.contains(&key.as_str());
        if let Some(key) = properties.keys().find(own) {
            let reason = format!("{key} decides when mail may leave: only the CRM may say it");
            return Verdict::refused("host-field", reason);
        }
        self.applied.properties.extend(properties.clone());
        self.write_back("properties", json!(properties), None)
    }

    fn set_timer(&mut self, timer: &SetTimer) -> Verdict {
        let mut at = self
            .scope
            .calendar
            .resolve(timer.when, self.scope.now, self.scope.zone);
        // What the outside world tells has an end; what plugins tell themselves has none.
        if self.scope.hurried {
            at = at.max(self.scope.now.plus_ms(TIMER_PAUSE_MS));
        }
        self.enrollment
            .timers
            .retain(|known| known.timer.name != timer.name);
        if self.enrollment.timers.len() >= TIMERS_MAX {
            return Verdict::refused(
                "timers-max",
                format!("an enrollment has at most {TIMERS_MAX} timers"),
            );
        }
        self.enrollment.timers.push(StoredTimer {
            timer: Timer {
                name: timer.name.clone(),
                at,
                data: timer.data.clone(),
            },
            // A meeting stays where it is, however late a mail goes.
            asked: (!matches!(timer.when, When::At(_))).then_some(timer.when),
            set_at: self.scope.now,
        });
        soonest_first(&mut self.enrollment.timers);
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
            sender: &self.scope.sequence.sender.identity.from,
            sequence: &self.scope.sequence.name,
            host: compose::HostFields::default(),
        };
        // A colleague reads it: better a name too few than no task.
        let fill = |text: &str| compose::fill_in(text, &fields).unwrap_or_else(|_| text.to_owned());
        let body = json!({ "title": fill(&task.title), "body": fill(&task.body) });
        self.write_back("task", body, Some(due_at))
    }

    /// A task that the host itself sets.
    pub(super) fn ask_a_person(&mut self, title: &str, reason: &str, due_at: Instant) {
        let body = json!({ "title": title, "body": reason });
        self.write_back("task", body, Some(due_at));
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
        let sent = self.applied.emitted.len();
        if sent >= EMITS_MAX {
            return Verdict::refused(
                "emits-max",
                format!("a decision emits at most {EMITS_MAX} events"),
            );
        }
        let depth = self.scope.depth + 1;
        if depth > EMIT_DEPTH_MAX {
            return Verdict::refused(
                "emit-depth-max",
                format!("{EMIT_DEPTH_MAX} events of plugins follow from one event at most"),
            );
        }
        self.applied.emitted.push(EmittedEvent {
            id: self.action_id("evt", index),
            plugin: self.scope.version.id().to_owned(),
            kind: kind.to_owned(),
            data: data.clone(),
            depth,
        });
        Verdict::allowed()
    }

    /// The same decision repeated makes the same ids: nothing is ever queued twice.
    pub(super) fn action_id(&self, prefix: &str, index: usize) -> String {
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
