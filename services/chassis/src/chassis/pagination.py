"""Page sizes and page tokens. A token is signed and bound to its listing, so it cannot be forged or misread."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Final

from chassis.errors import InvalidArgument, InvalidField

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 500
_SIGNATURE_BYTES: Final = 16


class InvalidPageToken(InvalidArgument):
    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        super().__init__("page_token is not one that this listing gave out", {"field": "page_token"})


def page_size(requested: int) -> int:
    """The number of rows to return; 0 stands for the default."""
    if not 0 <= requested <= MAX_PAGE_SIZE:
        raise InvalidField("page_size", f"must be from 1 to {MAX_PAGE_SIZE}")
    return requested or DEFAULT_PAGE_SIZE


class PageTokens:
    """Writes and reads the tokens of one service; every replica holds the same key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, listing: str, position: list[int]) -> str:
        """A token for the page after `position`, the sort key of the last row shown."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        return _encode(self._sign(listing, payload) + payload)

    def read(self, listing: str, token: str, length: int) -> list[int] | None:
        """The position a token stands for, of `length` numbers; None for the empty token. Raises InvalidPageToken."""
        if not token:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidPageToken from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        # Base64 has several spellings of the same bytes; only the one that was given out counts.
        if _encode(raw) != token or not hmac.compare_digest(signature, self._sign(listing, payload)):
            raise InvalidPageToken
        position: list[int] = json.loads(payload)
        if len(position) != length:
            raise InvalidPageToken
        return position

    def _sign(self, listing: str, payload: bytes) -> bytes:
        # The length keeps the end of a listing's name from being passed off as the start of a payload.
        message = len(listing.encode()).to_bytes(4) + listing.encode() + payload
        return hmac.new(self._key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
