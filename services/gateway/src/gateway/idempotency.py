"""Request ids: what an Idempotency-Key becomes inside the mesh (ADR 9)."""

import hashlib
from typing import Final
from uuid import uuid4

from fastapi import Request

from gateway.client_address import client_address

# Their services keep the keys of each account for this route alone. These keys stay as they are, so that one that was
# sent before an update of the mesh still gives the same order after it
# (test_keys_of_accounts_are_those_of_before_where_services_scope_them).
_KEPT_PER_ACCOUNT: Final = frozenset({"POST /v1/orders", "POST /v1/items", "POST /v1/items/{item_id}/feedback"})


def request_id_of(request: Request, key: str | None, *, account_id: str = "") -> str:
    """Return the id by which the services recognise a repetition of this request.

    A key belongs to its account, or without one to the client's address, and to its route. A request without a key gets
    an id of its own, so that its RPCs may be retried.
    """
    if key is None:
        return str(uuid4())
    route = f"{request.method} {request.scope['route'].path}"
    if route in _KEPT_PER_ACCOUNT:
        return key
    sender = f"account {account_id}" if account_id else f"client {client_address(request)}"
    return hashlib.sha256(f"{sender}\0{route}\0{key}".encode()).hexdigest()
