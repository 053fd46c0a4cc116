"""Network address of the client that sent a request."""

from fastapi import Request


def client_address(request: Request) -> str:
    """Return the address of the connection's peer, or of the client that a trusted proxy forwards; "" if unknown."""
    return request.client.host if request.client is not None else ""
