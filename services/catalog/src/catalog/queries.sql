-- insert_item --
-- Nothing comes back when the seller's request made an item before; find_registered_items has it.
-- The lock comes before the id: whoever sees one item of a seller sees every one with a smaller id, for good.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended($1, 0)))
INSERT INTO items (seller_id, request_id, name, category, keywords, search_keywords, condition, price_cents, currency, quantity, request_digest)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
FROM turn
ON CONFLICT ON CONSTRAINT items_seller_id_request_id_key DO NOTHING
RETURNING request_id, request_digest, id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version

-- find_registered_items --
SELECT request_id, request_digest, id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
JOIN unnest($1::text[], $2::text[]) AS asked (seller_id, request_id) USING (seller_id, request_id)

-- record_request --
-- Nothing comes back when the seller's request was recorded before. Every new one deletes two that nobody repeats any
-- more, so the table needs no other upkeep.
WITH forgotten AS (
    DELETE FROM item_changes
    WHERE (seller_id, request_id) IN (
        SELECT seller_id, request_id
        FROM item_changes
        WHERE created_at < now() - interval '7 days' AND (seller_id, request_id) <> ($1, $2)
        ORDER BY created_at
        LIMIT 2
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO item_changes (seller_id, request_id, request_digest)
VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT item_changes_pkey DO NOTHING
RETURNING request_id

-- find_request --
SELECT request_digest, rejection
FROM item_changes
WHERE seller_id = $1 AND request_id = $2

-- reject_request --
UPDATE item_changes
SET rejection = $3
WHERE seller_id = $1 AND request_id = $2

-- lock_item --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE id = $1
FOR NO KEY UPDATE

-- change_item --
UPDATE items
SET price_cents = $2, quantity = $3, version = version + 1
WHERE id = $1
RETURNING id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version

-- get_items --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE id = ANY($1::bigint[])

-- list_seller_items --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE seller_id = $1 AND id > $2
ORDER BY id
LIMIT $3

-- search_category --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE category = $1 AND id > $2
ORDER BY id
LIMIT $3

-- search_topic --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE topic = $1 AND id > $2
ORDER BY id
LIMIT $3

-- search_category_keywords --
-- Items that match more keywords first; $3 and $4 are the matches and the id of the last one shown.
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version, matches
FROM items
CROSS JOIN LATERAL (SELECT count(*) AS matches FROM unnest(search_keywords) AS keyword WHERE keyword = ANY($2::text[])) AS matching
WHERE category = $1 AND search_keywords && $2::text[]
  AND (matches < $3 OR (matches = $3 AND id > $4))
ORDER BY matches DESC, id
LIMIT $5

-- plan_for_values --
-- The searches below have filters that may be null: only a plan made for the values at hand uses the right index.
SET LOCAL plan_cache_mode = force_custom_plan

-- search_filters --
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE ($1::integer IS NULL OR category = $1)
  AND ($2::text IS NULL OR topic = $2)
  AND id > $3
ORDER BY id
LIMIT $4

-- search_text --
-- As search_filters, for words of the name. How many names have a word is a guess: sorted by the bare id, a search for a
-- word that nobody uses would walk through all items in that order. So every match is read, and then sorted.
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version
FROM items
WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', $3)
  AND ($1::integer IS NULL OR category = $1)
  AND ($2::text IS NULL OR topic = $2)
  AND id > $4
ORDER BY id + 0
LIMIT $5

-- search_filters_keywords --
-- As search_category_keywords, under the filters of search_text.
SELECT id, name, category, keywords, condition, price_cents, currency, quantity, seller_id, topic, created_at, version, matches
FROM items
CROSS JOIN LATERAL (SELECT count(*) AS matches FROM unnest(search_keywords) AS keyword WHERE keyword = ANY($4::text[])) AS matching
WHERE search_keywords && $4::text[]
  AND ($1::integer IS NULL OR category = $1)
  AND ($2::text IS NULL OR topic = $2)
  AND ($3::text IS NULL OR to_tsvector('simple', name) @@ plainto_tsquery('simple', $3))
  AND (matches < $5 OR (matches = $5 AND id > $6))
ORDER BY matches DESC, id
LIMIT $7

-- page_token_key --
SELECT key
FROM page_token_key

-- lock_items --
-- Always in the order of ids, so that two orders of the same items cannot deadlock.
SELECT id, quantity, price_cents, currency, seller_id, name, now() AS locked_at
FROM items
WHERE id = ANY($1::bigint[])
ORDER BY id
FOR NO KEY UPDATE

-- lock_free_items --
-- Never waits: leaves out the rows that other transactions hold, and so cannot deadlock with them.
SELECT id, quantity, price_cents, currency, seller_id, name, now() AS locked_at
FROM items
WHERE id = ANY($1::bigint[])
FOR NO KEY UPDATE SKIP LOCKED

-- find_item_ids --
-- Those of $1 that exist, locked or not.
SELECT id
FROM items
WHERE id = ANY($1::bigint[])

-- find_decisions --
-- Run after the items are locked: a transaction that decided the same order for the same items has committed by then.
SELECT order_id, currency, memo, created_at, claim, rejection, rejected_item_id, item_id, quantity, price_cents, seller_id,
       coalesce(line.name, (SELECT name FROM items WHERE id = item_id)) AS name
FROM stock_reservations
LEFT JOIN stock_reservation_lines AS line USING (order_id)
WHERE order_id = ANY($1::uuid[])
ORDER BY order_id, item_id

-- find_claims --
-- Those of $1 that an order has. Run after the items are locked, as find_decisions is.
SELECT claim
FROM stock_reservations
WHERE claim = ANY($1::uuid[])

-- record_decisions --
-- Reservations, their lines, the stock they take, and rejections, all or nothing. Another transaction that records one of
-- the orders is waited for longer than one that holds an item: it is about to commit.
WITH patience AS MATERIALIZED (
    SELECT set_config('lock_timeout', '1s', true) AS lock_timeout
), decisions AS (
    INSERT INTO stock_reservations (order_id, currency, memo, claim, rejection, rejected_item_id, settled_at)
    SELECT order_id, currency, memo, claim, rejection, rejected_item_id, CASE WHEN rejection IS NOT NULL THEN now() END
    FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::text[], $6::text[])
        AS made (order_id, currency, memo, claim, rejection, rejected_item_id)
    CROSS JOIN patience
), lines AS (
    INSERT INTO stock_reservation_lines (order_id, item_id, quantity, price_cents, seller_id, name)
    SELECT order_id, item_id, quantity, price_cents, seller_id, name
    FROM unnest($7::uuid[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])
        AS line (order_id, item_id, quantity, price_cents, seller_id, name)
)
UPDATE items
SET quantity = items.quantity - taken.units, version = version + 1
FROM unnest($13::bigint[], $14::bigint[]) AS taken (id, units)
WHERE items.id = taken.id

-- list_open_reservations --
SELECT order_id, currency, memo, created_at, claim, item_id, quantity, price_cents, seller_id,
       coalesce(line.name, (SELECT name FROM items WHERE id = item_id)) AS name
FROM (
    SELECT order_id, currency, memo, created_at, claim
    FROM stock_reservations
    WHERE settled_at IS NULL AND created_at <= now() - $1::bigint * interval '1 millisecond'
      AND NOT order_id = ANY($3::uuid[])
    ORDER BY created_at
    LIMIT $2
) AS open
JOIN stock_reservation_lines AS line USING (order_id)
ORDER BY created_at, order_id, item_id

-- settle_reservations --
UPDATE stock_reservations
SET settled_at = now()
WHERE order_id = ANY($1::uuid[]) AND settled_at IS NULL

-- sample_load --
SELECT items
FROM sample_load
FOR UPDATE

-- record_sample_load --
UPDATE sample_load
SET items = $1

-- create_albums --
-- Albums with their whole images. Those a request made before are left out; find_created_albums has them.
WITH given AS (
    SELECT request_id, artist, title, year, image_type, image_sha256, image
    FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::bytea[], $7::bytea[])
        AS album (request_id, artist, title, year, image_type, image_sha256, image)
), created AS (
    INSERT INTO albums (request_id, artist, title, year, image_type, image_size, image_sha256)
    SELECT request_id, artist, title, year, image_type, octet_length(image), image_sha256
    FROM given
    ORDER BY request_id
    ON CONFLICT ON CONSTRAINT albums_request_id_key DO NOTHING
    RETURNING id, request_id, artist, title, year, image_type, image_size, image_sha256
), images AS (
    INSERT INTO album_images (album_id, number, bytes)
    SELECT id, 0, image
    FROM created JOIN given USING (request_id)
)
SELECT id, request_id, artist, title, year, image_type, image_size, image_sha256
FROM created

-- find_created_albums --
SELECT id, request_id, artist, title, year, image_type, image_size, image_sha256
FROM albums
WHERE request_id = ANY($1::text[])

-- next_album_id --
SELECT nextval(pg_get_serial_sequence('albums', 'id')) AS id

-- insert_image_piece --
INSERT INTO album_images (album_id, number, bytes)
VALUES ($1, $2, $3)

-- insert_uploaded_album --
INSERT INTO albums (id, request_id, artist, title, year, image_type, image_size, image_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- get_albums --
SELECT id, request_id, artist, title, year, image_type, image_size, image_sha256
FROM albums
WHERE id = ANY($1::bigint[])

-- get_image_piece --
SELECT substring(bytes FROM $3 FOR $4) AS bytes
FROM album_images
WHERE album_id = $1 AND number = $2
