CREATE TABLE orders (
    id             uuid        CONSTRAINT orders_pkey PRIMARY KEY,
    -- The order of recording, which the history is listed by.
    number         bigint      GENERATED ALWAYS AS IDENTITY,
    buyer_id       text        NOT NULL,
    -- SHA-256 of what was asked for, to tell a repeated request from another one under the same key.
    request_digest bytea       NOT NULL CONSTRAINT orders_request_digest_check CHECK (octet_length(request_digest) = 32),
    state          text        NOT NULL CONSTRAINT orders_state_check CHECK (state = 'CONFIRMED'),
    total_cents    bigint      NOT NULL CONSTRAINT orders_total_cents_check CHECK (total_cents >= 0),
    currency       text        NOT NULL,
    created_at     timestamptz NOT NULL
);

CREATE INDEX orders_buyer_id_number_idx ON orders (buyer_id, number DESC);

CREATE TABLE order_lines (
    order_id    uuid   NOT NULL CONSTRAINT order_lines_order_id_fkey REFERENCES orders,
    item_id     text   NOT NULL,
    quantity    bigint NOT NULL CONSTRAINT order_lines_quantity_check CHECK (quantity > 0),
    price_cents bigint NOT NULL,
    seller_id   text   NOT NULL,
    -- The order's, here again so that "did this buyer buy this item" is one index look-up.
    buyer_id    text   NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, item_id)
);

CREATE INDEX order_lines_buyer_id_item_id_idx ON order_lines (buyer_id, item_id);
