//! The queue of a single process.

use std::{sync::Arc, time::Duration};

use belfry_conformance::{
    ManualClock, Verdict,
    fixtures::{at, guard, id},
};
use belfry_domain::{AGEING_STEP, Message, Origin, Priority, Wave};
use belfry_engine::ports::{Clock as _, Queue as _, Source as _, Stop, StoreError};
use belfry_sqlite::{MemoryQueue, Waves};

const FOR_EVER: Duration = Duration::from_secs(1_000_000);

struct Fixture {
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
    waves: Waves,
}

impl Fixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(at(0)));
        let (queue, waves) = MemoryQueue::start(clock.clone(), AGEING_STEP).unwrap();
        Self { clock, queue, waves }
    }

    /// Moves the clock to so many milliseconds after the cases' epoch.
    fn set(&self, ms: i64) {
        self.clock.advance(at(ms).since(self.clock.now()));
    }

    async fn received(&self, pool: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let deliveries = self.queue.receive(pool, limit, FOR_EVER, &Stop::new()).await?;
        Ok(deliveries.iter().map(|delivery| delivery.message.execution_id.to_string()).collect())
    }

    /// Second and ids of the next wave. The queue looks at its clock when something is deferred, so
    /// this defers an empty list first.
    async fn next_wave(&mut self) -> Result<(i64, Vec<String>), StoreError> {
        self.queue.defer(vec![]).await?;
        let wave = self.waves.recv().await.expect("the queue is running");
        Ok((wave.second, wave.messages.iter().map(|message| message.execution_id.to_string()).collect()))
    }
}

fn message(name: &str, due: i64, priority: Priority) -> Message {
    Message {
        execution_id: id(name),
        attempt: 1,
        due: at(due),
        pool: "default".to_owned(),
        priority,
        guard: guard(name).key,
        origin: Origin::Push,
    }
}

fn normal(name: &str, due: i64) -> Message {
    message(name, due, Priority::Normal)
}

#[tokio::test]
async fn the_most_urgent_comes_first_and_the_oldest_of_a_class() -> Verdict {
    let fixture = Fixture::new();
    let [critical, high, normal, low] = Priority::ALL;
    let messages =
        [("l@1", low), ("n@1", normal), ("c@1", critical), ("h@1", high), ("n@2", normal), ("c@2", critical)];
    fixture.queue.enqueue(messages.map(|(name, priority)| message(name, 0, priority)).to_vec()).await?;
    assert_eq!(fixture.queue.depth_of("default").await?, 6);
    assert_eq!(fixture.queue.backlog("default", critical).await?, 2);
    assert_eq!(
        (fixture.queue.backlog("default", low).await?, fixture.queue.backlog("gpu", low).await?),
        (1, 0)
    );
    let depths: Vec<(String, u64)> = fixture
        .queue
        .backlogs()
        .await?
        .into_iter()
        .map(|backlog| (format!("{}/{}", backlog.pool, backlog.priority), backlog.depth))
        .filter(|(_, depth)| *depth > 0)
        .collect();
    let expected = [("critical", 2), ("high", 1), ("normal", 2), ("low", 1)];
    assert_eq!(depths, expected.map(|(priority, depth)| (format!("default/{priority}"), depth)));
    assert_eq!(fixture.received("default", 4).await?, ["c@1", "c@2", "h@1", "n@1"]);
    assert_eq!(
        fixture.received("default", 100).await?,
        ["n@2", "l@1"],
        "what there is, without waiting for more"
    );
    assert_eq!(fixture.queue.depth_of("default").await?, 0);
    Ok(())
}

#[tokio::test]
async fn waiting_raises_by_a_class_for_each_step() -> Verdict {
    let fixture = Fixture::new();
    let step = AGEING_STEP.as_millis() as i64;
    fixture.queue.enqueue(vec![message("old@low", 0, Priority::Low)]).await?;
    // One moment before the step it is still low; with it, it is normal, and older than the other.
    for (now, first) in [(step - 1, "new@normal"), (step, "old@low")] {
        fixture.set(now);
        fixture.queue.enqueue(vec![normal("new@normal", now)]).await?;
        assert_eq!(fixture.received("default", 1).await?, [first]);
    }
    assert_eq!(fixture.received("default", 9).await?, ["new@normal"]);
    fixture
        .queue
        .enqueue(vec![message("old@low", 0, Priority::Low), message("old@high", 1, Priority::High)])
        .await?;
    fixture.set(3 * step);
    fixture.queue.enqueue(vec![message("new@critical", 3 * step, Priority::Critical)]).await?;
    assert_eq!(fixture.received("default", 9).await?, ["old@low", "old@high", "new@critical"]);
    Ok(())
}

