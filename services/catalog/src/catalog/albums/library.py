"""Use cases of the album store: take albums in, look them up, read their images."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Final

from catalog.albums.domain import PIECE_BYTES, Album, NewAlbum, SmallAlbum, image_type_of
from catalog.albums.errors import AlbumNotFound, OutsideImage, UploadsBusy
from catalog.albums.images import ReceivedImage
from catalog.albums.repository import Repository
from catalog.domain import item_id_of
from chassis.context import current
from chassis.errors import IdempotencyKeyReused, InvalidField

MAX_BATCH: Final = 1000
MAX_TOGETHER: Final = 16
MAX_SMALL_IMAGE_BYTES: Final = 56 * 1024
# Each holds a connection of the pool and two pieces in memory; look-ups must find connections too.
_MAX_UPLOADS: Final = 4
_SLOT_WITHIN_S: Final = 2.0

# An album's id is written as an item's is: the one decimal way to write its number.
album_id_of = item_id_of


class Library:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._slots = asyncio.Semaphore(_MAX_UPLOADS)

    async def create(self, albums: Sequence[SmallAlbum]) -> list[Album | IdempotencyKeyReused]:
        """One outcome for each, in order: the album, also when the same request made it before, or an error."""
        if len(albums) > MAX_TOGETHER:
            raise InvalidField("albums", f"must be at most {MAX_TOGETHER}")
        if not albums:
            return []
        by_request = {album.new.request_id: album for album in reversed(albums)}
        created = await self._repository.create_albums(list(by_request.values()))
        outcomes = ((created[album.new.request_id], album) for album in albums)
        return [
            stored if stored.is_result_of(album.new.profile, album.image_sha256) else IdempotencyKeyReused()
            for stored, album in outcomes
        ]

    async def upload(self, new: NewAlbum, received: AsyncIterator[bytes]) -> Album:
        """Raises InvalidField, IdempotencyKeyReused, and UploadsBusy when too many others are being stored."""
        image = ReceivedImage(new.image_size)
        async with asyncio.timeout(current().remaining()):
            await self._take_slot()
            try:
                album = await self._repository.upload(new, image, received)
            finally:
                self._slots.release()
        if not album.is_result_of(new.profile, image.sha256):
            raise IdempotencyKeyReused
        return album

    async def _take_slot(self) -> None:
        try:
            await asyncio.wait_for(self._slots.acquire(), _SLOT_WITHIN_S)
        except TimeoutError:
            raise UploadsBusy from None

    async def get(self, album_ids: Sequence[str]) -> list[Album]:
        """Those that exist, in no particular order."""
        if len(album_ids) > MAX_BATCH:
            raise InvalidField("album_ids", f"must be at most {MAX_BATCH}")
        numbers = [number for number in map(album_id_of, album_ids) if number is not None]
        return await self._repository.get_albums(numbers)

    async def image_piece(self, album_id: str, offset: int, limit: int) -> bytes:
        """At least one byte, from `offset` on. Raises InvalidField, AlbumNotFound, OutsideImage."""
        if offset < 0:
            raise InvalidField("offset", "must not be negative")
        if limit < 1:
            raise InvalidField("limit", "must be at least 1")
        album = album_id_of(album_id)
        if album is None:
            raise AlbumNotFound(album_id)
        number, start = divmod(offset, PIECE_BYTES)
        piece = await self._repository.get_image_piece(album, number, start, min(limit, PIECE_BYTES))
        if not piece:
            raise OutsideImage(album_id) if await self._repository.get_albums([album]) else AlbumNotFound(album_id)
        return piece


def small_album(new: NewAlbum, image: bytes) -> SmallAlbum:
    """An album with its whole image; raises InvalidField for what is too long or no image."""
    if len(image) > MAX_SMALL_IMAGE_BYTES:
        raise InvalidField("image", f"must have at most {MAX_SMALL_IMAGE_BYTES} bytes to be sent whole")
    return SmallAlbum(new, image_type_of(image), image, hashlib.sha256(image).digest())
