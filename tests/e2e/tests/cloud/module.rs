//! The Terraform module itself.

use std::{fs, process::Command};

use belfry_e2e::{target_directory, workspace};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::installation::installation;

/// Attributes that the emulator keeps of no alarm.
const FORGOTTEN: [&str; 8] = [
    "actions_enabled",
    "alarm_actions",
    "alarm_description",
    "dimensions",
    "ok_actions",
    "period",
    "statistic",
    "treat_missing_data",
];

/// Checks the format, the validity, the module's own tests, and the policies of checkov.
pub async fn the_module_keeps_to_its_rules() {
    let check = || {
        Command::new(workspace().join("infra/check"))
            .env("CARGO_TARGET_DIR", target_directory())
            .output()
            .unwrap()
    };
    let output = spawn_blocking(check).await.unwrap();
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}

pub async fn a_second_plan_finds_what_the_emulator_forgets_and_nothing_else() {
    let plan = fs::read(installation().await.state("plan.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    let resources = plan["resource_changes"].as_array().unwrap();
    assert!(resources.len() > 80, "{} resources are not all", resources.len());
    for resource in resources.iter().filter(|resource| is_changed(resource)) {
        let (address, change) = (&resource["address"], &resource["change"]);
        assert_eq!(resource["type"], "aws_cloudwatch_metric_alarm", "{address} {change}");
        assert_eq!(change["actions"], serde_json::json!(["update"]), "{address}");
        for (name, after) in change["after"].as_object().unwrap() {
            let is_known = *after == change["before"][name] || FORGOTTEN.contains(&name.as_str());
            assert!(is_known, "{address}: {name} from {} to {after}", change["before"][name]);
        }
    }
    for (name, output) in plan["output_changes"].as_object().unwrap() {
        assert_eq!(output["actions"], serde_json::json!(["no-op"]), "the output {name}");
    }
}

fn is_changed(resource: &Value) -> bool {
    resource["change"]["actions"] != serde_json::json!(["no-op"])
}
