"""Every RPC of the mesh may be sent twice, since the channels retry all of them."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

PROTOS = Path(__file__).parents[1] / "protos"
READS = ("Get", "List", "Search", "BatchGet")
# Their comments in the protos say what makes these idempotent.
WITHOUT_REQUEST_ID = {"CreateSession", "DeleteSession", "KeepCart", "SettleReservations", "ReserveStock"}


def rpcs() -> Iterator[Any]:
    for path in sorted(PROTOS.rglob("*.proto")):
        module = import_module(".".join(path.relative_to(PROTOS).with_name(f"{path.stem}_pb2").parts))
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def has_request_id(message: Any) -> bool:
    """Whether the message, or each member of the batch or stream it is of, has one."""
    return "request_id" in message.fields_by_name or any(
        has_request_id(field.message_type) for field in message.fields if field.message_type is not None
    )


def test_every_mutating_rpc_is_idempotent_by_an_id():
    mutating = {rpc.name: rpc for rpc in rpcs() if not rpc.name.startswith(READS)}
    without = {name for name, rpc in mutating.items() if not has_request_id(rpc.input_type)}
    assert without == WITHOUT_REQUEST_ID
