CREATE TABLE accounts (
    id            uuid        CONSTRAINT accounts_pkey PRIMARY KEY,
    username      text        NOT NULL CONSTRAINT accounts_username_key UNIQUE
                              CONSTRAINT accounts_username_check CHECK (char_length(username) BETWEEN 1 AND 64),
    -- '!' for an account that nobody can sign in to.
    password_hash text        NOT NULL,
    role          text        NOT NULL CONSTRAINT accounts_role_check CHECK (role IN ('buyer', 'seller')),
    -- Of the request that made the account, so that its repetition is told from another's wish for the same name.
    request_id    text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
