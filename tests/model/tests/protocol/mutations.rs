//! Mutations: without any one of its safeguards the protocol breaks, and the checker says so. This
//! shows that the model can fail, and what each of the safeguards is for.

use belfry_model::actions::WritePath;
use belfry_model::config::Config;
use belfry_model::properties::{
    EVERYTHING_ENDS, FAN_OUT_OWNS_TIMER, FIRED_IN_SIGHT, NO_NEEDLESS_EFFECT, NO_SLOT_FORGOTTEN,
    NO_STALE_WRITE, UNFINISHED_OWNS_TIMER,
};
use belfry_model::safeguard::Safeguard;
use belfry_model::worlds;
use stateright::{Checker, HasDiscoveries, Model};

fn breaks(without: Safeguard, config: Config, property: &'static str) {
    let config = Config { without: Some(without), ..config };
    let until = HasDiscoveries::AnyOf([property].into());
    let model = WritePath { config, sometimes: vec![] };
    let checker = model.checker().finish_when(until).spawn_bfs().join();
    checker.assert_any_discovery(property);
}

#[test]
fn a_put_that_only_sends_breaks_the_chain() {
    breaks(Safeguard::AcceptPutsSuccessor, worlds::one_job(2), NO_SLOT_FORGOTTEN);
}

#[test]
fn a_tick_that_sends_first_breaks_the_chain() {
    breaks(Safeguard::TickPutsSuccessors, worlds::one_job(3), NO_SLOT_FORGOTTEN);
}

#[test]
fn a_tick_that_does_not_say_how_far_it_fires_hides_a_clock_that_was_ahead() {
    let config = Config { steps_back: 1, sweepers: 0, ..worlds::one_job(2) };
    breaks(Safeguard::MarkBeforeFiring, config, FIRED_IN_SIGHT);
}

#[test]
fn a_sweep_that_only_sends_breaks_the_chain() {
    breaks(Safeguard::SweepPutsSuccessor, worlds::one_job(2), NO_SLOT_FORGOTTEN);
}

#[test]
fn a_timer_deleted_before_its_replacement_leaves_none() {
    let config = Config { faults: 0, rekeys: 1, ..worlds::push() };
    breaks(Safeguard::PutBeforeDelete, config, UNFINISHED_OWNS_TIMER);
}

#[test]
fn a_timer_that_goes_before_the_fan_out_leaves_it_undone() {
    breaks(Safeguard::TimerOutlivesFanOut, worlds::join(), FAN_OUT_OWNS_TIMER);
}

#[test]
fn a_dependent_created_before_its_timer_may_never_get_one() {
    breaks(Safeguard::DependentTimerBeforeRow, worlds::join(), UNFINISHED_OWNS_TIMER);
}

#[test]
fn a_guard_deleted_before_the_retry_timer_leaves_none() {
    breaks(Safeguard::RetryTimerBeforeDelete, worlds::push(), UNFINISHED_OWNS_TIMER);
}

#[test]
fn timers_of_two_attempts_must_not_share_a_key() {
    let config = Config { faults: 0, rekeys: 1, ..worlds::push() };
    breaks(Safeguard::AttemptInTimerKey, config, UNFINISHED_OWNS_TIMER);
}

#[test]
fn a_late_message_repeats_an_attempt() {
    breaks(Safeguard::ClaimChecksAttempt, worlds::push(), NO_NEEDLESS_EFFECT);
}

#[test]
fn a_stale_worker_finishes() {
    breaks(Safeguard::FinishChecksClaim, worlds::push(), NO_STALE_WRITE);
}

#[test]
fn a_waiter_that_reads_first_sleeps_through() {
    let config = Config { faults: 0, sweepers: 0, ..worlds::waiting() };
    breaks(Safeguard::WaitBeforeRead, config, EVERYTHING_ENDS);
}
