"""The shop in one process over a raw socket: the same use cases, no REST and no gRPC."""
