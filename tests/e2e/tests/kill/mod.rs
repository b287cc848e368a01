//! kill -9 of `belfry up`, again and again, while pushed work and recurring jobs run.
//!
//! All work that was accepted ends in success, once. Effects repeat only for attempts that were in
//! flight at a kill. Every slot of the recurring jobs is there, once. `BELFRY_KILLS` and
//! `BELFRY_PUSHES` set how much is done; `BELFRY_SEED` chooses the moments of the kills.

mod campaign;
mod effects;
mod history;
mod plan;
mod pusher;
mod recurring;

use std::time::Duration;

use belfry_e2e::{Server, until};
use campaign::Campaign;
use effects::Effects;
use history::{History, Row};
use libtest_mimic::Trial;
use plan::Plan;
use serde_json::Value;

/// Time for all work to end. Attempts in flight at the last kill are taken over when their lease and
/// its margin have passed.
const DRAIN: Duration = Duration::from_secs(180);

async fn twenty_kills_lose_nothing_and_do_nothing_twice() {
    let plan = Plan::from_environment();
    let outcome = Campaign::new(&plan).run().await;
    let jobs = recurring::pause_all(&outcome.last.api).await;
    let history = drained(&outcome.last, &plan, &jobs).await;
    let (accepted, answers_lost) = outcome.accepted();
    let effects = Effects::read(&plan.effects());

    assert_eq!(accepted.len(), plan.pushes, "every push was accepted in the end");
    history.check_pushes(&accepted);
    history.rows().for_each(Row::check);
    let slots = recurring::check(&jobs, &history);
    let repeats = effects.check(&history, |id| plan.has_effect(id));
    assert_eq!(history.workers_that_lost().len(), plan.kills.len(), "work was in flight at every kill");
    assert_eq!(outcome.last.api.get("/v1/dead-letters").await["items"], Value::Array(vec![]));

    let lost = history.rows().map(Row::lost_attempts).sum::<usize>();
    println!(
        "{} kills (seed {}): {} pushes accepted, {answers_lost} of them with the first answer lost; {slots} slots of \
         {} recurring jobs; {lost} attempts lost in flight; {} effects, {repeats} of them repeated",
        plan.kills.len(),
        plan.seed,
        accepted.len(),
        jobs.len(),
        effects.len(),
    );
}

/// Waits until all work has ended, and returns the history.
async fn drained(server: &Server, plan: &Plan, jobs: &[Value]) -> History {
    until("all work ends", DRAIN, async || {
        for status in ["running", "queued", "waiting"] {
            let page = server.api.get(&format!("/v1/executions?status={status}&limit=1")).await;
            page["items"].as_array()?.is_empty().then_some(())?;
        }
        let history = History::read(&server.api).await;
        let expected = plan.pushes + recurring::expected(jobs).map(|slots| slots.len()).sum::<usize>();
        // A slot that nobody has claimed yet has no row. Too many rows are for the checks to name.
        (history.len() >= expected).then_some(history)
    })
    .await
}

pub fn cases() -> Vec<Trial> {
    cases![twenty_kills_lose_nothing_and_do_nothing_twice,]
}
