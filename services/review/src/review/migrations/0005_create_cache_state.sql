-- The generation of the copies that gateways may keep of these rows, and until when they may keep none: one row.
CREATE TABLE cache_state (
    id              boolean     CONSTRAINT cache_state_pkey PRIMARY KEY DEFAULT true
                                CONSTRAINT cache_state_id_check CHECK (id),
    generation      bigint      NOT NULL DEFAULT 1,
    -- Null while caching is not suspended. A suspension is over when it is set to null, whatever the clock says.
    suspended_until timestamptz
);

INSERT INTO cache_state DEFAULT VALUES;
