-- Who runs attempts, as they say themselves.
CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL
) WITHOUT ROWID;
