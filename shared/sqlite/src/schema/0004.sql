-- In the order of their ids, which is that of their creation.
CREATE TABLE backfills (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    ended_at INTEGER,
    doc TEXT NOT NULL
) WITHOUT ROWID;
