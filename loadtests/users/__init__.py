"""Who comes to the shop in load tests, one kind a file."""
