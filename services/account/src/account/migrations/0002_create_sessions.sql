CREATE TABLE sessions (
    id         uuid        CONSTRAINT sessions_pkey PRIMARY KEY,
    token_hash bytea       NOT NULL CONSTRAINT sessions_token_hash_key UNIQUE
                           CONSTRAINT sessions_token_hash_check CHECK (octet_length(token_hash) = 32),
    account_id uuid        NOT NULL CONSTRAINT sessions_account_id_fkey REFERENCES accounts,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

-- For the sweep of expired sessions.
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