/// One worker takes one message a second, and two new ones come in each second. One of them is
/// critical, so there is never room for the other.
#[tokio::test]
async fn low_work_is_done_under_permanent_critical_load() -> Verdict {
    const SECONDS: i64 = 6 * 3600;
    let fixture = Fixture::new();
    let (mut started, mut longest) = ([0_u64; 4], [0_i64; 4]);
    let others = [Priority::High, Priority::Normal, Priority::Low];
    for second in 0..SECONDS {
        let now = second * 1000;
        fixture.set(now);
        let mut new = vec![message(&format!("critical@{second}"), now, Priority::Critical)];
        if second % 60 == 0 {
            new.extend(others.map(|class| message(&format!("{class}@{second}"), now, class)));
        }
        fixture.queue.enqueue(new).await?;
        for delivery in fixture.queue.receive("default", 1, Duration::ZERO, &Stop::new()).await? {
            let class = delivery.message.priority as usize;
            started[class] += 1;
            longest[class] = longest[class].max(second - (delivery.message.due.0 - at(0).0) / 1000);
        }
    }
    for class in Priority::ALL {
        let (share, wait) = (started[class as usize] as f64 / SECONDS as f64, longest[class as usize]);
        println!("{class}: {:.1} % of the starts, the longest wait {wait} s", 100.0 * share);
    }
    // The load is 5 % more than can be done, so waits grow for all; none grows alone.
    let [critical, high, normal, low] = longest;
    let step = AGEING_STEP.as_secs() as i64;
    assert!(started.iter().all(|count| *count > 0));
    assert!(
        high <= critical + step + 1 && normal <= critical + 2 * step + 1 && low <= critical + 3 * step + 1
    );
    Ok(())
}

#[tokio::test]
async fn what_is_sent_again_waits_once() -> Verdict {
    let fixture = Fixture::new();
    let again = |name: &str, priority| Message { guard: guard("later@x").key, ..message(name, 0, priority) };
    let sent = vec![normal("a@1", 0), normal("a@2", 0), normal("a@3", 0), again("a@1", Priority::Normal)];
    fixture.queue.enqueue(sent).await?;
    assert_eq!(fixture.queue.depth_of("default").await?, 3);
    // Its priority has changed: up, and down.
    fixture.queue.enqueue(vec![again("a@3", Priority::High), again("a@2", Priority::Low)]).await?;
    let [critical, high, normal_class, low] = Priority::ALL;
    let mut depths = Vec::new();
    for class in [critical, high, normal_class, low] {
        depths.push(fixture.queue.backlog("default", class).await?);
    }
    assert_eq!(depths, [0, 1, 1, 1]);
    let next = Message { attempt: 2, ..normal("a@1", 0) };
    fixture.queue.enqueue(vec![next]).await?;
    assert_eq!(
        fixture.received("default", 9).await?,
        ["a@3", "a@1", "a@1", "a@2"],
        "another attempt is another"
    );
    fixture.queue.enqueue(vec![normal("a@1", 0)]).await?;
    assert_eq!(fixture.received("default", 9).await?, ["a@1"], "what was taken is forgotten");
    Ok(())
}

