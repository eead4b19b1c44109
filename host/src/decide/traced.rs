//! The span of one call of a policy.

use std::time::Duration;

use super::Sequence;
use super::call::Call;
use crate::domain::Instant;
use crate::domain::event::kind;
use crate::domain::fault::Fault;
use crate::sandbox::Decided;
use crate::traces::{Place, Sort, Span};

/// Who was asked what.
pub(super) struct Asked<'a> {
    pub(super) enrollment: String,
    pub(super) contact: i64,
    pub(super) sequence: &'a Sequence,
    pub(super) plugin: &'a str,
    pub(super) call: &'a Call,
    pub(super) began_at: Instant,
}

impl Asked<'_> {
    pub(super) fn span(self, answer: &Result<Decided, Fault>, took: Duration) -> Span {
        let event = &self.call.event;
        let outcome = match answer {
            Ok(decided) => decided.decision.outcome().to_owned(),
            Err(fault) => fault.kind.to_string(),
        };
        let (sequence, failures) = (self.sequence.name.clone(), self.call.failures);
        let place = if event.kind == kind::TIMER_FIRED {
            Place::Alarm { sequence, failures }
        } else {
            Place::Decision { sequence, failures }
        };
        Span {
            name: "decide",
            place,
            sort: Sort::Internal,
            began_at: self.began_at,
            took,
            attributes: vec![
                ("event.id", event.id.clone()),
                ("event.kind", event.kind.clone()),
                ("contact.id", self.contact.to_string()),
                ("enrollment.id", self.enrollment),
                ("sequence", self.sequence.name.clone()),
                ("plugin", self.plugin.to_owned()),
                ("outcome", outcome),
            ],
            link: None,
            failure: answer.as_ref().err().map(|fault| fault.kind.to_string()),
        }
    }
}
