-- A cart belongs to a session. Its row is what concurrent changes of one cart queue up at.
CREATE TABLE carts (
    session_id uuid        CONSTRAINT carts_pkey PRIMARY KEY,
    buyer_id   text        NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX carts_updated_at_idx ON carts (updated_at);

CREATE TABLE cart_lines (
    session_id uuid   NOT NULL CONSTRAINT cart_lines_session_id_fkey REFERENCES carts ON DELETE CASCADE,
    item_id    text   NOT NULL,
    quantity   bigint NOT NULL CONSTRAINT cart_lines_quantity_check CHECK (quantity BETWEEN 0 AND 1000000),
    CONSTRAINT cart_lines_pkey PRIMARY KEY (session_id, item_id)
);

-- Changes that were made already, so that a repeated request changes nothing.
CREATE TABLE cart_requests (
    session_id uuid NOT NULL CONSTRAINT cart_requests_session_id_fkey REFERENCES carts ON DELETE CASCADE,
    request_id text NOT NULL,
    CONSTRAINT cart_requests_pkey PRIMARY KEY (session_id, request_id)
);

-- What every later session of a buyer starts with.
CREATE TABLE saved_carts (
    buyer_id text        CONSTRAINT saved_carts_pkey PRIMARY KEY,
    saved_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE saved_cart_lines (
    buyer_id text   NOT NULL CONSTRAINT saved_cart_lines_buyer_id_fkey REFERENCES saved_carts,
    item_id  text   NOT NULL,
    quantity bigint NOT NULL CONSTRAINT saved_cart_lines_quantity_check CHECK (quantity BETWEEN 0 AND 1000000),
    CONSTRAINT saved_cart_lines_pkey PRIMARY KEY (buyer_id, item_id)
);
