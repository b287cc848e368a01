//! Limits: the gates of jobs, the executions that pass them or wait before them, and the calls to those
//! that wait.
//!
//! The row of an execution and the rows of its gates change in one write, when the execution starts and
//! when it leaves `running` (or ends, for policies that count until the end). So in every state of the
//! store, the permits in a gate's row are held by what runs.
//!
//! No execution waits for ever. An execution that is turned away writes that it waits, takes its place
//! in line, and then reads the gate. An execution that leaves a gate writes that, and then reads the
//! line. So one of the two sees the other. Both call up as many as may pass, which costs a message each
//! and changes nothing: an execution that is called up must still pass. An execution that starts from
//! the line calls up the next. If a crash loses a call, the waiting execution's own timer finds it,
//! mostly within a minute or two, after an hour at the latest; and so does everything else that comes
//! to the gate.
//!
//! | what | module |
//! |---|---|
//! | an execution comes to its gates | `wait/arrive` |
//! | an execution that can't pass | `wait/denied` |
//! | the line, and the calls to it | `line` |
//! | an execution has left its gates | `leave` |
//! | the circuit by hand | `circuit` |
//! | the rows of gates, read and written | `base/gates`, `base/writes` |

pub(crate) mod circuit;
pub(crate) mod leave;
pub(crate) mod waitlist;
