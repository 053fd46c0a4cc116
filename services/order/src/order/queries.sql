-- open_cart --
-- Locks the session's cart until the transaction ends, and tells whether it is a new one.
INSERT INTO carts (session_id, buyer_id)
VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT carts_pkey DO UPDATE SET updated_at = now()
RETURNING xmax = 0 AS is_new, claim

-- copy_saved_cart --
-- What a new cart starts with: the cart that was saved before its session began.
INSERT INTO cart_lines (session_id, item_id, quantity)
SELECT $1, item_id, quantity
FROM saved_carts
JOIN saved_cart_lines USING (buyer_id)
WHERE buyer_id = $2 AND saved_at <= $3

-- record_request --
-- Nothing comes back when this change of the cart was recorded before.
INSERT INTO cart_requests (session_id, request_id, request_digest)
VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT cart_requests_pkey DO NOTHING
RETURNING request_id

-- find_request --
SELECT request_digest, rejection
FROM cart_requests
WHERE session_id = $1 AND request_id = $2

-- reject_request --
UPDATE cart_requests
SET rejection = $3
WHERE session_id = $1 AND request_id = $2

-- put_cart_line --
INSERT INTO cart_lines (session_id, item_id, quantity)
VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT cart_lines_pkey DO UPDATE SET quantity = excluded.quantity

-- delete_cart_line --
DELETE FROM cart_lines
WHERE session_id = $1 AND item_id = $2

-- clear_cart --
DELETE FROM cart_lines
WHERE session_id = $1

-- open_cart_lines --
-- The lines of a cart that is open.
SELECT item_id, quantity
FROM cart_lines
WHERE session_id = $1
ORDER BY length(item_id), item_id

-- read_cart --
-- The lines of a cart, opened or not: one that is not yet has what it would start with.
SELECT item_id, quantity
FROM cart_lines
WHERE session_id = $1
UNION ALL
SELECT item_id, quantity
FROM saved_cart_lines
JOIN saved_carts USING (buyer_id)
WHERE buyer_id = $2 AND saved_at <= $3 AND NOT EXISTS (SELECT FROM carts WHERE session_id = $1)

-- read_opened_cart --
-- Its claim and its lines as they were together; one row without an item when it is empty, none when it is not opened.
SELECT claim, item_id, quantity
FROM carts
LEFT JOIN cart_lines USING (session_id)
WHERE session_id = $1

-- mark_cart_saved --
-- Locks the buyer's saved cart until the transaction ends. The time of the first save stays: a session that began
-- after it, and did not touch its cart yet, must not find it empty because another session saves again.
INSERT INTO saved_carts (buyer_id)
VALUES ($1)
ON CONFLICT ON CONSTRAINT saved_carts_pkey DO UPDATE SET saved_at = saved_carts.saved_at

-- clear_saved_cart --
DELETE FROM saved_cart_lines
WHERE buyer_id = $1

-- save_cart_lines --
INSERT INTO saved_cart_lines (buyer_id, item_id, quantity)
SELECT $1, item_id, quantity
FROM cart_lines
WHERE session_id = $2

-- renew_claim --
-- Locks the session's cart until the transaction ends; what it holds then may be bought by the next order.
UPDATE carts
SET claim = gen_random_uuid()
WHERE session_id = $1

-- lock_saved_cart --
SELECT buyer_id
FROM saved_carts
WHERE buyer_id = $1
FOR UPDATE

-- take_bought_lines --
-- What was bought leaves the cart and the saved cart; what was added meanwhile stays.
WITH bought AS (
    SELECT item_id, quantity
    FROM unnest($3::text[], $4::bigint[]) AS bought (item_id, quantity)
), saved AS (
    UPDATE saved_cart_lines
    SET quantity = greatest(saved_cart_lines.quantity - bought.quantity, 0)
    FROM bought
    WHERE saved_cart_lines.buyer_id = $2 AND saved_cart_lines.item_id = bought.item_id
)
UPDATE cart_lines
SET quantity = greatest(cart_lines.quantity - bought.quantity, 0)
FROM bought
WHERE cart_lines.session_id = $1 AND cart_lines.item_id = bought.item_id

-- drop_empty_lines --
WITH saved AS (
    DELETE FROM saved_cart_lines
    WHERE buyer_id = $2 AND quantity = 0
)
DELETE FROM cart_lines
WHERE session_id = $1 AND quantity = 0

-- keep_cart --
UPDATE carts
SET updated_at = now()
WHERE session_id = $1

-- delete_idle_carts --
-- Their sessions ended long ago, since keep_cart is run for a session in use every hour; in small bites, so that no lock is held for long.
DELETE FROM carts
WHERE session_id IN (
    SELECT session_id
    FROM carts
    WHERE updated_at < now() - interval '2 days'
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)

-- record_orders --
-- Records whole orders, each once; the ids of those that were not there before come back.
WITH recorded AS (
    INSERT INTO orders (id, buyer_id, request_digest, state, total_cents, currency, created_at)
    SELECT id, buyer_id, request_digest, 'CONFIRMED', total_cents, currency, created_at
    FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::timestamptz[])
        AS made (id, buyer_id, request_digest, total_cents, currency, created_at)
    ON CONFLICT ON CONSTRAINT orders_pkey DO NOTHING
    RETURNING id, buyer_id
), lines AS (
    INSERT INTO order_lines (order_id, item_id, quantity, price_cents, seller_id, name, buyer_id)
    SELECT line.order_id, line.item_id, line.quantity, line.price_cents, line.seller_id, nullif(line.name, ''),
           recorded.buyer_id
    FROM unnest($7::uuid[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])
        AS line (order_id, item_id, quantity, price_cents, seller_id, name)
    JOIN recorded ON recorded.id = line.order_id
)
SELECT id
FROM recorded

-- get_order --
SELECT id, number, orders.buyer_id, request_digest, total_cents, currency, created_at, item_id, quantity, price_cents, seller_id, coalesce(name, '') AS name
FROM orders
JOIN order_lines ON order_lines.order_id = orders.id
WHERE orders.id = $1
ORDER BY length(item_id), item_id

-- list_orders --
-- Newest first; $2 is the number of the last one shown.
SELECT id, number, page.buyer_id, request_digest, total_cents, currency, created_at, item_id, quantity, price_cents, seller_id, coalesce(name, '') AS name
FROM (
    SELECT id, number, buyer_id, request_digest, total_cents, currency, created_at
    FROM orders
    WHERE buyer_id = $1 AND number < $2
    ORDER BY number DESC
    LIMIT $3
) AS page
JOIN order_lines ON order_lines.order_id = page.id
ORDER BY number DESC, length(item_id), item_id

-- find_purchase --
SELECT seller_id
FROM order_lines
WHERE buyer_id = $1 AND item_id = $2
LIMIT 1

-- page_token_key --
SELECT key
FROM page_token_key
