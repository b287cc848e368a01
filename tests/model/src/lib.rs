//! The write path of an execution as a model, for a checker that tries every order of events.
//!
//! # The protocol
//!
//! **Timers** are durable rows keyed by instant and purpose. One row per slot of a job's schedule, one per attempt
//! of an execution that is to start later. A cursor says up to where ticks have read them. A timer that has fired
//! stays and is the *guard* of its execution. Messages are hints: each may be lost, doubled or late.
//!
//! **The chain rule.** Whoever sends the first message of a slot has put the timer of the next slot before. A PUT
//! of a job, a tick and a sweep all keep to it. So an execution's row proves that the chain goes on behind it, and
//! a worker may delete the guard of a slot without a thought for the schedule.
//!
//! - *PUT*: writes the first slot's timer; puts the next one's; sends the message.
//! - *Push*: writes row and timer in one atomic write; sends the message.
//! - *Tick*, by a leader: reads a page of timers beyond the cursor, then (1) puts the successors of its slots, up to
//!   the first that lies beyond the page, (2) sends the messages of all slots in the page and of the attempts that
//!   are due, (3) saves the cursor, which is refused if a later leader holds the lease. Two leaders at once do no
//!   harm: puts are idempotent and claims sort out the messages. Before all this, it saves a mark of how far it will
//!   fire: if it dies, and its clock was ahead, the next leader sees that.
//! - *Tick after the clock went back*: its cursor or mark lies beyond the horizon. Looks at what was fired ahead of its time
//!   and has a row: puts a near guard beside the far one. Begins each job's chain anew: puts the timer of its first
//!   slot. Then reads its page from there on, and saves the cursor, which goes back. Rows tell what has run already.
//! - *Claim*: the message names the attempt. For a slot without a row it creates the row, running. Otherwise the
//!   row must be queued or due for a retry, and its attempt the one before. Each claim has a fresh id. What has
//!   waited may have a guard that fires too late to notice the worker's death: the claim's own write puts a nearer
//!   one beside it. Both go at the end.
//! - *Finish*: conditional on running, claim and attempt. Then fan-out, then the guard goes, last of all.
//! - *Retry*: puts the timer of the next attempt, then writes the row under the same condition, then sends the
//!   message if the time is near, then deletes the old guard. What counts is that the put comes before the delete.
//! - *Callback*: a target may take the work and say later how it ended. The worker puts the timer that will look at
//!   that, writes the row, whose lease is the attempt's time from then on, and deletes its old guard if that fires
//!   before. Whoever shows the claim may finish it, before the row says so too. When the lease lapses, a sweep takes
//!   the attempt away, as from a worker that is gone; who calls back later is refused.
//! - *Keys grow.* A timer's key names the attempt. Before a guard is deleted for anything but the end, one with a
//!   greater (attempt, instant) is put, so the greatest is deleted by nobody until the execution has ended. Were
//!   attempts to share keys, one writer's new timer could be what another one is about to delete.
//! - *Fan-out* to a dependent without a schedule: puts the dependent's timer; creates its row unless it is there;
//!   writes the outcome into the row's map; if the map decides the trigger rule, moves the row out of waiting by a
//!   conditional write; sends the message. A store may do the first two in one write.
//! - *Waiting*, of a dependent with a schedule: creates its row; writes its wait; reads what it waits for. The
//!   finisher writes the outcome, then reads who waits. One of the two sees the other.
//! - *Sweep*: looks at timers behind the cursor. Terminal: redoes the fan-out and deletes the timer. Running on a
//!   lapsed lease: takes the claim away (the attempt stays consumed), or fails the execution when it has lost too
//!   many; then sends. Queued or retrying: sends. Waiting: writes the wait and reads the dependencies once more. No
//!   row: the chain rule, so first the successor, then the message. It may move any timer to its next check: put,
//!   send with the new key, delete.
//!
//! # The model
//!
//! A [process](process::Process) is the list of reads and writes that it has still to make. Each of them is one
//! step, between any two of which anything else may happen: another process, a crash, a message lost or doubled,
//! a lease that lapses while its holder goes on, a second leader. Faults come from a budget. What is free is what
//! the world allows without a fault: messages of any delay and in any order, sweeps at any moment, ticks of any
//! width.
//!
//! `eventually` is sound only if every path ends. It does: slots, faults, retries and moves of timers are counted,
//! and a sweep that has nothing to do is no step. `tests/acyclic.rs` checks it. Since a world in which everything
//! has ended stays so, an execution forgotten on any path is found at that path's end.
//!
//! Left out: clocks (due times, look-ahead, the age from which timers are swept, back-off; so the model says what
//! is never forgotten, not what is on time), versions of jobs, pause and delete, misfires, limits, heartbeats,
//! cancellation, generations, trigger rules other than `all_success`, waits for a slot that will never run, and
//! the repetition of a write whose answer was lost. Leaders read cursor and page of one shard only.
pub mod actions;
pub mod config;
pub mod elements;
mod execute;
mod fan_out;
pub mod process;
pub mod properties;
pub mod reachable;
pub mod safeguard;
pub mod state;
mod sweep;
mod tick;
pub mod worlds;
