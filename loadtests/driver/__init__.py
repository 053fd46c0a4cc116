"""Load: processes that send requests to a gateway or a monolith as fast, or as often, as they are told."""
