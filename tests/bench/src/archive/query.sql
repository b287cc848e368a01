SELECT job_id,
       count(*) AS executions,
       count(*) FILTER (WHERE status <> 'success') AS failed,
       quantile_disc(duration_ms, 0.50) AS p50_ms,
       quantile_disc(duration_ms, 0.95) AS p95_ms
FROM read_json('ARCHIVE/dt=*/*.jsonl.gz', hive_partitioning = true)
WHERE dt >= '2026-01-01'
GROUP BY job_id
ORDER BY p95_ms DESC;
