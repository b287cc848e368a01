//! JSON form of an alert, for webhooks and topics.

use belfry_engine::ports::Notice;
use serde_json::{Value, json};

/// Event in the form that Standard Webhooks recommends: type, timestamp, data.
pub fn event(installation: &str, notice: &Notice) -> Value {
    let alert = &notice.alert;
    let (kind, at) = match alert.resolved_at {
        None if alert.repeats == 0 => ("alert.opened", alert.opened_at),
        None => ("alert.opened", alert.announced()),
        Some(at) => ("alert.resolved", at),
    };
    let mut data = json!({
        "installation": installation,
        "key": alert.key,
        "kind": alert.kind,
        "severity": alert.kind.severity(),
        "summary": alert.summary,
        "opened_at": alert.opened_at.to_string(),
    });
    if let Some(members) = alert.members {
        data["members"] = json!(members);
    }
    if alert.is_open() && alert.repeats > 0 {
        data["repeats"] = json!(alert.repeats);
        data["last_at"] = json!(alert.last_at.to_string());
    }
    let optional = [
        ("job_id", alert.job_id.as_ref().map(ToString::to_string)),
        ("execution_id", alert.execution_id.as_ref().map(ToString::to_string)),
        ("resolved_at", alert.resolved_at.map(|at| at.to_string())),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            data[name] = json!(value);
        }
    }
    json!({ "type": kind, "timestamp": at.to_string(), "data": data })
}

/// First characters of a text.
pub fn short(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
