//! Which sequences an event enrols the contact in, and why not in others.

use super::Sequence;
use super::contact::Turn;
use super::draft::Draft;
use super::enrol::Subject;
use crate::domain::Event;
use crate::domain::event::kind;
use crate::guardrails::enrolment::{Asked, Earlier, may_enrol};
use crate::store::work::PendingEvent;

impl<'e> Turn<'e> {
    /// The sequences that the event enrols the contact in. A person who has replied, opted out or
    /// bounced since the event happened is not enrolled: there was no enrollment yet that the exit
    /// could have ended.
    ///
    /// An event of kind `enrol-asked` names its sequence in `data.sequence` and needs no rule: a lead
    /// list, a form, a person asks. The guardrails hold for it all the same.
    pub(super) fn enrolling(
        &mut self,
        seq: i64,
        event: &Event,
        later: &[PendingEvent],
    ) -> Vec<&'e Sequence> {
        let meant = self.meant(event);
        let mut enrolling: Vec<&'e Sequence> = Vec::new();
        let mut remarks = Vec::new();
        for sequence in meant {
            let objection = self.may_enrol(sequence, &enrolling).err().or_else(|| {
                let kind = self.ended_since(sequence, later)?;
                Some(format!("{kind} was heard since"))
            });
            let Some(refused) = objection else {
                enrolling.push(sequence);
                continue;
            };
            remarks.push(format!("not enrolled in {}: {refused}", sequence.name));
        }
        if event.kind == kind::ENROL_ASKED && enrolling.is_empty() && remarks.is_empty() {
            let name = asked_for(event).unwrap_or_default();
            remarks.push(format!("not enrolled: there is no sequence {name:?}"));
        }
        if !remarks.is_empty() {
            self.remarks.push((seq, remarks.join("; ")));
        }
        enrolling
    }

    /// Those whose rule holds for the event, or that it asks for by name.
    fn meant(&self, event: &Event) -> Vec<&'e Sequence> {
        let engine = self.engine;
        if event.kind == kind::ENROL_ASKED {
            let asked = asked_for(event);
            return engine
                .sequences
                .iter()
                .filter(|sequence| Some(sequence.name.as_str()) == asked)
                .collect();
        }
        // A rule costs more than a look at earlier enrollments, and most contacts have been there.
        let mut open: Vec<_> = engine
            .sequences
            .iter()
            .filter(|sequence| !self.been_there(sequence))
            .collect();
        if open.is_empty() {
            return open;
        }
        let subject = if open.iter().any(|sequence| sequence.enrol.asks_for_person()) {
            Subject::new(event, &self.view, self.contact.account.as_ref())
        } else {
            Subject::of_event(event)
        };
        open.retain(|sequence| matches(sequence, event, &subject));
        open
    }

    /// Whether an earlier run through the sequence bars another one.
    fn been_there(&self, sequence: &Sequence) -> bool {
        let earlier = self.earlier(sequence);
        let asked = Asked {
            to: None,
            suppressed: None,
            opted_out: None,
            exclusive: false,
            active_in: None,
            ..self.asked(sequence, &earlier)
        };
        may_enrol(&asked).is_err()
    }

    fn may_enrol(&self, sequence: &Sequence, enrolling: &[&Sequence]) -> Result<(), String> {
        if self.contact.deleted {
            return Err("contact-deleted: the CRM deleted the contact".to_owned());
        }
        let earlier = self.earlier(sequence);
        let mut asked = self.asked(sequence, &earlier);
        let beside =
            |other: &&Sequence| other.rules.exclusive && other.sequence_id != sequence.sequence_id;
        asked.active_in = self
            .enrollments
            .iter()
            .filter(|draft| !draft.finished())
            .filter_map(|draft| self.engine.sequences.by_id(draft.next.sequence_id))
            .chain(enrolling.iter().copied())
            .find(beside)
            .map(|other| other.name.as_str());
        may_enrol(&asked).map_err(|refusal| match refusal.until {
            Some(until) => format!("{}: {}, until {until}", refusal.rule, refusal.reason),
            None => format!("{}: {}", refusal.rule, refusal.reason),
        })
    }

    fn asked<'a>(&'a self, sequence: &'a Sequence, earlier: &'a [Earlier]) -> Asked<'a> {
        let rules = &sequence.rules;
        Asked {
            to: self.contact.email.as_ref(),
            suppressed: self.contact.suppressed.as_deref(),
            opted_out: self
                .contact
                .opt_outs
                .contains(&sequence.name)
                .then_some("this sequence"),
            role_addresses: rules.role_addresses,
            role_names: &rules.role_names,
            re_enrol: rules.re_enrol,
            exclusive: rules.exclusive,
            earlier,
            active_in: None,
            now: self.now,
        }
    }

    fn earlier(&self, sequence: &Sequence) -> Vec<Earlier> {
        let same = |draft: &&Draft| draft.next.sequence_id == sequence.sequence_id;
        self.enrollments
            .iter()
            .filter(same)
            .map(|draft| Earlier {
                // One that ended in this very turn ended now.
                finished_at: draft
                    .finished()
                    .then(|| draft.finished_at.unwrap_or(self.now)),
            })
            .collect()
    }

    /// The kind of a later event that would have ended the enrollment.
    fn ended_since(&self, sequence: &Sequence, later: &[PendingEvent]) -> Option<String> {
        let departed = |event: &&Event| {
            event.kind == kind::AUTO_REPLIED && event.data.get("departed") == Some(&true.into())
        };
        if let Some(event) = later.iter().map(|next| &next.event).find(departed) {
            return Some(format!("{} (departed)", event.kind));
        }
        later
            .iter()
            .map(|next| &next.event.kind)
            .chain(&self.contact.later_kinds)
            .find(|kind| sequence.exits.reason_for(kind).is_some())
            .cloned()
    }
}

fn asked_for(event: &Event) -> Option<&str> {
    event
        .data
        .get("sequence")
        .and_then(serde_json::Value::as_str)
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
