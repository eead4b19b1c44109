//! The input of a decision: the snapshot as a policy may see it.

use super::Sequence;
use super::draft::Draft;
use crate::domain::decision::{ContactView, DecideInput, EnrollmentView};
use crate::domain::{Event, Instant, digest};
use crate::store::work::DueContact;

/// What a policy is given for one event. The same snapshot gives the same bytes.
pub(super) fn build(
    contact: &DueContact,
    view: &ContactView,
    sequence: &Sequence,
    enrollment_id: &str,
    draft: &Draft,
    event: &Event,
    now: Instant,
) -> DecideInput {
    let enrollment = &draft.next;
    DecideInput {
        now,
        seed: seed(enrollment_id, enrollment.decisions),
        event: event.clone(),
        contact: view.clone(),
        account: contact.account.clone(),
        enrollment: EnrollmentView {
            id: enrollment_id.to_owned(),
            sequence: sequence.name.clone(),
            enrolled_at: enrollment.enrolled_at,
            decisions: enrollment.decisions - draft.restarted_at,
            timers: enrollment
                .timers
                .iter()
                .map(|stored| stored.timer.clone())
                .collect(),
        },
        touches: contact
            .touches
            .iter()
            .map(|touch| touch.touch.clone())
            .collect(),
        history: contact.history.clone(),
        state: enrollment.state.clone(),
        config: sequence.config.clone(),
    }
}

/// Differs from decision to decision, the same when one is repeated.
fn seed(enrollment_id: &str, number: u64) -> u64 {
    let hash = digest::sha256(&[enrollment_id.as_bytes(), &number.to_be_bytes()]);
    u64::from_be_bytes(hash[..8].try_into().expect("eight of thirty-two bytes"))
}
