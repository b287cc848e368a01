use belfry_domain::StepFunctionsTarget;
use belfry_engine::ports::{Completion, Invocation};
use serde_json::json;

use super::{Outcome, client::SignedClient, token::name, with_identity};

const VERSION: &str = "1.0";
/// Maximum length of an execution's name in Step Functions.
const LONGEST_NAME: usize = 80;

pub(super) async fn run(
    client: &SignedClient,
    target: &StepFunctionsTarget,
    invocation: &Invocation,
) -> Outcome {
    let name = name(&invocation.execution_id, LONGEST_NAME);
    let request = json!({
        "stateMachineArn": target.state_machine,
        "name": name,
        "input": with_identity(invocation).to_string(),
    });
    let call = ("AWSStepFunctions.StartExecution", VERSION);
    let region = target.state_machine.split(':').nth(3);
    match client.action("states", region, call, &request).await {
        Ok(answer) => {
            Ok(Completion::succeeded(Some(json!({ "execution_arn": answer.json()["executionArn"] }))))
        }
        // An earlier attempt started it, and its answer was lost.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "ExecutionAlreadyExists") => {
            Ok(Completion::succeeded(Some(json!({ "execution_name": name }))))
        }
        Err(error) => Err(error),
    }
}
