-- database_statistics --
-- The columns bear the names of their metrics. Sessions of other roles hide what they wait for.
SELECT
    xact_commit AS postgresql_commits,
    xact_rollback AS postgresql_rollbacks,
    deadlocks AS postgresql_deadlocks,
    numbackends AS postgresql_backends,
    pg_database_size(datid) AS postgresql_database_size_bytes,
    (
        SELECT count(*)
        FROM pg_stat_activity AS session
        WHERE session.datid = database.datid AND session.wait_event_type = 'Lock'
    ) AS postgresql_lock_waiters
FROM pg_stat_database AS database
WHERE datname = current_database()
