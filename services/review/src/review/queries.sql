-- insert_feedback --
-- One statement, so that the vote and its count are stored together or not at all.
WITH given AS (
    INSERT INTO feedback (buyer_id, item_id, seller_id, vote, request_id)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING seller_id, vote
)
INSERT INTO seller_ratings AS rating (seller_id, thumbs_up, thumbs_down)
SELECT seller_id, (vote = 'up')::integer, (vote = 'down')::integer
FROM given
ON CONFLICT ON CONSTRAINT seller_ratings_pkey DO UPDATE
SET thumbs_up = rating.thumbs_up + excluded.thumbs_up, thumbs_down = rating.thumbs_down + excluded.thumbs_down
RETURNING seller_id, thumbs_up, thumbs_down

-- find_repeated_feedback --
-- The seller's rating when this very request left the feedback.
SELECT seller_ratings.seller_id, seller_ratings.thumbs_up, seller_ratings.thumbs_down
FROM feedback
JOIN seller_ratings ON seller_ratings.seller_id = feedback.seller_id
WHERE feedback.buyer_id = $1 AND feedback.item_id = $2 AND feedback.request_id = $3

-- read_seller_ratings --
SELECT seller_id, thumbs_up, thumbs_down
FROM seller_ratings
WHERE seller_id = ANY($1::text[])
