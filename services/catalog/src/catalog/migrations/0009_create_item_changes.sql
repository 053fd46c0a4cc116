-- Changes of items that were decided, so that a repeated request changes nothing, whatever was sold meanwhile. Each new
-- change deletes two that are older than 7 days.
CREATE TABLE item_changes (
    seller_id      text        NOT NULL,
    request_id     text        NOT NULL,
    request_digest bytea       NOT NULL CONSTRAINT item_changes_request_digest_check CHECK (octet_length(request_digest) = 32),
    -- A google.rpc.Status; null when the item was changed.
    rejection      bytea,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT item_changes_pkey PRIMARY KEY (seller_id, request_id)
);

CREATE INDEX item_changes_created_at_idx ON item_changes (created_at);

-- Of the request that registered the item, to tell its repetition from another one under the same key; null in rows from
-- before this column.
ALTER TABLE items ADD COLUMN request_digest bytea;
