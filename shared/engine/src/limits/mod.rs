//! Limits: who may pass a job's gates, who waits before them, and who is called up next.
//!
//! An execution's row and the rows of its gates change in one write, when it starts and when it
//! leaves `running` (or ends, for policies that count until the end). So the permits in a gate's
//! row are held by what runs, in every state of the store.
//!
//! Nobody waits for ever. Who is turned away writes that it waits, takes its place in line, and
//! then looks at the gate; who leaves a gate writes that, and then looks at the line: one of the
//! two sees the other. Both call up as many as may pass, which costs a message each and changes
//! nothing: the one called up must still pass. Who starts from the line calls up the next. What a
//! crash leaves uncalled is found by its own timer, at the latest an hour later, mostly within a
//! minute or two, and by everyone else who comes to the gate.
//!
//! | what | module |
//! |---|---|
//! | an execution comes to its gates | `wait/arrive` |
//! | what becomes of one that can't pass | `wait/turned_away` |
//! | the line, and who is called up | `line` |
//! | an execution has left its gates | `leave` |
//! | the circuit by hand | `circuit` |
//! | the rows of gates, read and written | `base/gates`, `base/writes` |

pub(crate) mod circuit;
pub(crate) mod leave;
pub(crate) mod line;
