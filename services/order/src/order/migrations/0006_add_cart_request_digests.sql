-- What was asked for, to tell a repeated request from another one under the same key, and the google.rpc.Status of a
-- request that was rejected. Both are null in rows from before these columns, which are changes that were made.
ALTER TABLE cart_requests
    ADD COLUMN request_digest bytea,
    ADD COLUMN rejection bytea;
