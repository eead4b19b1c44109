//! An enrollment while it is being decided: its whole next state, and whether it changed.

use chrono_tz::Tz;

use crate::calendar::Calendar;
use crate::domain::Instant;
use crate::domain::enrollment::EnrollmentStatus;
use crate::store::work::{EnrollmentChange, StoredEnrollment, StoredTimer};

/// The order in which timers ring.
pub(super) fn soonest_first(timers: &mut [StoredTimer]) {
    timers.sort_by(|a, b| (a.timer.at, &a.timer.name).cmp(&(b.timer.at, &b.timer.name)));
}

/// An enrollment while it is being decided.
pub(super) struct Draft {
    pub(super) next: EnrollmentChange,
    pub(super) changed: bool,
    pub(super) finished_at: Option<Instant>,
    /// Since when a message of it should have gone that has not.
    pub(super) waiting_since: Option<Instant>,
}

impl Draft {
    pub(super) fn new(sequence_id: i64, event_seq: i64, now: Instant) -> Self {
        Self {
            changed: true,
            finished_at: None,
            waiting_since: None,
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

    /// One that was stored. Its timers move by as much as its messages went late, as if all had
    /// been asked for that much later: the calendar counts anew from there.
    pub(super) fn stored(enrollment: StoredEnrollment, calendar: &Calendar, zone: Tz) -> Self {
        let lag_ms = enrollment.lag_ms;
        let mut timers = enrollment.timers;
        for stored in timers.iter_mut().filter(|_| lag_ms > 0) {
            if let Some(when) = stored.asked {
                stored.set_at = stored.set_at.plus_ms(lag_ms);
                stored.timer.at = calendar.resolve(when, stored.set_at, zone);
            }
        }
        soonest_first(&mut timers);
        Self {
            changed: lag_ms > 0,
            finished_at: enrollment.finished_at,
            waiting_since: enrollment.waiting_since,
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
                timers,
                undecided: enrollment.undecided,
                ledger: Vec::new(),
                faults: Vec::new(),
            },
        }
    }

    /// The place of the timer that rings next: the soonest that waits for no message.
    pub(super) fn next_timer(&self) -> Option<usize> {
        self.next
            .timers
            .iter()
            .position(|stored| !stored.waits(self.waiting_since))
    }

    pub(super) fn active(&self) -> bool {
        self.next.status == EnrollmentStatus::Active
    }

    pub(super) fn finished(&self) -> bool {
        self.next.status == EnrollmentStatus::Finished
    }
}
