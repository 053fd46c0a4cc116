-- record_request --
-- Nothing comes back when the request was recorded before. Every new one deletes two that nobody repeats any more, so
-- the table needs no other upkeep.
WITH forgotten AS (
    DELETE FROM account_requests
    WHERE request_id IN (
        SELECT request_id
        FROM account_requests
        WHERE created_at < now() - interval '7 days' AND request_id <> $1
        ORDER BY created_at
        LIMIT 2
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO account_requests (request_id, request_digest)
VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT account_requests_pkey DO NOTHING
RETURNING request_id

-- find_request --
SELECT request_digest, rejection
FROM account_requests
WHERE request_id = $1

-- reject_request --
UPDATE account_requests
SET rejection = $2
WHERE request_id = $1

-- insert_account --
-- Nothing comes back when the username is taken.
INSERT INTO accounts (id, username, password_hash, role, request_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT accounts_username_key DO NOTHING
RETURNING id

-- insert_sample_accounts --
-- Sellers that nobody can sign in to; those that are there already stay as they are.
INSERT INTO accounts (id, username, password_hash, role, request_id)
SELECT id, username, $3, 'seller', 'sample'
FROM unnest($1::uuid[], $2::text[]) AS samples (id, username)
ON CONFLICT ON CONSTRAINT accounts_pkey DO NOTHING

-- is_requested_account --
-- Whether this request made the account, though it is not recorded: that was too long ago, or by an older replica.
SELECT
FROM accounts
WHERE username = $1 AND request_id = $2

-- find_sellers --
SELECT id
FROM accounts
WHERE id = ANY($1::uuid[]) AND role = 'seller'

-- find_credentials --
SELECT id, username, role, password_hash
FROM accounts
WHERE username = $1

-- replace_password_hash --
-- Only the hash that was verified: a password that was changed meanwhile stays changed.
UPDATE accounts
SET password_hash = $3
WHERE id = $1 AND password_hash = $2

-- insert_session --
INSERT INTO sessions (id, token_hash, account_id, expires_at)
VALUES ($1, $2, $3, now() + $4::interval)
RETURNING created_at, expires_at

-- read_sessions --
-- The live ones; is_due tells those whose end is to be moved, since it was last moved $2 or longer ago.
SELECT sessions.id, sessions.token_hash, sessions.account_id, accounts.role, sessions.created_at, sessions.expires_at,
       sessions.expires_at <= now() + $3::interval - $2::interval AS is_due
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
WHERE sessions.token_hash = ANY($1::bytea[]) AND sessions.expires_at > now()

-- extend_sessions --
-- A session another replica holds is skipped: it is being extended there, or ended. So nobody waits and nothing deadlocks.
UPDATE sessions
SET expires_at = now() + $2::interval
FROM (SELECT id FROM sessions WHERE id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED) AS due
WHERE sessions.id = due.id
RETURNING sessions.id, sessions.expires_at

-- delete_session --
DELETE FROM sessions
WHERE token_hash = $1

-- delete_expired_sessions --
DELETE FROM sessions
USING (SELECT id FROM sessions WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS expired
WHERE sessions.id = expired.id
RETURNING sessions.id
