-- What an order claimed besides stock: the cart it was made of, as it was then. No two orders have the same.
ALTER TABLE stock_reservations ADD COLUMN claim uuid;

CREATE UNIQUE INDEX stock_reservations_claim_key ON stock_reservations (claim) WHERE claim IS NOT NULL;
