//! Decisions about executions that wait for dependencies: they must follow from how the dependencies
//! ended, by what each trigger rule means.

use belfry_domain::{Execution, Outcome, Status, TriggerRule, Wait};

use super::Shadow;
use crate::machine::State;

type Verdict = Result<(), String>;

const OUTCOMES: [Outcome; 4] = [Outcome::Success, Outcome::Failed, Outcome::UpstreamFailed, Outcome::Skipped];

/// Names by which decisions are counted: that the rule let an execution run, and that it ruled one out.
const NAMES: [(TriggerRule, &str, &str); 11] = [
    (TriggerRule::AllSuccess, "rule: all_success runs", "rule: all_success does not run"),
    (TriggerRule::AllFailed, "rule: all_failed runs", "rule: all_failed does not run"),
    (TriggerRule::AllDone, "rule: all_done runs", "rule: all_done does not run"),
    (TriggerRule::OneSuccess, "rule: one_success runs", "rule: one_success does not run"),
    (TriggerRule::OneFailed, "rule: one_failed runs", "rule: one_failed does not run"),
    (TriggerRule::OneDone, "rule: one_done runs", "rule: one_done does not run"),
    (TriggerRule::NoneFailed, "rule: none_failed runs", "rule: none_failed does not run"),
    (
        TriggerRule::NoneFailedMinOneSuccess,
        "rule: none_failed_min_one_success runs",
        "rule: none_failed_min_one_success does not run",
    ),
    (TriggerRule::NoneSkipped, "rule: none_skipped runs", "rule: none_skipped does not run"),
    (TriggerRule::AllSkipped, "rule: all_skipped runs", "rule: all_skipped does not run"),
    (TriggerRule::Always, "rule: always runs", "rule: always does not run"),
];

impl Shadow {
    /// Checks that the outcomes are those with which the dependencies ended, and that the trigger rule
    /// decides so, where it decides.
    pub(super) fn judge_decision(&self, old: &Execution, new: &Execution) -> Verdict {
        self.judge_outcomes(old, new)?;
        let (Some(rule), Some(runs)) = (self.rule_of(old), runs(old, new)) else { return Ok(()) };
        let outcomes: Vec<Option<Outcome>> =
            old.dependencies.values().map(|dependency| dependency.outcome).collect();
        let is_due = new.status == status_by(rule, runs, &outcomes) && is_decided(rule, runs, &outcomes);
        if is_due {
            return Ok(());
        }
        Err(format!("{} became {} by {rule:?}, but its dependencies are {outcomes:?}", new.id, new.status))
    }

    fn judge_outcomes(&self, old: &Execution, new: &Execution) -> Verdict {
        for (job_id, noted) in &new.dependencies {
            let before = old.dependencies.get(job_id).and_then(|dependency| dependency.outcome);
            let Some(outcome) = noted.outcome.filter(|_| before.is_none()) else { continue };
            // An execution that never had a row can no longer run.
            let ended =
                self.row(&noted.execution_id).map_or(Some(Outcome::Skipped), |row| row.status.outcome());
            if ended != Some(outcome) {
                let (id, on) = (&new.id, &noted.execution_id);
                return Err(format!("{id} was told that {on} ended as {outcome:?}, but it is {ended:?}"));
            }
        }
        Ok(())
    }

    fn rule_of(&self, row: &Execution) -> Option<TriggerRule> {
        self.newest(&row.job_id()).map(|job| job.spec.trigger_rule)
    }
}

impl State {
    pub(super) fn count_decision(&mut self, old: &Execution, new: &Execution) {
        let (Some(rule), Some(runs)) = (self.shadow.rule_of(old), runs(old, new)) else { return };
        for (_, let_run, ruled_out) in NAMES.iter().filter(|(named, ..)| *named == rule) {
            self.coverage.add(if runs { let_run } else { ruled_out });
        }
    }
}

/// Whether the write lets an execution run that has waited for its dependencies. `None` where it
/// decides nothing, or somebody else did: a cancellation, or the time limit of the wait.
fn runs(old: &Execution, new: &Execution) -> Option<bool> {
    match new.status {
        _ if old.wait() != Some(Wait::Dependencies) => None,
        Status::Queued => Some(true),
        Status::UpstreamFailed | Status::Skipped => Some(false),
        _ => None,
    }
}

/// Whether nothing that may still come can change the decision. Only `all_done` is about the ends
/// themselves, so it waits for all of them.
fn is_decided(rule: TriggerRule, runs: bool, outcomes: &[Option<Outcome>]) -> bool {
    let waits = rule == TriggerRule::AllDone && outcomes.contains(&None);
    !waits && endings(outcomes).iter().all(|ended| is_satisfied(rule, ended) == runs)
}

/// All ways in which the dependencies may end, where some have ended already.
fn endings(outcomes: &[Option<Outcome>]) -> Vec<Vec<Outcome>> {
    outcomes.iter().fold(vec![vec![]], |endings, outcome| {
        let ways = outcome.as_ref().map_or(&OUTCOMES[..], std::slice::from_ref);
        endings.iter().flat_map(|ended| ways.iter().map(|way| [&ended[..], &[*way]].concat())).collect()
    })
}

/// Whether a job with this rule runs, once all of its dependencies have ended.
fn is_satisfied(rule: TriggerRule, ended: &[Outcome]) -> bool {
    let count = |outcome| ended.iter().filter(|ended| **ended == outcome).count();
    let (succeeded, skipped) = (count(Outcome::Success), count(Outcome::Skipped));
    let (failed, failed_upstream) = (count(Outcome::Failed), count(Outcome::UpstreamFailed));
    match rule {
        TriggerRule::AllSuccess => succeeded == ended.len(),
        TriggerRule::AllFailed => failed + failed_upstream == ended.len(),
        TriggerRule::AllDone | TriggerRule::Always => true,
        TriggerRule::OneSuccess => succeeded > 0,
        TriggerRule::OneFailed => failed + failed_upstream > 0,
        TriggerRule::OneDone => succeeded + failed > 0,
        TriggerRule::NoneFailed => failed + failed_upstream == 0,
        TriggerRule::NoneFailedMinOneSuccess => failed + failed_upstream == 0 && succeeded > 0,
        TriggerRule::NoneSkipped => skipped == 0,
        TriggerRule::AllSkipped => skipped == ended.len(),
    }
}

/// Status that the decision leads to. A failure spreads where the rule asks for success, or for no
/// failure; what any other rule rules out is skipped.
fn status_by(rule: TriggerRule, runs: bool, outcomes: &[Option<Outcome>]) -> Status {
    let spreads = matches!(
        rule,
        TriggerRule::AllSuccess
            | TriggerRule::OneSuccess
            | TriggerRule::NoneFailed
            | TriggerRule::NoneFailedMinOneSuccess
    );
    let is_failure =
        |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Failed | Outcome::UpstreamFailed));
    match runs {
        true => Status::Queued,
        false if spreads && outcomes.iter().any(is_failure) => Status::UpstreamFailed,
        false => Status::Skipped,
    }
}
