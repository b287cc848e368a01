//! Waves and messages on SQS. The tests run on an emulator.

#![expect(clippy::unwrap_used, reason = "all of this is tests")]

mod support;

use std::{sync::Arc, time::Duration};

use belfry_aws::sqs::Body;
use belfry_conformance::{ManualClock, Verdict};
use belfry_domain::{Message, Priority, Wave};
use belfry_engine::ports::{Alert, Queue as _, Source as _, Stop};

use self::support::{Fixture, ids, message, now};

fn normal(number: usize) -> Message {
    message(&format!("push@{number}"), now(), Priority::Normal)
}

#[tokio::test]
async fn waves_are_delayed_and_far_ones_are_left_to_the_timers() -> Verdict {
    let fixture = Fixture::new().await;
    let dispatch = fixture.names.dispatch_queue();
    let at = |seconds| now().plus(Duration::from_secs(seconds));
    let due = [0, 300, 800, 1000].map(|seconds| message("push@1", at(seconds), Priority::Normal));
    fixture.queue.defer(Wave::group(due.to_vec())).await?;
    assert_eq!(fixture.counts(&dispatch).await, ("1".to_owned(), "2".to_owned()));
    let bodies = fixture.bodies(&dispatch).await;
    let [Body::Wave(wave)] = &bodies[..] else { panic!("{bodies:?}") };
    assert_eq!(wave.messages, due[..1]);
    Ok(())
}

#[tokio::test]
async fn many_go_in_batches_and_come_out_in_the_order_of_their_classes() -> Verdict {
    let clock = Arc::new(ManualClock::moved_by_sleep(now()));
    let fixture = Fixture::with_clock(clock.clone()).await;
    let mut messages: Vec<Message> = (0..35).map(normal).collect();
    messages.push(message("push@low", now(), Priority::Low));
    messages.push(message("push@high", now(), Priority::High));
    fixture.queue.enqueue(messages).await?;
    assert_eq!(fixture.queue.depth_of("default").await?, 37);
    assert_eq!(fixture.queue.backlog("default", Priority::Normal).await?, 35);
    let depths: Vec<u64> = fixture.queue.backlogs().await?.iter().map(|backlog| backlog.depth).collect();
    assert_eq!(depths, [0, 1, 35, 1], "the most urgent class first");
    // Where the clock stands still, a wait would not end.
    let open = Stop::new();
    let take = || fixture.queue.receive("default", 30, Duration::ZERO, &open);
    let first = take().await?;
    assert_eq!((first.len(), ids(&first)[0]), (30, "push@high"));
    assert!(first[1..].iter().all(|delivery| delivery.message.priority == Priority::Normal));
    let rest = take().await?;
    assert_eq!((rest.len(), ids(&rest).last().copied()), (7, Some("push@low")));
    assert_eq!(fixture.queue.depth_of("default").await?, 37, "it is remembered for a while");
    clock.advance(Duration::from_secs(5));
    assert_eq!(fixture.queue.depth_of("default").await?, 0, "and then asked again");
    Ok(())
}

#[tokio::test]
async fn a_pool_without_queues_holds_up_no_other() -> Verdict {
    let fixture = Fixture::new().await;
    let lost = Message { pool: "gpu".to_owned(), ..normal(1) };
    for _ in 0..2 {
        fixture.queue.enqueue(vec![lost.clone(), normal(2)]).await?;
    }
    assert_eq!(ids(&fixture.receive(10).await?), ["push@2", "push@2"]);
    let raised = fixture.raised.0.lock().unwrap().clone();
    let [Alert::Quarantined { what, why }] = &raised[..] else { panic!("{raised:?}") };
    assert!(what.ends_with("-gpu-normal") && why.contains("no such queue"), "{what}: {why}");
    Ok(())
}

#[tokio::test]
async fn a_message_is_a_loan() -> Verdict {
    let fixture = Fixture::new().await;
    fixture.queue.enqueue(vec![normal(1), normal(2)]).await?;
    let loans = fixture.receive(10).await?;
    assert_eq!(loans.len(), 2);
    for delivery in loans {
        let loan = delivery.loan.unwrap();
        match delivery.message.execution_id.as_str() {
            "push@1" => loan.give_back().await,
            _ => loan.settle().await,
        }
    }
    assert_eq!(ids(&fixture.receive(10).await?), ["push@1"]);
    Ok(())
}

#[tokio::test]
async fn what_nobody_can_read_goes_and_what_is_newer_stays() -> Verdict {
    let fixture = Fixture::new().await;
    let queue = fixture.names.worker_queue("default", Priority::Critical);
    for body in ["nonsense", r#"{"format":2,"comet":{}}"#] {
        fixture.put(&queue, body).await;
    }
    fixture.queue.enqueue(vec![normal(1)]).await?;
    assert_eq!(ids(&fixture.receive(10).await?), ["push@1"]);
    assert_eq!(fixture.raised.0.lock().unwrap().len(), 1);
    assert_eq!(fixture.counts(&queue).await.0, "0");
    Ok(())
}

#[tokio::test]
async fn a_wait_ends_and_a_pools_depth_is_its_own() -> Verdict {
    let fixture = Fixture::new().await;
    let began = std::time::Instant::now();
    assert!(fixture.queue.receive("default", 10, Duration::from_secs(2), &Stop::new()).await?.is_empty());
    assert!(began.elapsed() >= Duration::from_secs(2));
    let closing = Stop::new();
    closing.cancel();
    assert!(fixture.queue.receive("default", 10, Duration::from_secs(3600), &closing).await?.is_empty());
    fixture.queue.enqueue(vec![normal(1), message("push@low", now(), Priority::Low)]).await?;
    assert_eq!((fixture.queue.depth_of("default").await?, fixture.queue.depth_of("gpu").await?), (2, 0));
    Ok(())
}
