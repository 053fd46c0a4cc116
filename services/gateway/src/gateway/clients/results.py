"""Errors of single members of a batch, which the RPC answers among its results."""

from agora.catalog.v1 import album_pb2, catalog_pb2
from chassis.errors import IdempotencyKeyReused, InvalidArgument, InvalidField


def error_of(refusal: catalog_pb2.FieldError | album_pb2.AlbumRefusal) -> InvalidArgument:
    if refusal.reason == IdempotencyKeyReused.reason:
        return IdempotencyKeyReused()
    return InvalidField(refusal.field, refusal.problem)
