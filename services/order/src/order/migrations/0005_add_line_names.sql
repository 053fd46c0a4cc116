-- What the item was called when its price was fixed; null on lines from before.
ALTER TABLE order_lines ADD COLUMN name text;
