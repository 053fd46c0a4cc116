"""Moments on the wire: `google.protobuf.Timestamp` to and from datetimes in UTC."""

from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_DAY_S: Final = 86_400


def to_timestamp(moment: datetime) -> Timestamp:
    """`moment` must know its time zone."""
    # In a quarter of the time that `FromDatetime` takes, which every item of every page would pay.
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * _DAY_S + since.seconds, nanos=since.microseconds * 1000)


def to_datetime(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)
