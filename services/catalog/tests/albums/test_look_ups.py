"""Looking albums and their images up."""

import pytest

from catalog.albums.domain import PIECE_BYTES, image_type_of
from chassis.errors import InvalidField, Refusal
from chassis.queries import Queries

FOREIGN_IDS = ["", "0", "01", "-1", "1.0", "a\0b", "9" * 400, str(2**63), "999999999"]


async def test_many_albums_are_looked_up_at_once_and_unknown_ones_are_left_out(store, png):
    first, second = await store.create(png(10)), await store.create(png(20))
    found = await store.get(first.album_id, second.album_id, *FOREIGN_IDS)
    assert found == {first.album_id: first, second.album_id: second}


async def test_more_than_a_thousand_albums_at_once_are_refused(store):
    with pytest.raises(Refusal, match="at most 1000"):
        await store.get(*["1"] * 1001)


async def test_looking_an_album_up_touches_no_image(connection):
    plan = await connection.fetch(f"EXPLAIN {Queries.of_package('catalog')['get_albums']}", [1])
    text = "\n".join(line[0] for line in plan)
    assert "albums" in text
    assert "album_images" not in text


async def test_a_part_of_an_image_is_read_without_the_rest_of_it(store, png):
    image = png(2 * PIECE_BYTES + 10)
    album = (await store.upload(image)).album_id
    assert await store.piece(album, 5, 3) == image[5:8]
    assert await store.piece(album, PIECE_BYTES - 1, 10) == image[PIECE_BYTES - 1 : PIECE_BYTES]
    assert await store.piece(album, PIECE_BYTES, 10) == image[PIECE_BYTES : PIECE_BYTES + 10]
    assert await store.piece(album, 2 * PIECE_BYTES + 9) == image[-1:]


async def test_pieces_are_stored_as_they_are_so_that_a_part_can_be_read_alone(connection):
    storage = "SELECT attstorage FROM pg_attribute WHERE attrelid = 'album_images'::regclass AND attname = 'bytes'"
    assert await connection.fetchval(storage) == b"e"


async def test_bytes_that_an_image_does_not_have_are_refused(store, png):
    album = (await store.create(png(10))).album_id
    for offset, reason in [(10, "OUTSIDE_IMAGE"), (PIECE_BYTES, "OUTSIDE_IMAGE"), (-1, "INVALID_FIELD")]:
        with pytest.raises(Refusal) as refused:
            await store.piece(album, offset)
        assert refused.value.reason == reason
    with pytest.raises(Refusal, match="limit"):
        await store.piece(album, 0, 0)


@pytest.mark.parametrize("album_id", FOREIGN_IDS)
async def test_an_album_that_is_not_there_has_no_image(store, album_id):
    with pytest.raises(Refusal) as refused:
        await store.piece(album_id)
    assert refused.value.reason == "ALBUM_NOT_FOUND"


@pytest.mark.parametrize(
    ("content", "image_type"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"GIF87a......", "image/gif"),
        (b"GIF89a......", "image/gif"),
        (b"RIFF\n\0\0\0WEBP....", "image/webp"),
    ],
)
def test_the_type_of_an_image_is_told_by_its_content(content, image_type):
    assert image_type_of(content) == image_type


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"<svg>", b"RIFF....WAVE", b"%PDF-1.7", b" GIF89a"])
def test_what_does_not_begin_like_an_image_is_none(content):
    with pytest.raises(InvalidField, match="PNG, JPEG, GIF or WebP"):
        image_type_of(content)
