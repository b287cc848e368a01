//! Conformance suite for the stores behind the engine's ports.
//!
//! A case is a function over a fresh [`Backend`]; [`suite!`] makes a test of each. A new store brings
//! one function that opens it empty, and runs them all; a new promise of a port becomes a case here
//! before any store keeps it. The [`Model`] is the smallest store that keeps them all: the others are
//! compared with it over random histories. The cases of [`features`] run the engine over the store.

pub mod alerts;
pub mod backfills;
pub mod broken;
mod clock;
pub mod dead_letters;
pub mod executions;
pub mod features;
pub mod fixtures;
pub mod gates;
pub mod history;
pub mod jobs;
pub mod leases;
pub mod local_time;
pub mod logs;
mod model;
pub mod races;
pub mod timers;
pub mod workers;
pub mod zones;

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{
    AlertStore, BackfillStore, DeadLetterStore, ExecutionStore, GateStore, JobStore, LeaseStore, Store,
    StoreError, TimerStore, WorkerRegistry, ZoneStore,
};

pub use self::{
    clock::ManualClock,
    executions::{changes, claims, creation, listing, notes, retention},
    jobs::dependents,
    model::Model,
    timers::paging,
};

/// Outcome of a case. A store that does not answer fails the case, as an assertion does.
pub type Verdict = Result<(), StoreError>;

/// Expiry of rows in a store that removes ended executions by itself, in its own time.
#[async_trait]
pub trait Expiry: Send + Sync {
    /// Removes what the store would have removed by this instant at the latest.
    async fn expire(&self, now: Timestamp);
}

/// The durable ports of one store. Clones share it.
#[derive(Clone)]
pub struct Backend {
    pub jobs: Arc<dyn JobStore>,
    pub executions: Arc<dyn ExecutionStore>,
    pub timers: Arc<dyn TimerStore>,
    pub leases: Arc<dyn LeaseStore>,
    pub dead_letters: Arc<dyn DeadLetterStore>,
    pub alerts: Arc<dyn AlertStore>,
    pub gates: Arc<dyn GateStore>,
    pub workers: Arc<dyn WorkerRegistry>,
    pub zones: Arc<dyn ZoneStore>,
    pub backfills: Arc<dyn BackfillStore>,
    /// Expiry of a store that removes ended executions by itself: `ended_before` finds none there, and
    /// `remove_ended` does nothing.
    pub expiry: Option<Arc<dyn Expiry>>,
    /// Value that must be dropped after the store, such as its directory.
    _alive: Arc<dyn Any + Send + Sync>,
}

impl Backend {
    /// Backend over a store, which must be allowed to write. A store that asks for leadership leads
    /// lane 0 already, and the cases leave that lane alone.
    pub fn over(store: impl Store + 'static, alive: impl Any + Send + Sync) -> Self {
        let store = Arc::new(store);
        Self {
            jobs: store.clone(),
            executions: store.clone(),
            timers: store.clone(),
            leases: store.clone(),
            dead_letters: store.clone(),
            gates: store.clone(),
            alerts: store.clone(),
            workers: store.clone(),
            zones: store.clone(),
            backfills: store,
            expiry: None,
            _alive: Arc::new(alive),
        }
    }

    #[must_use]
    pub fn expiring_by_itself(self, expiry: impl Expiry + 'static) -> Self {
        Self { expiry: Some(Arc::new(expiry)), ..self }
    }

    pub fn expires_by_itself(&self) -> bool {
        self.expiry.is_some()
    }
}

