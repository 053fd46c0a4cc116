"""Orders: carts, checkout, and the record of what was sold."""
