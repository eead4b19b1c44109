//! An enrollment while it is being decided: its whole next state, and whether it changed.

use crate::domain::Instant;
use crate::domain::enrollment::EnrollmentStatus;
use crate::store::work::{EnrollmentChange, StoredEnrollment};

/// An enrollment while it is being decided.
pub(super) struct Draft {
    pub(super) next: EnrollmentChange,
    pub(super) changed: bool,
}

impl Draft {
    pub(super) fn new(sequence_id: i64, event_seq: i64, now: Instant) -> Self {
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

    pub(super) fn stored(enrollment: StoredEnrollment) -> Self {
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

    pub(super) fn active(&self) -> bool {
        self.next.status == EnrollmentStatus::Active
    }

    pub(super) fn finished(&self) -> bool {
        self.next.status == EnrollmentStatus::Finished
    }
}