#[tokio::test]
async fn pools_are_apart() -> Verdict {
    let fixture = Fixture::new();
    let into = |pool: &str, message: Message| Message { pool: pool.to_owned(), ..message };
    let messages = vec![
        normal("a@1", 0),
        into("gpu", normal("g@1", 0)),
        normal("a@2", 0),
        into("gpu", normal("g@2", 0)),
    ];
    fixture.queue.enqueue(messages).await?;
    assert_eq!((fixture.queue.depth_of("default").await?, fixture.queue.depth_of("gpu").await?), (2, 2));
    assert_eq!(fixture.received("gpu", 9).await?, ["g@1", "g@2"]);
    assert_eq!((fixture.queue.depth_of("default").await?, fixture.queue.depth_of("gpu").await?), (2, 0));
    assert_eq!(fixture.received("default", 9).await?, ["a@1", "a@2"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_is_woken_by_what_arrives() -> Verdict {
    let fixture = Fixture::new();
    for number in 0..100 {
        let queue = Arc::clone(&fixture.queue);
        let receiving =
            tokio::spawn(async move { queue.receive("default", 1, FOR_EVER, &Stop::new()).await });
        fixture.queue.enqueue(vec![normal(&format!("a@{number}"), 0)]).await?;
        let received = receiving.await.expect("the receiver ends")?;
        assert_eq!(received[0].message.execution_id, id(&format!("a@{number}")));
    }
    Ok(())
}

#[tokio::test]
async fn a_receiver_that_is_closed_returns_at_once() -> Verdict {
    let (fixture, closing) = (Fixture::new(), Stop::new());
    let (received, ()) = tokio::join!(fixture.queue.receive("default", 1, FOR_EVER, &closing), async {
        closing.cancel();
    });
    assert!(received?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_receiver_that_gave_up_takes_nothing_along() -> Verdict {
    let (fixture, closing) = (Fixture::new(), Stop::new());
    let given_up = tokio::select! {
        biased;
        _ = fixture.queue.receive("default", 1, FOR_EVER, &closing) => false,
        () = std::future::ready(()) => true,
    };
    assert!(given_up);
    fixture.queue.enqueue(vec![normal("a@1", 0)]).await?;
    assert_eq!(fixture.received("default", 1).await?, ["a@1"]);
    Ok(())
}

#[tokio::test]
async fn nothing_comes_out_before_its_instant() -> Verdict {
    let mut fixture = Fixture::new();
    let deferred = ["b@5000", "a@5000", "c@5001"].map(|name| normal(name, name[2..].parse().unwrap()));
    fixture.queue.defer(Wave::group(deferred.to_vec())).await?;
    // What is due at once comes out alone, and shows that the others were looked at.
    fixture.set(4_999);
    fixture.queue.defer(Wave::group(vec![normal("now@4000", 4_000)])).await?;
    assert_eq!(fixture.next_wave().await?.1, ["now@4000"]);
    assert!(fixture.waves.try_recv().is_err());
    fixture.set(5_000);
    let (second, ids) = fixture.next_wave().await?;
    assert_eq!((second, ids), (at(5_000).second(), vec!["a@5000".to_owned(), "b@5000".to_owned()]));
    fixture.set(5_001);
    assert_eq!(fixture.next_wave().await?.1, ["c@5001"]);
    Ok(())
}

#[tokio::test]
async fn what_is_overdue_comes_out_at_once_by_seconds() -> Verdict {
    let mut fixture = Fixture::new();
    fixture.set(10_000);
    let deferred =
        ["a@3100", "b@2900", "c@3900", "d@99999"].map(|name| normal(name, name[2..].parse().unwrap()));
    fixture.queue.defer(Wave::group(deferred.to_vec())).await?;
    assert_eq!(fixture.next_wave().await?, (at(2_900).second(), vec!["b@2900".to_owned()]));
    assert_eq!(
        fixture.next_wave().await?,
        (at(3_100).second(), vec!["a@3100".to_owned(), "c@3900".to_owned()])
    );
    Ok(())
}

#[tokio::test]
async fn what_is_deferred_twice_comes_out_once() -> Verdict {
    let mut fixture = Fixture::new();
    let again = Message { attempt: 2, ..normal("a@1", 1_000) };
    for messages in [vec![normal("a@1", 1_000), normal("b@1", 1_000)], vec![normal("a@1", 1_000), again]] {
        fixture.queue.defer(Wave::group(messages)).await?;
    }
    fixture.set(1_000);
    assert_eq!(fixture.next_wave().await?.1, ["a@1", "a@1", "b@1"], "another attempt is another message");
    assert!(fixture.waves.try_recv().is_err());
    Ok(())
}

#[tokio::test]
async fn a_wait_ends() -> Verdict {
    let fixture = Fixture::new();
    let wait = Duration::from_secs(20);
    let queue = Arc::clone(&fixture.queue);
    let receiving = tokio::spawn(async move { queue.receive("default", 1, wait, &Stop::new()).await });
    tokio::task::yield_now().await;
    fixture.set(19_999);
    tokio::task::yield_now().await;
    assert!(!receiving.is_finished());
    fixture.set(20_000);
    assert!(receiving.await.unwrap()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn several_who_wait_each_get_one() -> Verdict {
    let fixture = Fixture::new();
    let receive =
        |queue: Arc<MemoryQueue>| async move { queue.receive("default", 1, FOR_EVER, &Stop::new()).await };
    let waiting: Vec<_> = (0..3).map(|_| tokio::spawn(receive(Arc::clone(&fixture.queue)))).collect();
    tokio::task::yield_now().await;
    let three = ["a@1", "a@2", "a@3"].map(|name| message(name, 0, Priority::Normal));
    fixture.queue.enqueue(three.to_vec()).await?;
    for receiving in waiting {
        assert_eq!(receiving.await.unwrap()?.len(), 1);
    }
    Ok(())
}
