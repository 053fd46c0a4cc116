-- insert_account --
INSERT INTO accounts (id, username, password_hash, role, request_id)
VALUES ($1, $2, $3, $4, $5)

-- insert_sample_accounts --
-- Sellers that nobody can sign in to; those that are there already stay as they are.
INSERT INTO accounts (id, username, password_hash, role, request_id)
SELECT id, username, $3, 'seller', 'sample'
FROM unnest($1::uuid[], $2::text[]) AS samples (id, username)
ON CONFLICT ON CONSTRAINT accounts_pkey DO NOTHING

-- find_requested_account --
SELECT id, username, role
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
