"""The REST gateway: HTTP and JSON for people and load generators, gRPC to the services. It owns no data."""
