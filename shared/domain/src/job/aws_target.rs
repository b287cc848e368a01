//! Targets that are services of AWS. Each is called with the credentials of the worker, and told
//! the execution's id, the attempt and the fence, so that it can drop what it has seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::target::CompletedBy;

/// Calls a Lambda function. Its payload is the execution's input, an object with a member `belfry`
/// that holds `execution_id`, `run_id`, `attempt` and `fence`; an input that is no object stands
/// under `input` beside it. The client context holds the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LambdaTarget {
    /// Name, partial ARN or ARN of the function.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9:_$-]{1,256}$", example = "send-report"))]
    pub function: String,
    /// Version or alias of the function. Default: the unpublished version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_$-]{1,128}$"))]
    pub qualifier: Option<String>,
    /// Whether to wait for the function's answer. Default `request_response`.
    #[serde(default)]
    pub invocation: LambdaInvocation,
    /// Event that ends the attempt. With `callback` the function calls back, also after it has
    /// returned: `belfry` holds `callback_url` and `callback_token` too. Default `answer`.
    #[serde(default, skip_serializing_if = "CompletedBy::is_answer")]
    pub completion: CompletedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LambdaInvocation {
    /// Waits for the function's end: its answer is the result, its error is a failure.
    #[default]
    RequestResponse,
    /// Succeeds as soon as Lambda has taken the call.
    Event,
}

/// Sends a message. Its body is the execution's input as JSON; the ids are message attributes
/// (`belfry-execution-id`, `belfry-attempt`, `belfry-fence`), and the deduplication id of a FIFO
/// queue is the execution's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SqsTarget {
    /// Address of the queue.
    #[cfg_attr(
        feature = "openapi",
        schema(
            pattern = r"^https?://[^/?#\s]+/\S+$",
            example = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
        )
    )]
    pub queue_url: String,
    /// Message group in a FIFO queue. Default: the job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[!-~]{1,128}$"))]
    pub message_group: Option<String>,
    /// Event that ends the attempt. With `callback` the receiver of the message calls back:
    /// `belfry-callback-url` and `belfry-callback-token` are attributes too. Default `answer`.
    #[serde(default, skip_serializing_if = "CompletedBy::is_answer")]
    pub completion: CompletedBy,
}

/// Puts an event on a bus. Its detail is the execution's input with a member `belfry`, as with
/// `lambda`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EventBridgeTarget {
    /// Name or ARN of the bus. Default: the account's default bus.
    #[serde(default = "default_bus")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_./:-]{1,256}$"))]
    pub event_bus: String,
    /// Source of the event. Default `belfry`.
    #[serde(default = "default_source")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub source: String,
    /// Detail type of the event.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "Report due"))]
    pub detail_type: String,
}

fn default_bus() -> String {
    "default".to_owned()
}

fn default_source() -> String {
    "belfry".to_owned()
}

/// Starts a state machine and does not wait for it. Its execution is named after Belfry's, so that
/// it is started once; its input has a member `belfry`, as with `lambda`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StepFunctionsTarget {
    /// ARN of the state machine.
    #[cfg_attr(
        feature = "openapi",
        schema(
            pattern = "^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[A-Za-z0-9_.:-]{1,128}$",
            example = "arn:aws:states:eu-west-1:123456789012:stateMachine:billing"
        )
    )]
    pub state_machine: String,
}

/// Starts a task and does not wait for it. Its container finds the ids and the input, as JSON, in
/// `BELFRY_EXECUTION_ID`, `BELFRY_ATTEMPT`, `BELFRY_FENCE` and `BELFRY_INPUT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EcsTarget {
    /// Name or ARN of the cluster.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_/:-]{1,256}$"))]
    pub cluster: String,
    /// Task definition: family, `family:revision` or ARN.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_/:-]{1,512}$"))]
    pub task_definition: String,
    /// Name of the container that gets the variables and the command.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub container: String,
    /// Command that replaces the container's own. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Environment variables of the container.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Capacity that runs the task. Default `FARGATE`.
    #[serde(default)]
    pub launch_type: EcsLaunchType,
    /// Subnets of a task with a network of its own; Fargate needs one at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// Security groups of a task with a network of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// Whether a task with a network of its own gets a public address. Default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assign_public_ip: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EcsLaunchType {
    #[default]
    Fargate,
    Ec2,
}

impl EcsLaunchType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
        }
    }
}
