//! Paths of an execution, and what each uses.

use std::time::Duration;

use belfry_aws::Installation;
use belfry_domain::{JobSpec, PushSpec};
use belfry_engine::{Engine, Precondition, PushRequest, Settings, TriggerRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    account::Usage,
    function::Invocation,
    target::{FLAKY, LONG},
    world::World,
};

/// Jobs that are due in the same second of every minute.
const BULK: usize = 1000;
const SINGLES: usize = 10;

/// Usage of one execution, by the way that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    pub scheduled: Usage,
    pub push: Usage,
    /// A push whose first attempt fails.
    pub retry: Usage,
    /// Usage that a dependent adds to the execution that it follows.
    pub dependent: Usage,
    pub long: Usage,
    /// Usage that each limit adds to an execution of a job without limits.
    pub max_concurrency: Usage,
    pub max_concurrency_per_key: Usage,
    pub rate_limit: Usage,
    pub circuit: Usage,
    /// The tick of all shards, with nothing due.
    pub idle_tick: Usage,
}

impl Paths {
    /// Usage by the names that the paths have in `.ci/budget.toml`.
    pub fn by_name(&self) -> [(&'static str, Usage); 10] {
        [
            ("scheduled", self.scheduled),
            ("push", self.push),
            ("retry", self.retry),
            ("dependent", self.dependent),
            ("long", self.long),
            ("max_concurrency", self.max_concurrency),
            ("max_concurrency_per_key", self.max_concurrency_per_key),
            ("rate_limit", self.rate_limit),
            ("circuit", self.circuit),
            ("idle_tick", self.idle_tick),
        ]
    }
}

pub async fn measure() -> anyhow::Result<Paths> {
    let world = Box::pin(World::start()).await?;
    let idle_tick = idle_tick(&world).await?;
    eprintln!("pushes");
    let push = pushes(&world, "plain").await?;
    let retry = pushes(&world, FLAKY).await?;
    eprintln!("dependents");
    let alone = alone(&world).await?;
    let dependent = dependents(&world).await? - alone;
    eprintln!("limits");
    let limited = async |name, limits| Ok::<_, anyhow::Error>(limited(&world, name, limits).await? - alone);
    let max_concurrency = limited("permits", json!({ "max_concurrency": 5 })).await?;
    let keys = json!({ "max_concurrency": 5, "concurrency_key": "input.key", "max_concurrency_per_key": 2 });
    let max_concurrency_per_key = limited("keys", keys).await?;
    let rate_limit = limited("rate", json!({ "rate_limit": { "starts": 1000, "per": "1s" } })).await?;
    let circuit = limited("circuit", json!({ "circuit": {} })).await?;
    eprintln!("long jobs");
    let long = long(&world).await?;
    drop(world);
    eprintln!("{BULK} jobs that are due each minute");
    let scheduled = scheduled(idle_tick).await?;
    Ok(Paths {
        scheduled,
        push,
        retry,
        dependent,
        long,
        max_concurrency,
        max_concurrency_per_key,
        rate_limit,
        circuit,
        idle_tick,
    })
}

/// Usage of the second tick: the first finds no cursors yet.
async fn idle_tick(world: &World) -> anyhow::Result<Usage> {
    world.tick().await?;
    let before = world.used();
    world.tick().await?;
    Ok(world.used() - before)
}

fn job(definition: Value) -> anyhow::Result<JobSpec> {
    Ok(serde_json::from_value(definition)?)
}

/// Makes one call of the API, which is one invocation of its function. API Gateway bills the call as
/// well.
async fn call<T>(
    world: &World,
    work: impl AsyncFnOnce(Engine) -> belfry_engine::Result<T>,
) -> anyhow::Result<Usage> {
    let api = &world.functions.api;
    let invocation = Invocation { items: 1, side_by_side: 1, waited: Duration::ZERO };
    api.invoke(&invocation, Box::pin(work(api.installation.engine()))).await?;
    Ok(Usage { api_requests: 1.0, ..Usage::default() })
}

async fn push(world: &World, name: &str) -> anyhow::Result<Usage> {
    let retry = json!({ "base": "1s", "jitter": "none" });
    let spec = json!({ "name": name, "target": { "type": "empty" }, "retry": retry });
    let spec: PushSpec = serde_json::from_value(spec)?;
    call(world, async |engine| engine.push(PushRequest { spec, idempotency_key: None }).await).await
}

/// Usage of single pushes, one after the other: no two of them share an invocation or a request.
async fn pushes(world: &World, name: &str) -> anyhow::Result<Usage> {
    let before = world.used();
    let mut requests = Usage::default();
    for number in 0..SINGLES {
        requests = requests + push(world, name).await?;
        world.ended.until(name, number + 1).await;
    }
    Ok((world.settled(before).await + requests).per(SINGLES))
}

/// Usage of a push that sends three heartbeats.
async fn long(world: &World) -> anyhow::Result<Usage> {
    let before = world.used();
    let requests = push(world, LONG).await?;
    world.ended.until(LONG, 1).await;
    Ok(world.settled(before).await + requests)
}

async fn alone(world: &World) -> anyhow::Result<Usage> {
    limited(world, "alone", json!({})).await
}

/// Usage of a job with these limits, none of which makes it wait.
async fn limited(world: &World, name: &str, mut definition: Value) -> anyhow::Result<Usage> {
    definition["job_id"] = json!(name);
    let job = job(definition)?;
    call(world, async |engine| engine.apply_jobs(vec![job], &Precondition::None).await).await?;
    triggers(world, name, name).await
}

async fn dependents(world: &World) -> anyhow::Result<Usage> {
    let jobs = vec![
        job(json!({ "job_id": "first" }))?,
        job(json!({ "job_id": "second", "dependencies": ["first"] }))?,
    ];
    call(world, async |engine| engine.apply_jobs(jobs, &Precondition::None).await).await?;
    triggers(world, "first", "second").await
}

async fn triggers(world: &World, first: &str, last: &str) -> anyhow::Result<Usage> {
    let before = world.used();
    for number in 0..SINGLES {
        let request = TriggerRequest {
            job_id: first.parse()?,
            input: Some(json!({ "key": number % 2 })),
            idempotency_key: None,
        };
        call(world, async |engine| engine.trigger(request).await).await?;
        world.ended.until(last, number + 1).await;
    }
    Ok(world.settled(before).await.per(SINGLES))
}

/// Usage of scheduled jobs, in an installation whose tick has not been called yet.
///
/// A call that defines a job sends what is due soon, job by job. That is not the ordinary case: here
/// the tick sends it, shard by shard.
async fn scheduled(idle_tick: Usage) -> anyhow::Result<Usage> {
    let world = Box::pin(World::start()).await?;
    let target = json!({ "type": "empty" });
    let definition = |number: usize| json!({ "job_id": format!("bulk-{number}"), "schedule": "* * * * *", "target": target });
    let jobs: Vec<JobSpec> =
        (0..BULK).map(|number| job(definition(number))).collect::<anyhow::Result<_>>()?;
    let Installation { ports, settings, .. } = &world.functions.api.installation;
    let far_sighted = Engine::new(ports.clone(), Settings { near: Duration::ZERO, ..settings.clone() });
    Box::pin(far_sighted.apply_jobs(jobs, &Precondition::None)).await?;
    let tick = &world.functions.tick;
    let fired = world.tick().await? as usize;
    let ticked = (tick.used() - idle_tick).per(fired);
    world.ended.until("bulk-", BULK).await;
    let executed = world.settled(tick.used() + world.functions.api.used()).await;
    Ok(ticked + executed.per(world.ended.of("bulk-")))
}
