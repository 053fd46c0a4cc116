"""The reads of the album store that a cache may answer."""

from typing import Final

from agora.catalog.v1 import album_pb2
from agora.review.v1 import like_pb2
from gateway.cache.look_up import CachedLookUp, Read, Shown
from gateway.cache.tiers import CacheTiers
from gateway.clients.albums import Albums
from gateway.clients.likes import Likes
from gateway.refusals import AlbumNotFound

ShownAlbum = Shown[album_pb2.Album]
ShownCounts = Shown[like_pb2.LikeCounts]

# Albums never change; the worker that changes counts deletes their copies (review.worker.copies).
COUNTS_PREFIX: Final = "likes:"


class AlbumReads:
    def __init__(self, albums: Albums, likes: Likes, tiers: CacheTiers | None) -> None:
        self._albums = CachedLookUp("album", album_pb2.Album, albums.get_albums, tiers, "catalog")
        self._counts = CachedLookUp("likes", like_pb2.LikeCounts, likes.get_counts, tiers, "review")

    async def album(self, album_id: str) -> Read[ShownAlbum]:
        """Raises AlbumNotFound."""
        album, source = await self._albums.find(album_id)
        if album is None:
            raise AlbumNotFound(album_id)
        return Read(album, source)

    async def counts(self, album_id: str) -> Read[ShownCounts]:
        """Raises AlbumNotFound."""
        await self.album(album_id)
        counts, source = await self._counts.find(album_id)
        assert counts is not None  # the service has zeros for every album
        return Read(counts, source)
