//! The write path holds in every small world, explored to the end. A change of the protocol shows as
//! another number of states, so it can't go unnoticed.

use belfry_model::actions::WritePath;
use belfry_model::config::{Config, Job};
use belfry_model::{reachable, worlds};
use stateright::{Checker, Model, Property};

fn check(config: Config, states: usize, sometimes: Vec<Property<WritePath>>) {
    let checker = WritePath { config, sometimes }.checker().spawn_bfs().join();
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), states);
}

#[test]
fn three_slots_with_two_faults() {
    let config = Config { faults: 2, ..worlds::one_job(3) };
    let sometimes = vec![
        Property::sometimes("everything succeeds", reachable::everything_succeeds),
        Property::sometimes("a stale finish is refused", reachable::stale_finish_is_refused),
        Property::sometimes("a sweep recovers a lost message", reachable::sweep_recovers_a_lost_message),
        Property::sometimes("a deposed leader's cursor is refused", reachable::deposed_cursor_is_refused),
        Property::sometimes("lost attempts run out", reachable::lost_attempts_run_out),
    ];
    check(config, 551_188, sometimes);
}

/// Chains begin anew, cursors go back, and what ran ahead of its time is not run again.
#[test]
fn a_clock_goes_back() {
    let config = Config { steps_back: 1, ..worlds::one_job(2) };
    let sometimes = vec![
        Property::sometimes("everything succeeds", reachable::everything_succeeds),
        Property::sometimes("a slot is fired again", reachable::slot_is_fired_again),
    ];
    check(config, 578_521, sometimes);
}

#[test]
fn a_clock_goes_back_before_a_retry() {
    let config = Config { steps_back: 1, targets_fail: true, retries: 1, ..worlds::one_job(1) };
    check(config, 442_028, vec![Property::sometimes("a retry runs", reachable::retry_runs)]);
}

#[test]
fn a_slot_is_retried_under_two_faults() {
    let config = Config { faults: 2, targets_fail: true, retries: 1, ..worlds::one_job(1) };
    check(config, 110_344, vec![Property::sometimes("a retry runs", reachable::retry_runs)]);
}

#[test]
fn timers_move_under_two_sweepers() {
    check(Config { rekeys: 2, sweepers: 2, ..worlds::one_job(1) }, 123_691, vec![]);
}

#[test]
fn refused_messages_change_nothing() {
    let duplicate =
        Property::sometimes("a duplicate loses the race", reachable::duplicate_loses_the_claim_race);
    check(Config { tidy: false, ..worlds::one_job(1) }, 2_230, vec![duplicate]);
}

#[test]
fn two_parents_and_a_join() {
    check(
        Config { faults: 2, ..worlds::join() },
        202_068,
        vec![
            Property::sometimes("everything succeeds", reachable::everything_succeeds),
            Property::sometimes("both parents deliver at once", reachable::both_parents_deliver_at_once),
            Property::sometimes("two see the join complete", reachable::two_see_the_join_complete),
            Property::sometimes("a sweep redoes a fan-out", reachable::sweep_redoes_a_fan_out),
        ],
    );
}

#[test]
fn a_parent_fails_and_a_chain_gives_up() {
    let jobs = vec![Job::scheduled(1, &[]), Job::dependent(&[0]), Job::dependent(&[1])];
    let config = Config { targets_fail: true, horizon: 0, ..Config::new(jobs) };
    check(config, 137_625, vec![Property::sometimes("failure spreads", reachable::failure_spreads)]);
}

#[test]
fn a_scheduled_dependent_waits() {
    check(
        Config { faults: 2, ..worlds::waiting() },
        106_295,
        vec![
            Property::sometimes("everything succeeds", reachable::everything_succeeds),
            Property::sometimes("a finisher wakes a waiter", reachable::finisher_wakes_a_waiter),
            Property::sometimes("a waiter finds the outcome", reachable::waiter_finds_the_outcome_itself),
        ],
    );
}

/// No wake-up is lost, even without sweeps, which would hide a loss.
#[test]
fn a_wake_up_is_never_lost() {
    check(Config { faults: 0, sweepers: 0, ..worlds::waiting() }, 791, vec![]);
}

#[test]
fn a_push_is_retried_under_two_faults() {
    let config = Config { faults: 2, ..worlds::push() };
    let sometimes = vec![
        Property::sometimes("a retry runs", reachable::retry_runs),
        Property::sometimes("a stale finish is refused", reachable::stale_finish_is_refused),
    ];
    check(config, 128_332, sometimes);
}

#[test]
fn a_push_whose_timer_moves() {
    check(Config { rekeys: 1, ..worlds::push() }, 370_462, vec![]);
}

/// A process about to delete a timer of this very key has put a greater one, which the claim leaves alone.
#[test]
fn a_claim_brings_a_nearer_guard() {
    let config = Config { nearer_guards: true, rekeys: 1, retries: 0, far_retries: false, ..worlds::push() };
    check(config, 11_394, vec![]);
    let config = Config { nearer_guards: true, faults: 2, ..worlds::push() };
    let sometimes = vec![
        Property::sometimes("a retry runs", reachable::retry_runs),
        Property::sometimes("lost attempts run out", reachable::lost_attempts_run_out),
    ];
    check(config, 628_781, sometimes);
}

#[test]
fn a_target_calls_back_or_never_does() {
    let config = Config { callbacks: true, retries: 0, far_retries: false, ..worlds::push() };
    let sometimes = vec![
        Property::sometimes("a target calls back", reachable::target_calls_back),
        Property::sometimes("a late callback is refused", reachable::late_callback_is_refused),
        Property::sometimes("lost attempts run out", reachable::lost_attempts_run_out),
    ];
    check(config, 52_461, sometimes);
}
