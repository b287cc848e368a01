use belfry_domain::{ExecutionId, Message, Origin, Priority, Shards, Timer, Timestamp};

pub fn message(number: u32) -> Message {
    let execution_id: ExecutionId = format!("push@{number}").parse().expect("a valid id");
    let due = Timestamp(1_700_000_000_000);
    Message {
        guard: Timer::start(Shards(64), &execution_id, 1, due).key,
        execution_id,
        attempt: 1,
        due,
        pool: "default".to_owned(),
        priority: Priority::Normal,
        origin: Origin::Push,
    }
}
