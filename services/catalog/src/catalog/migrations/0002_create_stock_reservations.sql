-- The ledger of stock that was handed to orders. Rows stay for good: stock at the start = stock now + units here.
CREATE TABLE stock_reservations (
    order_id   uuid        CONSTRAINT stock_reservations_pkey PRIMARY KEY,
    currency   text        NOT NULL,
    memo       bytea       NOT NULL CONSTRAINT stock_reservations_memo_check CHECK (octet_length(memo) <= 1024),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When the order service said that it has recorded the order; until then the reservation is open.
    settled_at timestamptz
);

CREATE INDEX stock_reservations_open_idx ON stock_reservations (created_at) WHERE settled_at IS NULL;

CREATE TABLE stock_reservation_lines (
    order_id    uuid   NOT NULL CONSTRAINT stock_reservation_lines_order_id_fkey REFERENCES stock_reservations,
    item_id     bigint NOT NULL,
    quantity    bigint NOT NULL CONSTRAINT stock_reservation_lines_quantity_check CHECK (quantity > 0),
    price_cents bigint NOT NULL,
    seller_id   text   NOT NULL,
    CONSTRAINT stock_reservation_lines_pkey PRIMARY KEY (order_id, item_id)
);
