-- record_request --
-- Nothing comes back when the buyer's request was recorded before. Every new one deletes two that nobody repeats any
-- more, so the table needs no other upkeep.
WITH forgotten AS (
    DELETE FROM feedback_requests
    WHERE (buyer_id, request_id) IN (
        SELECT buyer_id, request_id
        FROM feedback_requests
        WHERE created_at < now() - interval '7 days' AND (buyer_id, request_id) <> ($1, $2)
        ORDER BY created_at
        LIMIT 2
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO feedback_requests (buyer_id, request_id, request_digest)
VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT feedback_requests_pkey DO NOTHING
RETURNING request_id

-- find_request --
SELECT request_digest, rejection
FROM feedback_requests
WHERE buyer_id = $1 AND request_id = $2

-- reject_request --
UPDATE feedback_requests
SET rejection = $3
WHERE buyer_id = $1 AND request_id = $2

-- insert_feedback --
-- One statement, so that the vote and its count are stored together or not at all. Nothing comes back when the buyer
-- gave feedback on the item before.
WITH given AS (
    INSERT INTO feedback (buyer_id, item_id, seller_id, vote, request_id)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT feedback_pkey DO NOTHING
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

-- read_like_counts --
SELECT album_id, likes, dislikes
FROM like_counts
WHERE album_id = ANY($1::text[])

-- count_votes --
-- A vote whose id is known adds nothing, however often it comes. Ids and albums are locked in their order, so that two
-- workers with the same votes cannot wait for each other in a circle. Answers with the albums whose counts changed.
WITH counted AS (
    INSERT INTO counted_votes (vote_id)
    SELECT vote_id
    FROM unnest($1::uuid[]) AS vote (vote_id)
    ORDER BY vote_id
    ON CONFLICT ON CONSTRAINT counted_votes_pkey DO NOTHING
    RETURNING vote_id
)
INSERT INTO like_counts AS counts (album_id, likes, dislikes)
SELECT album_id, count(*) FILTER (WHERE likes), count(*) FILTER (WHERE NOT likes)
FROM counted
JOIN unnest($1::uuid[], $2::text[], $3::boolean[]) AS vote (vote_id, album_id, likes) USING (vote_id)
GROUP BY album_id
ORDER BY album_id
ON CONFLICT ON CONSTRAINT like_counts_pkey DO UPDATE
SET likes = counts.likes + excluded.likes, dislikes = counts.dislikes + excluded.dislikes
RETURNING album_id, (SELECT count(*) FROM counted) AS counted

-- park_votes --
INSERT INTO parked_votes (entry_id, entry, problem)
SELECT entry_id, entry, problem
FROM unnest($1::text[], $2::bytea[], $3::text[]) AS parked (entry_id, entry, problem)
ON CONFLICT ON CONSTRAINT parked_votes_pkey DO NOTHING

-- count_parked_votes --
SELECT count(*) AS parked
FROM parked_votes

-- forget_counted_votes --
-- A bounded number at a time, so that it never holds up the counting.
DELETE FROM counted_votes
WHERE vote_id IN (SELECT vote_id FROM counted_votes WHERE counted_at < $1 ORDER BY counted_at LIMIT $2)
