CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- Every version of every job. A version holds from graph revision `since` to before `until`.
CREATE TABLE jobs (
    job_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    doc TEXT NOT NULL,
    PRIMARY KEY (job_id, version)
) WITHOUT ROWID;
CREATE INDEX jobs_newest ON jobs (job_id) WHERE until IS NULL;

-- The dependencies of each version, the other way round.
CREATE TABLE dependents (
    dependency TEXT NOT NULL,
    job_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (dependency, job_id, version)
) WITHOUT ROWID;

-- `seq` counts up with creation. Success, the ordinary case, pays for no index on status.
CREATE TABLE executions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    due INTEGER NOT NULL,
    status TEXT NOT NULL,
    revision INTEGER NOT NULL,
    ended_at INTEGER,
    doc TEXT NOT NULL,
    -- What never changes and may be large: the work and the input. Written once.
    fixed TEXT
);
CREATE INDEX executions_of_job ON executions (job_id, due);
CREATE INDEX executions_unsuccessful ON executions (status, due)
    WHERE status IN ('failed', 'timed_out', 'cancelled', 'upstream_failed', 'skipped');

CREATE TABLE waiters (
    dependency TEXT NOT NULL,
    waiter TEXT NOT NULL,
    PRIMARY KEY (dependency, waiter)
) WITHOUT ROWID;

CREATE TABLE outputs (
    execution_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (execution_id, attempt)
) WITHOUT ROWID;

CREATE TABLE timers (
    shard INTEGER NOT NULL,
    fire_at INTEGER NOT NULL,
    what TEXT NOT NULL,
    version INTEGER NOT NULL,
    checks INTEGER NOT NULL,
    PRIMARY KEY (shard, fire_at, what)
) WITHOUT ROWID;
CREATE INDEX timers_of_slots ON timers (what) WHERE what >= 'slot ' AND what < 'slot!';

CREATE TABLE leases (
    lane INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    until INTEGER NOT NULL
);
CREATE TABLE cursors (shard INTEGER PRIMARY KEY, cursor INTEGER NOT NULL);

CREATE TABLE dead_letters (
    execution_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- open, redriven or discarded
    state TEXT NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX dead_letters_open ON dead_letters (at, execution_id) WHERE state = 'open';

-- Rows that could not be read, as they were.
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    raw TEXT NOT NULL
);

CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
