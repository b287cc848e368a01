-- `ended_at` of an ended execution is the instant from which its retention counts. What a person is to decide on is kept
-- until the decision.
UPDATE executions SET ended_at = 9223372036854775807
    WHERE ended_at IS NOT NULL AND id IN (SELECT execution_id FROM dead_letters WHERE state = 'open');
