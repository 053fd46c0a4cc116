-- What the next order made of a cart claims. Recording an order renews it, so two orders never share what they bought.
ALTER TABLE carts ADD COLUMN claim uuid NOT NULL DEFAULT gen_random_uuid();
