//! EventBridge Scheduler: schedules of jobs with `clock: both`, and those of the lanes.
//!
//! The schedules of a job are named `job.<job id>.<n>`; a long id is cut, with a hash in place of the
//! rest. The description holds the whole job id. The schedules send the slot's instant to the dispatch
//! queue, where it is checked against the job's own schedule.

mod lanes;

use async_trait::async_trait;
use aws_sdk_scheduler::{
    Client,
    error::SdkError,
    operation::{
        create_schedule::CreateScheduleError, delete_schedule::DeleteScheduleError,
        get_schedule::GetScheduleError,
    },
    types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target},
};
use belfry_domain::{Job, JobId};
use belfry_engine::ports::{SecondClock, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};

pub use self::lanes::{Lane, Lanes};
use crate::Names;

/// Placeholder that EventBridge Scheduler replaces by the instant at which it meant to fire.
const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";
/// Maximum number of schedules of a job. Two are needed where a Unix cron expression means OR by its
/// two day fields.
const MOST_PER_JOB: usize = 2;
const MAX_NAME_BYTES: usize = 64;
/// Maximum age of a call in seconds. By then the tick has long started the slot.
const OLDEST_CALL_SECONDS: i32 = 300;
const PARALLEL: usize = 8;

/// Schedules of jobs with `clock: both`.
pub struct JobSchedules {
    client: Client,
    names: Names,
    queue_arn: String,
    role_arn: String,
}

impl JobSchedules {
    /// Schedules that act as the role `role_arn` to send to the dispatch queue.
    pub fn new(client: Client, names: Names, queue_arn: String, role_arn: String) -> Self {
        Self { client, names, queue_arn, role_arn }
    }

    fn target(&self, job: &Job) -> Result<Target, StoreError> {
        let slot = serde_json::json!({ "job_id": job.id(), "slot": SCHEDULED_TIME });
        let input = serde_json::json!({ "format": 1, "slot": slot }).to_string();
        let retries = RetryPolicy::builder().maximum_event_age_in_seconds(OLDEST_CALL_SECONDS).build();
        let target = Target::builder().arn(&self.queue_arn).role_arn(&self.role_arn).input(input);
        target.retry_policy(retries).build().map_err(unavailable)
    }

    async fn put(&self, name: &str, expression: &str, job: &Job) -> Result<(), StoreError> {
        let group = self.names.schedule_group();
        let window =
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(unavailable)?;
        let timezone = job.spec.timezone.as_deref().unwrap_or("UTC");
        let instant = |at: chrono::DateTime<chrono::Utc>| {
            aws_sdk_scheduler::primitives::DateTime::from_millis(at.timestamp_millis())
        };
        let create = self
            .client
            .create_schedule()
            .name(name)
            .group_name(&group)
            .description(job.id().as_str())
            .schedule_expression(expression)
            .schedule_expression_timezone(timezone)
            .set_start_date(job.spec.start.map(instant))
            .set_end_date(job.spec.end.map(instant))
            .action_after_completion(ActionAfterCompletion::Delete)
            .flexible_time_window(window.clone())
            .target(self.target(job)?);
        match create.send().await {
            Ok(_) => return Ok(()),
            Err(error) if is_service(&error, CreateScheduleError::is_conflict_exception) => {}
            Err(error) => return Err(unavailable(error)),
        }
        self.client
            .update_schedule()
            .name(name)
            .group_name(group)
            .description(job.id().as_str())
            .schedule_expression(expression)
            .schedule_expression_timezone(timezone)
            .set_start_date(job.spec.start.map(instant))
            .set_end_date(job.spec.end.map(instant))
            .action_after_completion(ActionAfterCompletion::Delete)
            .flexible_time_window(window)
            .target(self.target(job)?)
            .send()
            .await
            .map(drop)
            .map_err(unavailable)
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_schedule().name(name).group_name(self.names.schedule_group());
        match delete.send().await {
            Err(error) if !is_service(&error, DeleteScheduleError::is_resource_not_found_exception) => {
                Err(unavailable(error))
            }
            _ => Ok(()),
        }
    }

    async fn job_of(&self, name: String) -> Result<Option<JobId>, StoreError> {
        let get = self.client.get_schedule().name(&name).group_name(self.names.schedule_group());
        match get.send().await {
            Ok(schedule) => Ok(schedule.description().and_then(|text| text.parse().ok())),
            // Fired for the last time, meanwhile.
            Err(error) if is_service(&error, GetScheduleError::is_resource_not_found_exception) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }
}

#[async_trait]
impl SecondClock for JobSchedules {
    async fn keep(&self, id: &JobId, job: Option<&Job>) -> Result<(), StoreError> {
        let wanted = job.and_then(|job| Some((job, job.schedule()?.eventbridge()?)));
        let expressions = wanted.as_ref().map_or(&[][..], |(_, expressions)| expressions);
        for n in 0..MOST_PER_JOB {
            let name = schedule_name(id, n);
            match (job, expressions.get(n)) {
                (Some(job), Some(expression)) => self.put(&name, expression, job).await?,
                _ => self.remove(&name).await?,
            }
        }
        Ok(())
    }

    async fn kept(&self) -> Result<Vec<JobId>, StoreError> {
        let names = list(&self.client, &self.names, PREFIX).await?;
        let jobs = stream::iter(names).map(|name| self.job_of(name)).buffered(PARALLEL);
        let mut jobs: Vec<JobId> = jobs.try_filter_map(|job| async { Ok(job) }).try_collect().await?;
        jobs.sort_unstable();
        jobs.dedup();
        Ok(jobs)
    }
}

const PREFIX: &str = "job.";

fn schedule_name(id: &JobId, n: usize) -> String {
    let name = format!("{PREFIX}{id}.{n}");
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let hash = format!("{:016x}", belfry_domain::stable_hash(id.as_str().bytes()));
    let kept = MAX_NAME_BYTES - PREFIX.len() - hash.len() - ".".len() - format!(".{n}").len();
    format!("{PREFIX}{}.{hash}.{n}", &id.as_str()[..kept])
}

async fn list(client: &Client, names: &Names, prefix: &str) -> Result<Vec<String>, StoreError> {
    let pages = client.list_schedules().group_name(names.schedule_group()).name_prefix(prefix);
    let mut pages = pages.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(schedule) = pages.next().await {
        found.extend(schedule.map_err(unavailable)?.name);
    }
    Ok(found)
}

fn is_service<E>(error: &SdkError<E>, is: impl Fn(&E) -> bool) -> bool {
    error.as_service_error().is_some_and(is)
}

fn unavailable(error: impl std::error::Error) -> StoreError {
    let why = aws_sdk_scheduler::error::DisplayErrorContext(error).to_string();
    StoreError::Unavailable(format!("EventBridge Scheduler: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_and_apart() {
        let short = "daily_report".parse().unwrap();
        assert_eq!(schedule_name(&short, 1), "job.daily_report.1");
        let long = |end: &str| schedule_name(&format!("{}{end}", "a.b-c_".repeat(20)).parse().unwrap(), 0);
        assert_eq!(long("x").len(), MAX_NAME_BYTES);
        assert_ne!(long("x"), long("y"));
    }
}
