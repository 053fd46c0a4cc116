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

-- read_cache_state --
SELECT generation, suspended_until IS NOT NULL AS is_suspended, suspended_until <= now() AS has_lapsed
FROM cache_state

-- suspend_caching --
-- Extends the suspension in force, or begins one with a generation of its own.
UPDATE cache_state
SET generation = generation + (suspended_until IS NULL)::integer,
    suspended_until = greatest(suspended_until, now() + $1::interval)
RETURNING generation

-- end_suspension --
UPDATE cache_state
SET suspended_until = NULL
WHERE suspended_until <= now()
