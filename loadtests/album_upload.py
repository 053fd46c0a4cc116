"""An album as a client uploads it: an image and a profile, as multipart/form-data."""

import random
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

_BOUNDARY: Final = "-----an-image-and-a-profile-----"
CONTENT_TYPE: Final = f"multipart/form-data; boundary={_BOUNDARY}"


def multipart(image: bytes, profile: Mapping[str, Any]) -> bytes:
    """The body that goes with `CONTENT_TYPE`."""
    return b"".join(
        (
            _part('name="image"; filename="cover.png"', "image/png", image),
            _part('name="profile"', "application/json", orjson.dumps(profile)),
            f"--{_BOUNDARY}--\r\n".encode(),
        )
    )


def png(side: int) -> bytes:
    """Colored noise, `side` pixels square: about three bytes a pixel, since noise does not get smaller. Always the
    same for a side.
    """
    noise = random.Random(side)  # noqa: S311 - a picture, not a secret
    rows = b"".join(b"\0" + noise.randbytes(3 * side) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _part(disposition: str, kind: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\ncontent-disposition: form-data; {disposition}\r\ncontent-type: {kind}\r\n\r\n"
    return head.encode() + content + b"\r\n"
