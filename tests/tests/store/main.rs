//! The store's contract, by noun, over every store there is.
//!
//! Each check gets an empty store and knows nothing of SQL.

mod bench;
mod explain;
mod intake;
mod outbox;
mod work;

use std::sync::Arc;

use followup::store::Shared;
use followup::store::sqlite::{Options, SqliteStore};

/// An empty store, and the folder that keeps it alive.
fn sqlite() -> (Shared, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store =
        SqliteStore::open(&folder.path().join("followup.db"), Options::default()).expect("opens");
    (Arc::new(store), folder)
}

/// Writes each check once and runs it on every store.
macro_rules! conformance {
    ($($module:ident::$check:ident),* $(,)?) => {
        mod sqlite_store {
            $(
                #[tokio::test]
                async fn $check() {
                    let (store, _folder) = super::sqlite();
                    super::$module::$check(store).await;
                }
            )*
        }
    };
}

conformance![
    intake::the_same_key_twice_is_one_event,
    intake::an_address_is_one_contact_whatever_names_it,
    intake::a_provider_makes_no_contacts,
    intake::fields_merge_and_blanks_forget,
    intake::an_exit_finishes_and_cancels_in_one_go,
    intake::an_exit_that_is_off_changes_nothing,
    intake::an_opt_out_of_a_stranger_is_remembered,
    intake::a_thin_event_waits_and_is_completed,
    work::a_contact_is_due_until_it_is_decided,
    work::something_heard_meanwhile_is_a_conflict,
    work::a_timer_makes_its_contact_due,
    work::a_parked_call_is_tried_again_when_the_plugin_changes,
    outbox::a_message_is_claimed_once,
    outbox::an_exit_before_the_claim_wins,
    outbox::an_exit_after_the_claim_stops_the_repetition,
    outbox::doubt_outlives_later_attempts_and_exits,
    outbox::a_held_message_goes_when_the_field_comes,
    outbox::an_event_resolves_doubt,
    outbox::open_attempts_are_found_again,
    outbox::a_suppressed_address_is_not_claimed,
    explain::a_message_in_each_state_is_told_with_rule_and_time,
    explain::what_will_stop_a_queued_message_shows_before_it_does,
    explain::a_resume_counts_what_no_other_pause_holds,
    explain::a_person_lets_a_late_message_go_or_cancels_it,
    explain::what_became_no_message_is_told_too,
    explain::of_a_stranger_the_suppression_is_told,
    explain::a_message_in_full_shows_looks_attempts_and_touches,
];
