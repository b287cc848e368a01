/// Rule of the protocol that a test may switch off, to see the checker object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safeguard {
    /// PUT of a job puts the second slot's timer before it sends the first slot's message.
    AcceptPutsSuccessor,
    /// A tick puts the successors before it sends any message.
    TickPutsSuccessors,
    /// A tick saves how far it is about to fire before it fires.
    MarkBeforeFiring,
    /// A sweep puts the successor of a slot without a row before it sends that slot's message.
    SweepPutsSuccessor,
    /// An execution's timer goes after the fan-out.
    TimerOutlivesFanOut,
    /// A delivery puts the dependent's timer before it creates the row.
    DependentTimerBeforeRow,
    /// A retry's timer is there before the previous guard goes.
    RetryTimerBeforeDelete,
    /// A moved timer is there before the one that it replaces goes.
    PutBeforeDelete,
    /// An execution's timer key names the attempt that it is to start.
    AttemptInTimerKey,
    /// A claim takes only the attempt after the row's.
    ClaimChecksAttempt,
    /// Finish and retry are conditional on claim and attempt.
    FinishChecksClaim,
    /// A waiter writes its wait before it reads what it waits for.
    WaitBeforeRead,
}
