-- A rejected order is as final as a reserved one and lives under the same primary key, so an order has one decision.
-- It has no lines and no claim, and is born settled: whoever lists or sums reservations never meets it.
ALTER TABLE stock_reservations
    ADD COLUMN rejection text,
    ADD COLUMN rejected_item_id text;

-- NOT VALID: rows from before have no rejection, and need not be read for that.
ALTER TABLE stock_reservations
    ADD CONSTRAINT stock_reservations_rejection_check
    CHECK (rejection IS NULL OR (claim IS NULL AND settled_at IS NOT NULL)) NOT VALID;

-- What the item was called when its price was fixed; null on lines from before.
ALTER TABLE stock_reservation_lines ADD COLUMN name text;
