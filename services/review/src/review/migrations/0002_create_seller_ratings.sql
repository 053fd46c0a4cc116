-- The feedback of each seller, counted. Written by the statement that inserts the feedback, so the two always agree.
CREATE TABLE seller_ratings (
    seller_id   text   CONSTRAINT seller_ratings_pkey PRIMARY KEY,
    thumbs_up   bigint NOT NULL CONSTRAINT seller_ratings_thumbs_up_check CHECK (thumbs_up >= 0),
    thumbs_down bigint NOT NULL CONSTRAINT seller_ratings_thumbs_down_check CHECK (thumbs_down >= 0)
)
-- A rating changes with every vote; room on the page keeps those updates out of the index.
WITH (fillfactor = 80);
