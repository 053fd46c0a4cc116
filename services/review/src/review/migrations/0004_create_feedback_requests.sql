-- Feedback that was decided, so that a repeated request is answered as the first was and is told from another one under
-- the same key. Each new request deletes two that are older than 7 days.
CREATE TABLE feedback_requests (
    buyer_id       text        NOT NULL,
    request_id     text        NOT NULL,
    request_digest bytea       NOT NULL CONSTRAINT feedback_requests_request_digest_check CHECK (octet_length(request_digest) = 32),
    -- A google.rpc.Status; null when the feedback was left.
    rejection      bytea,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT feedback_requests_pkey PRIMARY KEY (buyer_id, request_id)
);

CREATE INDEX feedback_requests_created_at_idx ON feedback_requests (created_at);
