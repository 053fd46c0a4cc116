-- The votes on each album, counted.
CREATE TABLE like_counts (
    album_id text   CONSTRAINT like_counts_pkey PRIMARY KEY,
    likes    bigint NOT NULL CONSTRAINT like_counts_likes_check CHECK (likes >= 0),
    dislikes bigint NOT NULL CONSTRAINT like_counts_dislikes_check CHECK (dislikes >= 0)
)
-- Counts change all the time; room on the page keeps those updates out of the index.
WITH (fillfactor = 50);

-- The votes in the counts, as long as one of them may come again. Written by the statement that counts them.
CREATE TABLE counted_votes (
    vote_id    uuid        CONSTRAINT counted_votes_pkey PRIMARY KEY,
    counted_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX counted_votes_counted_at_idx ON counted_votes (counted_at);

-- Entries of the stream that are no votes, for people to look at.
CREATE TABLE parked_votes (
    entry_id  text        CONSTRAINT parked_votes_pkey PRIMARY KEY,
    entry     bytea       NOT NULL,
    problem   text        NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);
