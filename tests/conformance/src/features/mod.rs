//! Promises of the engine for each feature, over every store.

mod accepted;
mod alerts;
mod attempts;
mod backfills;
mod circuits;
mod clocks;
mod contention;
mod deadlines;
mod failures;
mod kept;
mod keys;
mod lateness;
mod limits;
mod lists;
mod outages;
mod periods;
mod queues;
mod rules;
mod stands;
pub(crate) mod world;

use serde_json::Value;

pub use self::{
    accepted::what_is_durable_is_accepted_though_no_message_goes,
    alerts::{
        a_receiver_is_told_of_few_alerts_a_minute, notices_of_one_cause_are_one,
        too_many_alerts_are_told_as_one, unnamed_pushes_have_an_alert_for_each_cause,
        what_comes_back_after_a_success_is_told_again, what_comes_back_all_the_time_is_told_ever_more_rarely,
        what_stays_open_is_told_daily,
    },
    attempts::{
        a_start_that_comes_after_a_pause_is_not_lost, a_vanished_workers_work_starts_again,
        long_work_tells_how_far_it_is_and_is_stopped,
    },
    backfills::{a_backfill_goes_on_as_its_executions_end, a_backfill_is_paused_and_cancelled},
    circuits::{
        a_circuit_opens_skips_slots_and_tries_one, a_circuit_that_was_opened_by_hand_stays_open,
        a_job_that_is_defined_again_begins_with_a_closed_circuit,
    },
    clocks::{
        a_clock_that_is_behind_after_a_restart_stops_no_schedule, a_clock_that_was_ahead_stops_no_schedule,
        a_death_hides_no_clock_that_was_ahead, a_job_that_changed_after_a_clock_was_ahead_goes_on,
        a_lane_that_a_clock_that_was_ahead_has_taken_is_free, the_audit_finds_what_another_clock_put_off,
        what_a_clock_that_was_ahead_planned_comes_in_time,
        what_was_defined_and_paused_by_a_clock_that_was_ahead_counts_from_now,
    },
    contention::{
        a_change_that_comes_second_is_made_again_or_says_so, definitions_at_once_wait_for_each_other,
    },
    deadlines::{
        a_backfill_is_not_too_late, a_missed_deadline_is_an_alert_until_it_has_ended,
        a_starting_deadline_counts_from_the_slot, each_misfire_policy_makes_up_for_what_it_says,
        what_has_not_started_by_its_deadline_is_skipped, what_waits_beyond_its_deadline_is_skipped,
    },
    failures::{a_failure_that_is_only_recorded_pages_nobody, a_graph_runs_again_from_what_failed},
    kept::{
        a_dependency_that_is_added_in_time_has_its_result,
        a_dependency_that_is_added_too_late_is_skipped_over, a_rarer_jobs_result_is_kept_for_its_dependents,
        a_result_that_has_gone_is_no_null, the_oldest_of_too_many_dead_letters_are_discarded,
        what_a_person_is_to_decide_on_is_kept,
    },
    keys::{
        a_key_stands_for_one_request, a_named_instant_is_part_of_the_request, a_request_is_what_it_means,
        a_request_that_is_sent_again_completes_a_rerun, a_retried_push_hides_no_failure_of_the_job,
        a_retried_push_replaces_no_result_of_the_job, a_run_beside_a_push_deals_with_no_letter_of_it,
        a_trigger_is_known_by_its_key_and_its_input, no_dependent_loses_its_run_to_a_key,
        no_key_takes_a_slot, one_of_two_retries_for_a_key_is_new,
    },
    lateness::{waiting_for_a_dependency_is_no_lateness, waiting_for_a_turn_is_no_lateness},
    limits::{
        a_line_goes_by_turns_whatever_was_before, a_rate_spaces_starts, a_slot_that_is_forbidden_is_skipped,
        changed_limits_reach_what_waits, keys_take_turns, one_waits_while_as_many_run_as_may,
        the_newest_replaces_what_runs, what_is_asked_for_waits_where_others_are_skipped_or_replaced,
    },
    lists::{a_list_of_a_skipped_job_skips, a_mapped_job_waits_for_its_list},
    outages::{
        a_long_outage_leaves_the_decision_to_the_policy, a_long_pause_leaves_the_decision_to_the_policy,
        what_no_worker_took_within_the_retention_says_so,
    },
    periods::{
        schedules_of_all_periods_wait_for_each_other_in_autumn,
        schedules_of_all_periods_wait_for_each_other_in_spring,
    },
    queues::{a_change_of_priority_reaches_what_waits, a_full_queue_refuses},
    rules::every_rule_keeps_its_deadline,
    stands::{
        a_dead_holder_gives_its_permit_back, a_deep_queue_stops_no_other,
        a_new_leader_looks_at_once_at_what_waits, a_pause_is_passed_over_by_the_policy_however_short,
        after_an_outage_skip_starts_nothing_older_than_its_step, what_could_not_be_read_is_not_late_for_ever,
        what_has_run_long_is_watched, what_has_waited_long_is_watched,
    },
    world::{Tried, World, good},
};

const NOTHING: Value = Value::Null;

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}
