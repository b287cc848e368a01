//! The engine's ports on AWS: stores on DynamoDB, queues on SQS, schedules on EventBridge Scheduler.
//!
//! | concern | module |
//! |---|---|
//! | clients: retries, timeouts, connections | `config` |
//! | what tables and queues are called | `names` |
//! | the stores | `dynamodb` |
//! | waves and messages | `sqs` |

pub mod config;
pub mod dynamodb;
mod names;
pub mod sqs;

pub use self::names::Names;
