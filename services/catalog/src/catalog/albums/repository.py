"""Albums and the pieces of their images in PostgreSQL."""

import json
from collections.abc import AsyncIterator, Sequence

import asyncpg
from asyncpg import Record

from catalog.albums.domain import Album, NewAlbum, Profile, SmallAlbum
from catalog.albums.images import ReceivedImage
from chassis.postgres import Database, constraint_of

_REQUEST_KEY = "albums_request_id_key"


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_albums(self, albums: Sequence[SmallAlbum]) -> dict[str, Album]:
        """By request id: stored now, or by an earlier request. Every request id may be given once."""
        rows = await self._database.fetch(
            "create_albums",
            [album.new.request_id for album in albums],
            [album.new.profile.artist for album in albums],
            [album.new.profile.title for album in albums],
            [_year_json(album.new.profile) for album in albums],
            [album.image_type for album in albums],
            [album.image_sha256 for album in albums],
            [album.image for album in albums],
        )
        created = {row["request_id"]: _album(row) for row in rows}
        repeated = [album.new.request_id for album in albums if album.new.request_id not in created]
        return created | (await self._find_created(repeated) if repeated else {})

    async def upload(self, new: NewAlbum, image: ReceivedImage, received: AsyncIterator[bytes]) -> Album:
        """Store an album piece by piece, or find the one that the same request stored before."""
        try:
            return await self._insert_upload(new, image, received)
        except asyncpg.UniqueViolationError as error:
            if constraint_of(error) != _REQUEST_KEY:
                raise
        return (await self._find_created([new.request_id]))[new.request_id]

    async def _insert_upload(self, new: NewAlbum, image: ReceivedImage, received: AsyncIterator[bytes]) -> Album:
        async with self._database.transaction() as transaction:
            row = await transaction.fetchrow("next_album_id")
            assert row is not None
            album_id, number = row["id"], 0
            async for piece in image.pieces(received):
                await transaction.execute("insert_image_piece", album_id, number, piece)
                number += 1
            profile = new.profile
            facts = (image.image_type, new.image_size, image.sha256)
            await transaction.execute(
                "insert_uploaded_album",
                album_id,
                new.request_id,
                profile.artist,
                profile.title,
                _year_json(profile),
                *facts,
            )
        return Album(album_id, profile, *facts)

    async def _find_created(self, request_ids: Sequence[str]) -> dict[str, Album]:
        rows = await self._database.fetch("find_created_albums", request_ids)
        return {row["request_id"]: _album(row) for row in rows}

    async def get_albums(self, album_ids: Sequence[int]) -> list[Album]:
        return [_album(row) for row in await self._database.fetch("get_albums", album_ids)]

    async def get_image_piece(self, album_id: int, number: int, offset: int, limit: int) -> bytes:
        """At most `limit` bytes of one piece, from `offset` in it; none when there are no such bytes."""
        row = await self._database.fetchrow("get_image_piece", album_id, number, offset + 1, limit)
        return bytes(row["bytes"]) if row else b""


def _year_json(profile: Profile) -> str:
    return json.dumps(profile.year)


def _album(row: Record) -> Album:
    return Album(
        row["id"],
        Profile(row["artist"], row["title"], json.loads(row["year"])),
        row["image_type"],
        row["image_size"],
        row["image_sha256"],
    )
