-- The key every replica signs page tokens with; 244 random bits made here, so there is no secret to configure.
CREATE TABLE page_token_key (
    key bytea NOT NULL
);

INSERT INTO page_token_key (key) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
