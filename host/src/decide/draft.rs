//! An enrollment while it is being decided: its whole next state, and whether it changed.

use chrono_tz::Tz;

use super::Version;
use crate::calendar::Calendar;
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::{Event, Instant};
use crate::store::work::{DecidedBy, EnrollmentChange, KeptState, StoredEnrollment, StoredTimer};

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
    /// Decisions before it was begun anew: the policy does not count them.
    pub(super) restarted_at: u64,
    /// The version that decided last, as it was stored.
    decided_by: Option<DecidedBy>,
}

impl Draft {
    pub(super) fn new(sequence_id: i64, event_seq: i64, now: Instant) -> Self {
        Self {
            changed: true,
            finished_at: None,
            waiting_since: None,
            restarted_at: 0,
            decided_by: None,
            next: EnrollmentChange {
                id: None,
                sequence_id,
                event_seq,
                status: EnrollmentStatus::Active,
                pause_reason: None,
                exit_reason: None,
                enrolled_at: now,
                decisions: 0,
                plugin_id: None,
                kept: None,
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
            restarted_at: enrollment.restarted_at,
            next: EnrollmentChange {
                id: Some(enrollment.id),
                sequence_id: enrollment.sequence_id,
                event_seq: enrollment.event_seq,
                status: enrollment.status,
                pause_reason: enrollment.pause_reason,
                exit_reason: None,
                enrolled_at: enrollment.enrolled_at,
                decisions: enrollment.decisions,
                plugin_id: enrollment.decided_by.as_ref().map(|last| last.plugin_id),
                kept: None,
                state: enrollment.state,
                timers,
                undecided: enrollment.undecided,
                ledger: Vec::new(),
                faults: Vec::new(),
            },
            decided_by: enrollment.decided_by,
        }
    }

    /// The version whose state this one has to take over; none where it decided last itself, or
    /// nobody did.
    pub(super) fn taken_over_from(&self, version: &Version) -> Option<&DecidedBy> {
        self.decided_by.as_ref().filter(|last| {
            self.next.plugin_id == Some(last.plugin_id) && last.plugin_id != version.plugin_id
        })
    }

    /// The enrollment as the last version left it, before it is asked about the event.
    pub(super) fn kept(&self, last: &DecidedBy, event: &Event) -> KeptState {
        KeptState {
            plugin_id: last.plugin_id,
            state: self.next.state.clone(),
            timers: self.next.timers.clone(),
            event: event.clone(),
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
