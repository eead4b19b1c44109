//! The store's contract, by noun, over every store there is.
//!
//! Each check gets an empty store and knows nothing of SQL.

mod alike;
mod audit;
mod bench;
mod crossing;
mod explain;
mod hosts;
mod installs;
mod intake;
mod late;
mod looks;
mod merges;
mod outbox;
mod reactions;
mod recipient;
mod restores;
mod roster;
mod triggers;
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

        mod postgres_store {
            $(
                #[tokio::test]
                async fn $check() {
                    let store = followup_tests::cluster::store().await;
                    super::$module::$check(std::sync::Arc::new(store)).await;
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
    late::an_older_word_fills_and_changes_nothing,
    late::an_old_address_is_not_taken_back,
    late::a_reply_from_an_earlier_address_is_a_reply,
    late::what_is_told_late_ends_and_enrols_all_the_same,
    late::a_deletion_and_a_restoration_count_by_their_time,
    late::nothing_is_told_in_the_future,
    merges::what_ran_for_the_loser_ends_and_the_survivors_goes_on,
    merges::what_is_heard_of_the_loser_is_heard_of_the_survivor,
    merges::the_survivor_keeps_address_and_fields,
    merges::touches_and_wishes_go_along,
    merges::what_the_person_wished_for_holds_for_the_survivor,
    merges::who_is_unknown_is_made_known,
    merges::an_unknown_survivor_gets_the_wishes_with_its_address,
    merges::an_address_that_leads_elsewhere_is_one_with_the_survivor,
    merges::twice_and_in_a_circle,
    looks::what_waits_is_counted_with_its_age,
    looks::a_message_in_doubt_is_taken_once_and_again_after_its_lease,
    looks::what_was_found_is_sent_as_if_it_had_been_answered,
    looks::proof_that_comes_first_wins,
    looks::a_person_says_what_became_of_it,
    looks::what_an_exit_stopped_is_looked_for_and_never_sent_again,
    recipient::one_sequence_less_ends_that_sequence,
    recipient::only_their_own_unsubscription_is_taken_back,
    recipient::a_pause_lasts_until_it_is_taken_back,
    recipient::what_comes_too_soon_is_a_machine,
    recipient::several_links_at_once_are_a_machine,
    recipient::a_click_is_decided_when_nothing_can_follow_it,
    work::a_contact_is_due_until_it_is_decided,
    work::something_heard_meanwhile_is_a_conflict,
    work::many_are_decided_at_once_and_each_gets_its_own,
    work::who_breaks_a_rule_takes_nobody_along,
    work::a_timer_makes_its_contact_due,
    work::a_parked_call_is_tried_again_when_the_plugin_changes,
    work::what_lacked_a_field_is_composed_again_with_other_texts,
    outbox::a_message_is_claimed_once,
    outbox::an_unanswered_claim_is_given_back,
    outbox::an_exit_before_the_claim_wins,
    outbox::an_exit_after_the_claim_stops_the_repetition,
    outbox::doubt_outlives_later_attempts_and_exits,
    outbox::a_held_message_goes_when_the_field_comes,
    outbox::an_event_resolves_doubt,
    outbox::open_attempts_are_found_again,
    outbox::a_suppressed_address_is_not_claimed,
    reactions::touches_count_from_the_claim_and_not_when_refused,
    reactions::what_was_heard_since_voids_a_claim,
    reactions::a_pause_stops_what_is_queued_and_resuming_frees_it,
    reactions::a_pause_with_an_end_lifts_itself_and_counts_anew,
    reactions::a_late_message_moves_the_timers_of_its_enrollment,
    reactions::an_absent_person_is_left_in_peace,
    reactions::who_left_is_a_task_and_an_end,
    reactions::soft_bounces_add_up_until_a_delivery,
    reactions::a_last_soft_bounce_waits_for_the_mail_under_way,
    reactions::a_colleagues_answer_stops_or_delays_as_configured,
    reactions::what_converts_for_one_sequence_is_an_answer_to_all,
    reactions::free_mail_neighbours_are_no_colleagues,
    reactions::a_reply_is_found_by_what_it_answers,
    reactions::a_reply_may_name_what_the_provider_called_the_mail,
    reactions::a_known_second_address_is_the_same_person,
    reactions::a_stale_message_goes_when_a_person_says_so,
    crossing::a_field_told_meanwhile_is_not_missing,
    crossing::a_pause_lifted_meanwhile_holds_nothing,
    crossing::a_plugin_called_like_a_sequence_is_another_matter,
    crossing::a_pause_lifted_while_a_policy_thinks_holds_nothing,
    crossing::a_timer_freed_while_a_policy_thinks_rings,
    crossing::a_start_looks_again_at_what_configuration_may_cure,
    crossing::who_comes_later_sees_the_slots_of_those_before,
    reactions::a_persons_word_outweighs_a_bounce,
    reactions::only_a_mail_that_arrived_can_be_continued,
    reactions::a_mail_is_continued_under_the_name_its_reader_saw,
    reactions::our_own_copy_is_no_mail_of_a_rep,
    restores::what_may_have_left_since_is_held_once,
    restores::what_a_pause_held_is_not_let_go_by_its_end,
    restores::what_was_in_doubt_stays_so_and_its_timers_ring,
    triggers::a_page_and_its_cursor_are_one,
    triggers::a_failed_poll_keeps_its_cursor_and_is_told,
    triggers::the_oldest_calls_go_first,
    roster::a_list_enrols_once,
    roster::a_preview_touches_nothing,
    roster::who_must_not_be_mailed_is_not_enrolled,
    roster::suppressing_ends_what_runs,
    roster::a_domain_counts_wherever_an_address_does,
    roster::the_list_is_read_in_pages_and_can_be_undone,
    explain::a_message_in_each_state_is_told_with_rule_and_time,
    explain::what_will_stop_a_queued_message_shows_before_it_does,
    explain::a_resume_counts_what_no_other_pause_holds,
    explain::a_person_lets_a_late_message_go_or_cancels_it,
    explain::what_became_no_message_is_told_too,
    explain::of_a_stranger_the_suppression_is_told,
    installs::nothing_runs_that_nobody_approved,
    installs::begun_anew_is_as_on_the_first_day,
    installs::a_rollback_undoes_what_nobody_noticed,
    installs::a_rollback_leaves_what_was_written,
    installs::a_plugin_that_keeps_failing_is_parked_and_resumed,
    explain::a_message_in_full_shows_looks_attempts_and_touches,
    explain::whether_a_thread_was_kept_is_told,
];
