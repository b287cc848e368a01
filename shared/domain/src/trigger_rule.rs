//! Trigger rules: whether a job may run, given how its dependencies ended.
//!
//! The rules and their early decisions are Airflow's (apache/airflow,
//! airflow/ti_deps/deps/trigger_rule_dep.py, with `flag_upstream_failed` set, as its scheduler sets
//! it). A job is decided as soon as one dependency rules it out, without a wait for the others. A rule
//! that asks for "one" runs the job as soon as that one has ended.

use serde::{Deserialize, Serialize};

/// Condition on the outcomes of a job's dependencies under which the job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TriggerRule {
    /// All dependencies succeeded.
    #[default]
    AllSuccess,
    /// All dependencies failed, or could not run because something before them failed.
    AllFailed,
    /// All dependencies ended, with any outcome.
    AllDone,
    /// At least one dependency succeeded. The job does not wait for the others.
    OneSuccess,
    /// At least one dependency failed, or could not run because something before it failed. The job
    /// does not wait for the others.
    OneFailed,
    /// At least one dependency succeeded or failed itself. The job does not wait for the others.
    OneDone,
    /// All dependencies succeeded or were skipped.
    NoneFailed,
    /// All dependencies succeeded or were skipped, and at least one succeeded.
    NoneFailedMinOneSuccess,
    /// All dependencies ended, and none was skipped.
    NoneSkipped,
    /// All dependencies were skipped.
    AllSkipped,
    /// The job does not wait for its dependencies.
    Always,
}

impl TriggerRule {
    pub const ALL: [Self; 11] = [
        Self::AllSuccess,
        Self::AllFailed,
        Self::AllDone,
        Self::OneSuccess,
        Self::OneFailed,
        Self::OneDone,
        Self::NoneFailed,
        Self::NoneFailedMinOneSuccess,
        Self::NoneSkipped,
        Self::AllSkipped,
        Self::Always,
    ];
}

/// Outcome of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    /// It failed, timed out or was cancelled.
    Failed,
    UpstreamFailed,
    Skipped,
}

/// Decision about a dependent. Every decision but `Wait` is final, and takes effect at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Run,
    Wait,
    UpstreamFailed { reason: String },
    Skip { reason: String },
}

/// Applies `rule` to the dependencies' outcomes so far; `None` stands for a dependency that has not
/// ended. Without dependencies, every rule runs.
///
/// Further outcomes never change a decision, with one exception that is Airflow's. Under `all_success`,
/// a job that is skipped for a skipped dependency would be `upstream_failed` if the failure of another
/// dependency had been known first.
pub fn decide<'a>(
    rule: TriggerRule,
    outcomes: impl IntoIterator<Item = (&'a str, Option<Outcome>)>,
) -> Decision {
    let tally = Tally::of(outcomes);
    if rule == TriggerRule::Always || tally.total == 0 {
        return Decision::Run;
    }
    match tally.ruled_out(rule) {
        Some(decision) => decision,
        None if tally.satisfies(rule) => Decision::Run,
        None => Decision::Wait,
    }
}

/// Decision about a job that its rule allows to run, and whose list is the result of `giver`. Without the list
/// there is nothing to run, whatever else the rule allows, as in Airflow
/// (airflow/ti_deps/deps/mapped_task_upstream_dep.py).
pub fn with_list(giver: &str, outcome: Option<Outcome>) -> Decision {
    match outcome {
        None => Decision::Wait,
        Some(Outcome::Success) => Decision::Run,
        Some(_) => decide(TriggerRule::AllSuccess, [(giver, outcome)]),
    }
}

/// Number of dependencies that ended in each way, and the first of each, for the reason.
#[derive(Default)]
struct Tally<'a> {
    total: usize,
    success: Group<'a>,
    failed: Group<'a>,
    upstream_failed: Group<'a>,
    skipped: Group<'a>,
}

#[derive(Default)]
struct Group<'a> {
    count: usize,
    first: Option<&'a str>,
}

impl Group<'_> {
    fn any(&self) -> bool {
        self.count > 0
    }

    fn reason(&self, what: &str) -> Option<String> {
        self.first.map(|dependency| format!("dependency {dependency} {what}"))
    }
}

impl<'a> Tally<'a> {
    fn of(outcomes: impl IntoIterator<Item = (&'a str, Option<Outcome>)>) -> Self {
        let mut tally = Self::default();
        for (dependency, outcome) in outcomes {
            tally.total += 1;
            let group = match outcome {
                None => continue,
                Some(Outcome::Success) => &mut tally.success,
                Some(Outcome::Failed) => &mut tally.failed,
                Some(Outcome::UpstreamFailed) => &mut tally.upstream_failed,
                Some(Outcome::Skipped) => &mut tally.skipped,
            };
            group.count += 1;
            group.first.get_or_insert(dependency);
        }
        tally
    }

    fn all_done(&self) -> bool {
        self.success.count + self.failed.count + self.upstream_failed.count + self.skipped.count == self.total
    }

    fn any_failed(&self) -> bool {
        self.failed.any() || self.upstream_failed.any()
    }

    fn ruled_out(&self, rule: TriggerRule) -> Option<Decision> {
        let done = self.all_done();
        match rule {
            TriggerRule::AllSuccess => self.upstream_failed().or_else(|| skip(self.skipped_reason())),
            TriggerRule::AllFailed => {
                skip(self.success.reason("succeeded").or_else(|| self.skipped_reason()))
            }
            TriggerRule::OneSuccess if done && !self.success.any() => {
                self.upstream_failed().or_else(|| self.all_were_skipped())
            }
            TriggerRule::OneFailed if done && !self.any_failed() => skip_because("no dependency failed"),
            TriggerRule::OneDone if done && !self.success.any() && !self.failed.any() => {
                skip_because("no dependency ran")
            }
            TriggerRule::NoneFailed => self.upstream_failed(),
            TriggerRule::NoneFailedMinOneSuccess => {
                self.upstream_failed().or_else(|| self.all_were_skipped())
            }
            TriggerRule::NoneSkipped => skip(self.skipped_reason()),
            TriggerRule::AllSkipped => {
                skip(self.success.reason("succeeded").or_else(|| self.failure_reason()))
            }
            _ => None,
        }
    }

    /// Whether the rule is satisfied. It is called only for a rule that is not ruled out.
    fn satisfies(&self, rule: TriggerRule) -> bool {
        match rule {
            TriggerRule::OneSuccess => self.success.any(),
            TriggerRule::OneFailed => self.any_failed(),
            TriggerRule::OneDone => self.success.any() || self.failed.any(),
            TriggerRule::Always => true,
            _ => self.all_done(),
        }
    }

    fn upstream_failed(&self) -> Option<Decision> {
        self.failure_reason().map(|reason| Decision::UpstreamFailed { reason })
    }

    fn all_were_skipped(&self) -> Option<Decision> {
        if self.skipped.count == self.total { skip_because("every dependency was skipped") } else { None }
    }

    fn failure_reason(&self) -> Option<String> {
        self.failed.reason("failed").or_else(|| self.upstream_failed.reason("ended as upstream_failed"))
    }

    fn skipped_reason(&self) -> Option<String> {
        self.skipped.reason("was skipped")
    }
}

fn skip(reason: Option<String>) -> Option<Decision> {
    reason.map(|reason| Decision::Skip { reason })
}

fn skip_because(reason: &str) -> Option<Decision> {
    skip(Some(reason.to_owned()))
}
