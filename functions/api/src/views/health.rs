//! State of the process that answers.

use serde::Serialize;
use utoipa::ToSchema;

/// State of the process that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// State of the process: `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Whether this process schedules.
    pub role: Role,
    /// Version of belfry.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// The version of the IANA time zone data that all schedules of this installation go by. `null`
    /// until the first definition with a time zone, or the first leader, puts one in force.
    #[schema(example = "2026f")]
    pub zone_data: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Leader,
    Standby,
}
