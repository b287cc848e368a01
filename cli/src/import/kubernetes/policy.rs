//! Concurrency policies and pod failure policies.

use belfry_domain::Target;

use crate::import::{
    ImportedJob, NoteKind,
    fields::{Fields, Report, text_of},
};

const ONLY_EXIT_CODES: &str = "belfry supports only FailJob for exit codes of a process (final_exit_codes)";

/// Translates `concurrencyPolicy`, whose words are Belfry's too: `Forbid` skips a run that would
/// overlap, `Replace` cancels the older.
pub fn concurrency(job: &mut ImportedJob<Target>, spec: &mut Fields, report: &mut Report) {
    let Some(field) = spec.take("concurrencyPolicy") else { return };
    match text_of(field.node).as_deref() {
        Some("Allow") => {}
        Some("Forbid") => job.concurrency = Some("forbid"),
        Some("Replace") => job.concurrency = Some("replace"),
        _ => report.lost(&field, "is not Allow, Forbid or Replace"),
    }
}

/// Translates `FailJob` on exit codes: another attempt would be pointless.
pub fn pod_failures(job: &mut ImportedJob<Target>, run: &mut Fields, report: &mut Report) {
    let mut policy = run.object("podFailurePolicy", report);
    for rule in policy.list("rules", report) {
        let codes = final_codes(&rule.node.value());
        match (&mut job.target, codes) {
            (Target::Command(target), Some(codes)) => target.final_exit_codes.extend(codes),
            _ => report.lost(&rule, ONLY_EXIT_CODES),
        }
    }
    policy.rest(report, NoteKind::NotCarriedOver, ONLY_EXIT_CODES);
}

fn final_codes(rule: &serde_json::Value) -> Option<Vec<i32>> {
    let codes = &rule["onExitCodes"];
    if rule["action"] != "FailJob" || codes["operator"] != "In" {
        return None;
    }
    let values = codes["values"].as_array()?.iter();
    values.map(|value| value.as_i64().and_then(|value| i32::try_from(value).ok())).collect()
}
