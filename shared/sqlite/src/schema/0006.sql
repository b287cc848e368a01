-- The same index, with its condition as a chain of ORs: a list behind IN is a table of its own, which SQLite made and
-- dropped again at every write of an execution. And it did not use the index for `status = 'failed'`.
DROP INDEX executions_unsuccessful;
CREATE INDEX executions_unsuccessful ON executions (status, due)
    WHERE status = 'failed' OR status = 'timed_out' OR status = 'cancelled' OR status = 'upstream_failed'
        OR status = 'skipped';
