//! Targets: what an execution does. The set is open, and each kind has a runner in the worker.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::aws_target::{EcsTarget, EventBridgeTarget, LambdaTarget, SqsTarget, StepFunctionsTarget};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Target {
    /// Does nothing and succeeds: joins in graphs, tests, benchmarks.
    Empty {},
    Command(CommandTarget),
    Http(HttpTarget),
    Lambda(LambdaTarget),
    Sqs(SqsTarget),
    #[serde(rename = "eventbridge")]
    EventBridge(EventBridgeTarget),
    StepFunctions(StepFunctionsTarget),
    Ecs(EcsTarget),
}

impl Target {
    /// Pool of the target where the job names none. Processes have a pool of their own, because a host
    /// can run far fewer processes than requests at once.
    pub fn default_pool(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            _ => "default",
        }
    }

    pub fn completion(&self) -> CompletedBy {
        match self {
            Self::Http(target) => target.completion,
            Self::Lambda(target) => target.completion,
            Self::Sqs(target) => target.completion,
            _ => CompletedBy::Answer,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty {} => "empty",
            Self::Command(_) => "command",
            Self::Http(_) => "http",
            Self::Lambda(_) => "lambda",
            Self::Sqs(_) => "sqs",
            Self::EventBridge(_) => "eventbridge",
            Self::StepFunctions(_) => "step_functions",
            Self::Ecs(_) => "ecs",
        }
    }
}

/// Command line: a string runs through `sh -c`; a list runs as it is, without a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(
    untagged,
    expecting = "expected a string (run through sh -c) or a list of strings (run without a shell)"
)]
pub enum CommandLine {
    Shell(String),
    Arguments(Vec<String>),
}

impl CommandLine {
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Shell(text) => text.trim().is_empty(),
            Self::Arguments(words) => words.first().is_none_or(|program| program.trim().is_empty()),
        }
    }
}

/// A process on the worker's host. The process finds its input on standard input as JSON, and its ids in
/// `BELFRY_EXECUTION_ID`, `BELFRY_JOB_ID`, `BELFRY_ATTEMPT`, `BELFRY_FENCE` and `BELFRY_SLOT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CommandTarget {
    /// Command to run: a string for `sh -c`, or a list without a shell.
    pub command: CommandLine,
    /// Directory in which the process starts. Default: the worker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// Environment variables of the process; they replace those that are passed on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Names of the worker's own variables that are passed on, beside PATH, HOME, USER, SHELL, LANG,
    /// LC_ALL, TZ and TMPDIR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_environment: Vec<String>,
    /// Exit codes that fail the execution without another attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub final_exit_codes: Vec<i32>,
}

/// A request to a web address; any 2xx is success. The body is the execution's input as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HttpTarget {
    /// Address of the request, with `http://` or `https://`.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = r"^https?://[^/?#\s]+\S*$", example = "https://example.com/hook")
    )]
    pub url: String,
    /// Method of the request. Default POST.
    #[serde(default)]
    pub method: HttpMethod,
    /// Headers of the request, beside those that belfry sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Key to sign the request with, as Standard Webhooks says: `env:NAME` names the worker's variable
    /// that holds it (`whsec_…`). Default: unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^env:.+$", example = "env:HOOK_KEY"))]
    pub signing_key: Option<String>,
    /// Event that ends the attempt. With `callback`, an answer of 202 leaves it running until the
    /// target calls back. Default `answer`.
    #[serde(default, skip_serializing_if = "CompletedBy::is_answer")]
    pub completion: CompletedBy,
}

/// The event that ends an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CompletedBy {
    /// The target's answer.
    #[default]
    Answer,
    /// A call of `:finish` with the token that came with the request, until the attempt's timeout.
    Callback,
}

impl CompletedBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn is_answer(&self) -> bool {
        *self == Self::Answer
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    Get,
    #[default]
    Post,
    Put,
    Patch,
    Delete,
}

impl HttpMethod {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
