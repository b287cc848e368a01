//! Ports of the engine on AWS: stores on DynamoDB, queues on SQS, schedules on EventBridge Scheduler.
//!
//! | concern | module |
//! |---|---|
//! | clients: retries, timeouts, connections | `config` |
//! | names of tables and queues | `names` |
//! | the stores | `dynamodb` |
//! | waves and messages | `sqs` |
//! | schedules in EventBridge Scheduler | `scheduler` |
//! | alerts | `alerts` |
//! | metrics and logs | `telemetry` |
//! | variables | `environment` |
//! | all of it wired | `installation` |
//! | the invocation of a function | `lambda` |

mod alerts;
pub mod config;
pub mod dynamodb;
mod environment;
mod installation;
pub mod lambda;
mod names;
pub mod scheduler;
pub mod sqs;
pub mod telemetry;

pub use aws_config::SdkConfig;

pub use self::{
    environment::{Environment, EnvironmentError},
    installation::{Installation, InstallationError},
    names::Names,
};
