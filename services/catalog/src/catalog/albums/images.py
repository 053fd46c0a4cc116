"""An image while it is received: cut into the pieces it is stored in, and examined on the way."""

import hashlib
from collections.abc import AsyncIterator

from catalog.albums.domain import PIECE_BYTES, image_type_of
from chassis.errors import InvalidField


class ReceivedImage:
    """`image_type` and `sha256` are known once `pieces` has ended."""

    def __init__(self, expected_size: int) -> None:
        self._expected_size = expected_size
        self._received = 0
        self._sha256 = hashlib.sha256()
        self.image_type = ""

    @property
    def sha256(self) -> bytes:
        return self._sha256.digest()

    async def pieces(self, received: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pieces of 256 KiB but for the last. Raises InvalidField for what is no image or not as long as was said."""
        buffer = bytearray()
        async for data in received:
            self._received += len(data)
            if self._received > self._expected_size:
                raise InvalidField("image", f"has more than the {self._expected_size} bytes that were said")
            buffer += data
            while len(buffer) >= PIECE_BYTES:
                yield self._examined(bytes(buffer[:PIECE_BYTES]))
                del buffer[:PIECE_BYTES]
        if self._received < self._expected_size:
            raise InvalidField("image", f"has fewer than the {self._expected_size} bytes that were said")
        if buffer:
            yield self._examined(bytes(buffer))

    def _examined(self, piece: bytes) -> bytes:
        if not self.image_type:
            self.image_type = image_type_of(piece)
        self._sha256.update(piece)
        return piece
