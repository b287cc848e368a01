//! Amount of the work, and the moments of the kills.

use std::{env, fmt::Display, path::PathBuf, str::FromStr, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const BATCH: usize = 20;
const RECURRING: usize = 200;
const RECURRING_WITH_EFFECT: usize = 20;
const PUSHES_WITH_EFFECT: usize = 300;

pub struct Plan {
    pub seed: u64,
    /// Time from the leadership of each process to its kill.
    pub kills: Vec<Duration>,
    pub pushes: usize,
    directory: TempDir,
}

fn setting<T: FromStr<Err: Display>>(name: &str, usual: T) -> T {
    let given = env::var(name).ok();
    given.map_or(usual, |text| text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

impl Plan {
    pub fn from_environment() -> Self {
        let seed = setting("BELFRY_SEED", 20_261_123);
        let mut random = StdRng::seed_from_u64(seed);
        let moments = (0..setting("BELFRY_KILLS", 20)).map(|_| random.random_range(300..=1500));
        Self {
            seed,
            kills: moments.map(Duration::from_millis).collect(),
            pushes: setting("BELFRY_PUSHES", 20_000),
            directory: TempDir::with_prefix("belfry-kill-").unwrap(),
        }
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// File to which each attempt with an effect appends a line.
    pub fn effects(&self) -> PathBuf {
        self.directory.path().join("effects")
    }

    /// Total life of the processes that are killed; the pushes are spread over it.
    pub fn lifetime(&self) -> Duration {
        self.kills.iter().sum()
    }

    pub fn batches(&self) -> usize {
        self.pushes.div_ceil(BATCH)
    }

    pub fn batch(&self, number: usize) -> Value {
        let numbers = number * BATCH..self.pushes.min((number + 1) * BATCH);
        json!({ "executions": numbers.map(|number| self.push(number)).collect::<Vec<_>>() })
    }

    fn push(&self, number: usize) -> Value {
        let target = self.target(number.is_multiple_of(self.pushes.div_ceil(PUSHES_WITH_EFFECT)));
        // A budget for loss that twenty kills can't use up.
        json!({ "idempotency_key": format!("n{number:06}"), "target": target, "retry": { "max_lost": 100 } })
    }

    pub fn recurring(&self) -> Value {
        let jobs = (0..RECURRING).map(|number| {
            let period = 1 + number % 5;
            json!({
                "job_id": format!("every-{period}s-{number:03}"),
                "schedule": format!("@every {period}s"),
                "target": self.target(number < RECURRING_WITH_EFFECT),
                "misfire": "all",
                "misfire_cap": 1000,
                "retry": { "max_lost": 100 },
            })
        });
        json!({ "jobs": jobs.collect::<Vec<_>>() })
    }

    /// Target of a job. An effect takes some time, so that kills come before, between and after its
    /// steps.
    fn target(&self, has_effect: bool) -> Value {
        if !has_effect {
            return json!({ "type": "empty" });
        }
        let file = self.effects().display().to_string();
        let line = r#"printf '%s %s\n' "$BELFRY_EXECUTION_ID" "$BELFRY_ATTEMPT""#;
        json!({ "type": "command", "command": format!("sleep 0.05; {line} >> '{file}'; sleep 0.1") })
    }

    /// Whether the execution is one that appends a line.
    pub fn has_effect(&self, id: &str) -> bool {
        let number = |text: &str| text.parse::<usize>().expect("ids end as they were made");
        if let Some(key) = id.strip_prefix("push@n") {
            return number(key).is_multiple_of(self.pushes.div_ceil(PUSHES_WITH_EFFECT));
        }
        let job = id.split('@').next().unwrap();
        number(job.rsplit('-').next().unwrap()) < RECURRING_WITH_EFFECT
    }
}
