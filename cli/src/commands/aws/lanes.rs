use belfry_aws::scheduler::{Lane, Lanes};
use serde_json::{Value, json};

use super::{
    super::{DONE, Global, Outcome},
    arguments::{LanesAction, LanesArgs},
};
use crate::{
    error::CliError,
    show::{self, table},
};

pub async fn run(args: LanesArgs, global: &Global) -> Outcome {
    let lanes = Lanes::of_environment().await;
    let (wanted, is_paused) = match args.action.unwrap_or(LanesAction::Status) {
        LanesAction::Status => {
            show(&lanes.status().await?, global)?;
            return DONE;
        }
        LanesAction::Pause { lane } => (lane, true),
        LanesAction::Resume { lane } => (lane, false),
    };
    let mut chosen = choose(lanes.status().await?, &wanted)?;
    for lane in &mut chosen {
        if lane.is_paused != is_paused {
            lanes.set_paused(&lane.schedule, is_paused).await?;
            lane.is_paused = is_paused;
        }
    }
    show(&chosen, global)?;
    DONE
}

/// Lanes that were named, or all.
///
/// # Errors
/// A lane that was named does not exist.
fn choose(mut lanes: Vec<Lane>, wanted: &[u16]) -> Result<Vec<Lane>, CliError> {
    if let Some(missing) = wanted.iter().find(|wanted| lanes.iter().all(|lane| lane.lane != **wanted)) {
        let there: Vec<String> = lanes.iter().map(|lane| lane.lane.to_string()).collect();
        let there = if there.is_empty() {
            "the installation has no lanes".to_owned()
        } else {
            format!("the lanes are {}", there.join(", "))
        };
        return Err(CliError::Usage(format!("there is no lane {missing}: {there}")));
    }
    lanes.retain(|lane| wanted.is_empty() || wanted.contains(&lane.lane));
    Ok(lanes)
}

fn show(lanes: &[Lane], global: &Global) -> std::io::Result<()> {
    if global.json {
        return show::json(&lanes.iter().map(view).collect());
    }
    let mut table = table::new(["LANE", "STATUS", "SCHEDULE"]);
    for lane in lanes {
        table.add_row([
            lane.lane.to_string().into(),
            table::status(status(lane)),
            lane.schedule.as_str().into(),
        ]);
    }
    show::line(table::text(&table))
}

fn view(lane: &Lane) -> Value {
    json!({ "lane": lane.lane, "status": status(lane), "schedule": lane.schedule })
}

fn status(lane: &Lane) -> &'static str {
    if lane.is_paused { "paused" } else { "active" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(lane: u16) -> Lane {
        Lane { lane, schedule: format!("belfry-lane-{lane}"), is_paused: false }
    }

    #[test]
    fn all_or_those_that_are_named_or_none() {
        let lanes = || vec![lane(0), lane(1), lane(2)];
        assert_eq!(choose(lanes(), &[]).unwrap(), lanes());
        assert_eq!(choose(lanes(), &[2, 0]).unwrap(), [lane(0), lane(2)]);
        let refused = choose(lanes(), &[1, 3]).unwrap_err().to_string();
        assert_eq!(refused, "there is no lane 3: the lanes are 0, 1, 2");
        assert_eq!(
            choose(vec![], &[0]).unwrap_err().to_string(),
            "there is no lane 0: the installation has no lanes"
        );
    }
}
