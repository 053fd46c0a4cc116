-- Requests for accounts that were decided, so that a repeated one makes nothing and is told from another one under the
-- same key. Each new request deletes two that are older than 7 days.
CREATE TABLE account_requests (
    request_id     text        CONSTRAINT account_requests_pkey PRIMARY KEY,
    -- Of username and role. Never of the password: a fast hash of it could be guessed.
    request_digest bytea       NOT NULL CONSTRAINT account_requests_request_digest_check CHECK (octet_length(request_digest) = 32),
    -- A google.rpc.Status; null when the account was made.
    rejection      bytea,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX account_requests_created_at_idx ON account_requests (created_at);
