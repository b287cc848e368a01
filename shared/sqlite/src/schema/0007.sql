-- Alerts that are open, or whose end not everybody has heard of.
CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    doc TEXT NOT NULL
) WITHOUT ROWID;
