//! The installation on an emulator of AWS: a real Terraform applies the module of `infra/`, the real
//! functions run with the rights that the module gives them, and the cases call them at the HTTP API's
//! address.
//!
//! The emulator differs from AWS: its Scheduler looks every ten seconds, and puts nothing in the place
//! of `<aws.scheduler.scheduled-time>`. So the cases send what a job's own schedule is documented to
//! send. Slots that are due within minutes start without a tick; `clocks` waits for one.
//!
//! All cases share one installation, which takes minutes to make, and one runtime. They wait more than
//! they work, so all of them run at once.

mod alerts;
mod api;
mod caller;
mod clocks;
mod daemon;
mod history;
mod installation;
mod interruption;
mod module;
mod outside;
mod processes;
mod receiver;
mod recovery;
mod rights;
mod work;

use libtest_mimic::Trial;

use crate::RUNTIME;
pub use installation::clear_up;

pub fn cases() -> Vec<Trial> {
    vec![
        case("alerts::dead_letter", alerts::a_dead_letter_is_told_of_until_it_is_dealt_with),
        case("clocks::a_jobs_own_schedule", clocks::a_jobs_own_schedule_starts_its_slot_and_nothing_else),
        case("clocks::second_clock", clocks::the_second_clock_recovers_what_stopped_functions_ran),
        case("daemon::commands", daemon::a_daemon_runs_commands_and_ends_what_it_runs),
        case("daemon::stealing", daemon::an_idle_pool_takes_from_another),
        case("daemon::lost_message", daemon::what_a_lost_message_asked_for_runs_by_the_sweep),
        case("history::archive", history::what_time_has_removed_is_in_the_bucket),
        case("history::logs", history::all_that_a_daemons_command_printed_is_found_through_the_api),
        case("module::checks", module::the_module_keeps_to_its_rules),
        case("module::second_plan", module::a_second_plan_finds_what_the_emulator_forgets_and_nothing_else),
        case("outside::callback", outside::a_target_calls_back_when_its_worker_is_long_gone),
        case("outside::worker", outside::a_worker_over_http_takes_from_the_pools_queues),
        case("recovery::deployment", recovery::a_deployment_in_flight_loses_and_doubles_nothing),
        case("recovery::killed_worker", recovery::what_a_killed_worker_ran_runs_again),
        case("rights", rights::each_function_may_do_what_it_does_and_no_more),
        case("work::backfill", work::a_backfill_goes_on_by_itself),
        case("work::cancel", work::what_is_cancelled_in_time_never_runs),
        case("work::chain", work::a_chain_runs_in_order),
        case("work::cron", work::every_slot_runs_once_and_not_before_its_time),
        case("work::dead_letter", work::what_failed_for_good_is_found_and_redriven),
        case("work::delay", work::work_for_later_waits_for_its_second),
        case("work::once", work::a_job_for_one_instant_runs_once),
        case("work::pause", work::a_paused_job_starts_nothing_until_it_is_resumed),
        case("work::push", work::what_is_pushed_runs_once_for_its_key),
        case("work::retry", work::what_fails_is_tried_again),
    ]
}

fn case<F: Future<Output = ()> + 'static>(name: &str, run: fn() -> F) -> Trial {
    Trial::test(format!("cloud::{name}"), move || {
        RUNTIME.block_on(run());
        Ok(())
    })
}
