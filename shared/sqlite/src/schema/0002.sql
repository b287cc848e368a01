-- How the limits of jobs stand, `job` or `job/key`. Without a row, nobody has passed.
CREATE TABLE gates (
    gate TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;

-- Who waits before a gate, in the order of `place`.
CREATE TABLE lines (
    gate TEXT NOT NULL,
    place TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (gate, place, execution_id)
) WITHOUT ROWID;
