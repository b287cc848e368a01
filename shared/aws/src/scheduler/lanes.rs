//! Schedules that call the tick, one for each lane.

use aws_sdk_scheduler::{Client, types::ScheduleState};
use belfry_engine::ports::StoreError;

use super::{list, unavailable};
use crate::{Names, config};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub lane: u16,
    /// Name of the lane's schedule.
    pub schedule: String,
    pub is_paused: bool,
}

/// Control of the lanes, for operators: a lane can be stopped, and later goes on where it was. The
/// classic rule that is the second clock is not affected, and ticks lanes that have had no tick for a
/// while.
pub struct Lanes {
    client: Client,
    names: Names,
}

impl Lanes {
    pub fn new(client: Client, names: Names) -> Self {
        Self { client, names }
    }

    /// Lanes of the installation that the environment names.
    pub async fn of_environment() -> Self {
        Self::new(Client::new(&config::load().await), Names::from_environment())
    }

    /// Lanes in the order of their numbers.
    ///
    /// # Errors
    /// EventBridge Scheduler does not answer.
    pub async fn status(&self) -> Result<Vec<Lane>, StoreError> {
        let prefix = self.names.lane_prefix();
        let mut lanes = Vec::new();
        for schedule in list(&self.client, &self.names, &prefix).await? {
            let number = schedule.strip_prefix(&prefix).and_then(|number| number.parse().ok());
            let Some(lane) = number else { continue };
            let is_paused = self.get(&schedule).await?.state() == Some(&ScheduleState::Disabled);
            lanes.push(Lane { lane, schedule, is_paused });
        }
        lanes.sort_by_key(|lane| lane.lane);
        Ok(lanes)
    }

    /// Stops or resumes a lane. An update replaces the whole schedule, so all of it is sent again.
    ///
    /// # Errors
    /// EventBridge Scheduler does not answer.
    pub async fn set_paused(&self, name: &str, is_paused: bool) -> Result<(), StoreError> {
        let schedule = self.get(name).await?;
        let state = if is_paused { ScheduleState::Disabled } else { ScheduleState::Enabled };
        self.client
            .update_schedule()
            .name(name)
            .group_name(self.names.schedule_group())
            .set_description(schedule.description)
            .set_schedule_expression(schedule.schedule_expression)
            .set_schedule_expression_timezone(schedule.schedule_expression_timezone)
            .set_flexible_time_window(schedule.flexible_time_window)
            .set_target(schedule.target)
            .set_kms_key_arn(schedule.kms_key_arn)
            .set_start_date(schedule.start_date)
            .set_end_date(schedule.end_date)
            .state(state)
            .send()
            .await
            .map(drop)
            .map_err(unavailable)
    }

    async fn get(
        &self,
        name: &str,
    ) -> Result<aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput, StoreError> {
        let get = self.client.get_schedule().name(name).group_name(self.names.schedule_group());
        get.send().await.map_err(unavailable)
    }
}
