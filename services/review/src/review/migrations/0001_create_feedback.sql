CREATE TABLE feedback (
    buyer_id   text        NOT NULL,
    item_id    text        NOT NULL,
    seller_id  text        NOT NULL,
    vote       text        NOT NULL CONSTRAINT feedback_vote_check CHECK (vote IN ('up', 'down')),
    -- Of the request that left it, so that its repetition is told from a second vote.
    request_id text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT feedback_pkey PRIMARY KEY (buyer_id, item_id)
);
