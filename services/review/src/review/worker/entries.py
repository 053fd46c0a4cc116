"""Entries of the stream as votes: what the servicer is to RPCs."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from google.protobuf.message import DecodeError

from agora.review.v1 import like_pb2 as pb
from chassis.errors import InvalidField
from review.likes.domain import Vote
from review.likes.repository import Parked
from review.worker.stream import Entry

_FIELD: Final = b"vote"
_OPINIONS: Final = {pb.OPINION_LIKE: True, pb.OPINION_DISLIKE: False}


def examine(entries: Iterable[Entry]) -> tuple[list[Vote], list[Parked]]:
    """The votes, and what is none and would be none the next time too."""
    votes, parked = [], []
    for entry in entries:
        try:
            votes.append(_vote(entry))
        except (KeyError, ValueError, DecodeError, InvalidField) as error:
            parked.append(Parked(entry.entry_id, content_of(entry), f"{type(error).__name__}: {error}"))
    return votes, parked


def content_of(entry: Entry) -> bytes:
    """Fields and values, as they are kept of a parked entry."""
    return b" ".join(part for field in entry.fields.items() for part in field)


def _vote(entry: Entry) -> Vote:
    message = pb.AlbumVote.FromString(entry.fields[_FIELD])
    return Vote(UUID(bytes=message.vote_id), message.album_id, _OPINIONS[message.opinion])
