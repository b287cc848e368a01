-- Versions of the time zone data, packed, each of which some job may be judged by.
CREATE TABLE zone_data (
    version TEXT PRIMARY KEY,
    packed BLOB NOT NULL
) WITHOUT ROWID;

-- The one by which definitions are judged. It changes with the graph's revision.
CREATE TABLE zones_in_force (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version TEXT NOT NULL,
    is_settled INTEGER NOT NULL
);
