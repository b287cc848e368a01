//! Campaign of processes, one after the other. Each is killed at its moment; the last one lives.

use std::time::Duration;

use belfry_e2e::{Server, Up, until};
use tokio::time::{Instant, sleep};

use super::{
    plan::Plan,
    pusher::{Accepted, Pushers},
};

/// Lease of attempts. Short, so that lost attempts are taken up soon.
const LEASE: &str = "5s";
const PACE: Duration = Duration::from_millis(10);

pub struct Campaign<'a> {
    plan: &'a Plan,
    up: Up,
    pushers: Pushers,
    released: usize,
    /// Total time for which killed processes have led.
    lived: Duration,
}

pub struct Outcome {
    pub last: Server,
    accepted: Accepted,
}

impl Outcome {
    /// Ids of the accepted executions, and the number of those accepted by a process that died before
    /// it could say so.
    pub fn accepted(&self) -> (Vec<&str>, usize) {
        let ids = self.accepted.keys().map(String::as_str).collect();
        (ids, self.accepted.values().filter(|before| **before).count())
    }
}

impl<'a> Campaign<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let up = Up::on(&plan.data()).args(["--lease", LEASE]);
        let pushers = Pushers::start((0..plan.batches()).map(|number| plan.batch(number)).collect());
        Self { plan, up, pushers, released: 0, lived: Duration::ZERO }
    }

    pub async fn run(mut self) -> Outcome {
        for (number, moment) in self.plan.kills.iter().enumerate() {
            let mut server = self.next_process(number).await;
            if number == 0 {
                server.api.post("/v1/jobs:apply", &self.plan.recurring()).await;
            }
            self.push_for(*moment).await;
            until("an attempt runs", Duration::from_secs(30), async || has_work_in_flight(&server).await)
                .await;
            server.kill().await;
        }
        let last = self.next_process(self.plan.kills.len()).await;
        self.pushers.release(self.plan.batches() - self.released);
        Outcome { accepted: self.pushers.finish().await, last }
    }

    async fn next_process(&self, number: usize) -> Server {
        // The second process waits for the dead one's lease to run out, as all would. For the
        // others that is done by hand: `standby` is about the wait.
        if number > 1 {
            end_lease(self.plan);
        }
        let server = self.up.start_leader().await;
        self.pushers.use_server(&server.api);
        server
    }

    /// Releases batches evenly over the time for which processes live.
    async fn push_for(&mut self, moment: Duration) {
        let began = Instant::now();
        while began.elapsed() < moment {
            let share = (self.lived + began.elapsed()).div_duration_f64(self.plan.lifetime()).min(1.0);
            let wanted = (share * self.plan.batches() as f64) as usize;
            self.pushers.release(wanted - self.released);
            self.released = wanted;
            sleep(PACE).await;
        }
        self.lived += moment;
    }
}

async fn has_work_in_flight(server: &Server) -> Option<()> {
    let stats = server.api.get("/v1/stats").await;
    (stats["worker_utilisation"]["running"].as_u64()? > 0).then_some(())
}

fn end_lease(plan: &Plan) {
    let database = rusqlite::Connection::open(plan.data().join("belfry.sqlite")).unwrap();
    database.execute("UPDATE leases SET until = 0", ()).unwrap();
}