/// Makes a test of each case. `$fresh` names an async function that opens an empty [`Backend`].
#[macro_export]
macro_rules! suite {
    ($fresh:ident) => {
        $crate::cases!($fresh, creation: [
            a_row_comes_back_as_it_was,
            what_is_absent_reads_as_none,
            a_guard_comes_with_its_row,
            the_second_creation_gets_the_first_row,
            a_batch_creates_what_is_not_there,
            an_execution_runs_again_once_for_a_key,
        ]);
        $crate::cases!($fresh, claims: [
            a_claim_starts_the_attempt,
            the_second_claim_gets_the_winners_row,
            a_repeated_claim_knows_itself,
            only_the_next_attempt_may_start,
            nothing_starts_before_its_time,
            nothing_starts_before_its_dependencies,
            what_has_ended_does_not_start,
            a_deadline_that_is_over_refuses,
            the_first_claim_pins_the_version,
            a_claim_of_nothing_is_missing,
            a_claim_brings_its_guard_along,
        ]);
        $crate::cases!($fresh, changes: [
            a_change_replaces_the_row,
            the_loser_gets_the_winners_row,
            a_repeated_change_finds_its_own_row,
            a_change_of_nothing_is_lost,
            a_stale_worker_cannot_write,
            an_end_is_final,
        ]);
        $crate::cases!($fresh, races: [
            one_creation_wins,
            one_rerun_wins_for_a_key,
            one_claim_wins,
            no_increment_is_lost,
            one_commit_wins,
            every_commit_gets_through_in_the_end,
            one_owner_leads,
            one_dead_letter_is_new,
        ]);
        $crate::cases!($fresh, notes: [
            waiters_are_kept_until_they_are_removed,
            outputs_are_kept_by_attempt,
        ]);
        $crate::cases!($fresh, listing: [
            a_job_is_listed_newest_slot_first,
            pages_have_no_gap_and_no_double,
            each_filter_filters,
            filters_combine,
            some_jobs_are_listed_among_others,
            jobs_of_one_instant_share_a_page_edge,
            the_status_is_that_of_now,
            a_row_that_comes_in_between_disturbs_no_page,
        ]);
        $crate::cases!($fresh, retention: [
            what_ended_before_is_found_in_the_order_of_creation,
            only_what_has_ended_is_removed,
            retention_counts_from_where_it_is_said_to,
            removal_can_be_repeated,
            what_belongs_to_a_row_goes_with_it,
            the_latest_generation_counts_numerically,
            elements_count_generations_of_their_own,
        ]);
        $crate::cases!($fresh, jobs: [
            an_empty_store_has_revision_zero,
            a_commit_writes_jobs_and_timers,
            the_second_of_two_commits_writes_nothing,
            old_versions_stay,
            versions_go_on_past_a_tombstone,
            a_pause_is_no_new_version,
            a_commit_without_jobs_counts,
        ]);
        $crate::cases!($fresh, dependents: [
            dependents_are_those_of_now,
            a_past_revision_has_its_own_dependents,
            what_is_connected_is_found_from_anywhere,
            a_deleted_dependent_is_none,
            a_pause_does_not_touch_the_past,
            a_run_is_named_after_its_first_root,
        ]);
        $crate::cases!($fresh, timers: [
            a_timer_comes_back_as_it_was,
            a_timer_of_the_same_key_is_replaced,
            a_timer_of_a_later_version_stays,
            removal_can_be_repeated,
            what_was_written_anew_is_not_removed,
            shards_are_apart,
            slots_are_found_by_job,
        ]);
        $crate::cases!($fresh, paging: [
            due_timers_come_in_order,
            after_is_behind_all_of_its_instant,
            behind_is_behind_one_row_only,
            one_instant_spreads_over_pages,
            a_position_outlives_its_row,
            what_is_written_ahead_is_met_on_the_way,
        ]);
        $crate::cases!($fresh, leases: [
            a_free_lane_has_a_leader_at_once,
            a_renewal_keeps_the_token,
            a_lane_changes_hands_when_its_lease_is_over,
            a_release_frees_the_lane,
            a_deposed_leader_releases_nothing,
            lanes_are_apart,
            cursors_are_saved_by_the_leader_only,
            cursors_of_all_lanes_are_kept,
        ]);
        $crate::cases!($fresh, gates: [
            a_gate_that_nobody_passed_reads_as_open,
            row_and_gates_change_together,
            a_row_that_moved_changes_no_gate,
            a_gate_that_moved_changes_no_row,
            a_gate_without_a_row_can_be_expected,
            gates_change_alone_too,
            a_line_is_in_the_order_of_its_places,
            permits_never_exceed_the_cap,
        ]);
        $crate::cases!($fresh, dead_letters: [
            a_dead_letter_is_added_once,
            one_discarded_stays_away,
            one_redriven_is_hidden,
            those_redriven_for_a_key_are_found_by_it,
            dead_letters_page_newest_first,
        ]);
        $crate::cases!($fresh, alerts: [
            an_alert_comes_back_as_it_was,
            a_write_is_made_from_the_one_before,
            an_alert_is_forgotten_as_it_was_read,
            alerts_are_listed_by_key,
        ]);
        $crate::cases!($fresh, workers: [
            a_worker_is_listed_as_it_reports,
            a_silent_worker_expires,
            a_drain_outlives_reports,
            a_touch_keeps_a_worker,
        ]);
        $crate::cases!($fresh, backfills: [
            a_backfill_comes_with_its_timer,
            a_change_of_another_revision_is_refused,
            one_of_two_changes_wins,
            a_repeated_change_finds_what_it_has_written,
            they_page_newest_first,
            those_that_are_over_are_removed,
        ]);
        $crate::cases!($fresh, zones: [
            nothing_is_in_force_at_first,
            what_is_put_in_force_moves_the_graph_on,
            a_definition_and_a_change_of_zone_data_exclude_each_other,
            zone_data_are_kept_as_they_came_first,
            a_job_brings_the_zone_data_along_that_judge_it,
            a_job_without_its_zone_data_is_not_guessed_at,
            what_is_stored_counts_not_what_a_process_has_of_its_own,
        ]);
        $crate::cases!($fresh, features: [
            what_is_durable_is_accepted_though_no_message_goes,
            one_waits_while_as_many_run_as_may,
            keys_take_turns,
            a_slot_that_is_forbidden_is_skipped,
            what_is_asked_for_waits_where_others_are_skipped_or_replaced,
            the_newest_replaces_what_runs,
            changed_limits_reach_what_waits,
            a_rate_spaces_starts,
            a_circuit_opens_skips_slots_and_tries_one,
            a_circuit_that_was_opened_by_hand_stays_open,
            a_job_that_is_defined_again_begins_with_a_closed_circuit,
            a_change_that_comes_second_is_made_again_or_says_so,
            definitions_at_once_wait_for_each_other,
            a_change_of_priority_reaches_what_waits,
            a_full_queue_refuses,
            each_misfire_policy_makes_up_for_what_it_says,
            what_has_not_started_by_its_deadline_is_skipped,
            a_missed_deadline_is_an_alert_until_it_has_ended,
            a_backfill_goes_on_as_its_executions_end,
            a_backfill_is_paused_and_cancelled,
            a_graph_runs_again_from_what_failed,
            long_work_tells_how_far_it_is_and_is_stopped,
            a_vanished_workers_work_starts_again,
            a_failure_that_is_only_recorded_pages_nobody,
            a_start_that_comes_after_a_pause_is_not_lost,
            no_key_takes_a_slot,
            a_key_stands_for_one_request,
            a_named_instant_is_part_of_the_request,
            a_trigger_is_known_by_its_key_and_its_input,
            one_of_two_retries_for_a_key_is_new,
            a_request_that_is_sent_again_completes_a_rerun,
            no_dependent_loses_its_run_to_a_key,
            a_retried_push_hides_no_failure_of_the_job,
            a_run_beside_a_push_deals_with_no_letter_of_it,
            a_retried_push_replaces_no_result_of_the_job,
            a_request_is_what_it_means,
            what_has_waited_long_is_watched,
            what_has_run_long_is_watched,
            a_dead_holder_gives_its_permit_back,
            a_new_leader_looks_at_once_at_what_waits,
            a_deep_queue_stops_no_other,
            what_could_not_be_read_is_not_late_for_ever,
            a_pause_is_passed_over_by_the_policy_however_short,
            after_an_outage_skip_starts_nothing_older_than_its_step,
            a_clock_that_was_ahead_stops_no_schedule,
            a_clock_that_is_behind_after_a_restart_stops_no_schedule,
            a_death_hides_no_clock_that_was_ahead,
            what_a_clock_that_was_ahead_planned_comes_in_time,
            the_audit_finds_what_another_clock_put_off,
            a_job_that_changed_after_a_clock_was_ahead_goes_on,
            what_was_defined_and_paused_by_a_clock_that_was_ahead_counts_from_now,
            a_lane_that_a_clock_that_was_ahead_has_taken_is_free,
            a_starting_deadline_counts_from_the_slot,
            what_waits_beyond_its_deadline_is_skipped,
            a_backfill_is_not_too_late,
            waiting_for_a_turn_is_no_lateness,
            waiting_for_a_dependency_is_no_lateness,
            a_line_goes_by_turns_whatever_was_before,
            a_list_of_a_skipped_job_skips,
            a_mapped_job_waits_for_its_list,
            a_rarer_jobs_result_is_kept_for_its_dependents,
            a_dependency_that_is_added_in_time_has_its_result,
            a_dependency_that_is_added_too_late_is_skipped_over,
            a_result_that_has_gone_is_no_null,
            what_a_person_is_to_decide_on_is_kept,
            the_oldest_of_too_many_dead_letters_are_discarded,
            a_long_outage_leaves_the_decision_to_the_policy,
            a_long_pause_leaves_the_decision_to_the_policy,
            what_no_worker_took_within_the_retention_says_so,
            what_comes_back_after_a_success_is_told_again,
            what_comes_back_all_the_time_is_told_ever_more_rarely,
            what_stays_open_is_told_daily,
            notices_of_one_cause_are_one,
            too_many_alerts_are_told_as_one,
            a_receiver_is_told_of_few_alerts_a_minute,
            unnamed_pushes_have_an_alert_for_each_cause,
        ]);
        $crate::cases!($fresh, local_time: [
            a_job_goes_by_the_zone_data_in_force,
            rows_without_a_stamp_come_to_the_right_hour,
            jobs_whose_zone_stays_the_same_keep_their_version,
            older_data_change_nothing,
            a_change_that_was_left_half_done_is_ended,
            a_paused_job_makes_up_for_its_pause_by_both_data,
            jobs_of_one_schedule_go_on_sharing_their_slots,
            a_timer_that_other_data_wrote_starts_nothing,
            a_job_defined_after_the_change_shares_the_slots_of_its_schedule,
            of_two_changes_at_once_none_takes_a_slot_away,
            what_two_changes_repeat_is_not_due_again,
            what_an_older_program_defines_is_taken_along_at_the_next_look,
            a_slot_in_the_backlog_outlives_a_change,
            a_change_gets_through_among_definitions,
            only_what_a_second_clock_calls_is_told_to_it,
        ]);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($fresh:ident, $module:ident: [$($case:ident),* $(,)?]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() -> $crate::features::Tried {
                    $crate::$module::$case(&super::$fresh().await).await?;
                    Ok(())
                }
            )*
        }
    };
}
