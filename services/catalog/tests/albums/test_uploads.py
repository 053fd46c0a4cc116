"""Albums are taken in whole or not at all."""

import asyncio
import hashlib

import pytest

from agora.catalog.v1 import album_pb2 as pb
from catalog.albums.domain import MAX_IMAGE_BYTES, PIECE_BYTES
from catalog.albums.library import MAX_SMALL_IMAGE_BYTES
from chassis.errors import Refusal
from chassis.grpc_client import call


@pytest.mark.parametrize("size", [8, 57_344, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 1_000_000])
async def test_an_image_comes_back_as_it_was_uploaded(store, png, size):
    album = await store.upload(png(size))
    assert (album.image_type, album.image_size) == ("image/png", size)
    assert album.image_sha256 == hashlib.sha256(png(size)).digest()
    assert await store.image(album) == png(size)
    assert await store.get(album.album_id) == {album.album_id: album}


async def test_the_largest_image_is_taken_and_one_byte_more_is_not(store, png, stored_rows):
    await store.upload(png(MAX_IMAGE_BYTES), piece_bytes=PIECE_BYTES)
    assert await stored_rows() == (1, 40)
    with pytest.raises(Refusal, match="image must have 1 to 10485760 bytes"):
        await store.upload(png(MAX_IMAGE_BYTES + 1))
    assert await stored_rows() == (1, 40)


async def test_small_albums_are_stored_together_each_with_its_own_image(store, png, make_album):
    results = await store.create_all(*(make_album(png(100 + number)) for number in range(16)))
    assert [result.album.image_size for result in results] == list(range(100, 116))
    for result in results:
        assert await store.image(result.album) == png(result.album.image_size)


async def test_a_bad_album_of_a_batch_is_refused_and_the_others_are_stored(store, png, make_album, stored_rows):
    bad_profile = pb.AlbumProfile(artist="", title="T", year_number=1)
    results = await store.create_all(
        make_album(png(10)),
        make_album(b"no image"),
        make_album(b""),
        make_album(png(10), profile=bad_profile),
        make_album(png(MAX_SMALL_IMAGE_BYTES + 1)),
        make_album(png(11)),
    )
    outcomes = [result.WhichOneof("outcome") for result in results]
    assert outcomes == ["album", "refusal", "refusal", "refusal", "refusal", "album"]
    assert [result.refusal.field for result in results[1:5]] == ["image", "image", "artist", "image"]
    assert [results[0].album.image_size, results[5].album.image_size] == [10, 11]
    assert await stored_rows() == (2, 2)


async def test_more_than_sixteen_albums_at_once_are_refused(store, png, make_album):
    with pytest.raises(Refusal, match="at most 16"):
        await store.create_all(*(make_album(png(10)) for _ in range(17)))


@pytest.mark.parametrize(
    "profile",
    [
        pb.AlbumProfile(artist="", title="T", year_number=1),
        pb.AlbumProfile(artist="A" * 201, title="T", year_number=1),
        pb.AlbumProfile(artist="A", title="\0", year_number=1),
        pb.AlbumProfile(artist="A", title="T"),
        pb.AlbumProfile(artist="A", title="T", year_number=-1),
        pb.AlbumProfile(artist="A", title="T", year_number=10_000),
        pb.AlbumProfile(artist="A", title="T", year_text="nineteen"),
        pb.AlbumProfile(artist="A", title="T", year_text="19770"),
        pb.AlbumProfile(artist="A", title="T", year_text=""),
    ],
)
async def test_a_profile_that_is_not_as_described_is_refused_and_nothing_is_stored(store, png, stored_rows, profile):
    with pytest.raises(Refusal) as refused:
        await store.upload(png(10), profile=profile)
    assert refused.value.reason == "INVALID_FIELD"
    assert await stored_rows() == (0, 0)


@pytest.mark.parametrize(
    "year", [{"year_number": 0}, {"year_number": 9999}, {"year_text": "1977"}, {"year_text": "077"}]
)
async def test_a_year_is_shown_as_it_was_given(store, png, year):
    profile = pb.AlbumProfile(artist="A", title="T", **year)
    album = await store.create(png(10), profile=profile)
    assert (await store.get(album.album_id))[album.album_id].profile == profile


@pytest.mark.parametrize("said_size", [999, 1001])
async def test_an_image_of_another_length_than_was_said_leaves_nothing_behind(store, png, stored_rows, said_size):
    with pytest.raises(Refusal, match=f"than the {said_size} bytes that were said"):
        await store.upload(png(1000), said_size=said_size)
    assert await stored_rows() == (0, 0)


async def test_an_upload_that_is_no_image_leaves_nothing_behind(store, stored_rows):
    with pytest.raises(Refusal, match="PNG, JPEG, GIF or WebP"):
        await store.upload(b"x" * 2 * PIECE_BYTES)
    assert await stored_rows() == (0, 0)


async def test_an_upload_that_is_broken_off_leaves_nothing_behind(store, png, stored_rows):
    began = asyncio.Event()

    async def messages():
        yield pb.UploadAlbumRequest(header=pb.AlbumHeader(request_id="r", image_size=PIECE_BYTES * 2))
        yield pb.UploadAlbumRequest(piece=png(PIECE_BYTES))
        began.set()
        await asyncio.Event().wait()

    upload = asyncio.ensure_future(call(store.stub.UploadAlbum, messages(), pb.UploadAlbumResponse))
    await began.wait()
    upload.cancel()
    assert await stored_rows() == (0, 0)


async def test_pieces_without_a_header_are_refused(store, png):
    async def messages():
        yield pb.UploadAlbumRequest(piece=png(10))

    with pytest.raises(Refusal, match="header must come first"):
        await call(store.stub.UploadAlbum, messages(), pb.UploadAlbumResponse)


@pytest.mark.parametrize("size", [100, 100_000])
async def test_a_repeated_request_makes_one_album_however_it_is_sent(store, png, stored_rows, size):
    first = await store.upload(png(size), request_id="r")
    assert await store.upload(png(size), request_id="r") == first
    assert (await stored_rows())[0] == 1


async def test_a_repeated_request_makes_one_album_sent_whole_and_in_pieces(store, png, stored_rows):
    first = await store.upload(png(100), request_id="r")
    assert await store.create(png(100), request_id="r") == first
    assert await stored_rows() == (1, 1)


@pytest.mark.parametrize("size", [100, 100_000])
async def test_another_album_under_the_same_request_id_is_rejected(store, png, make_album, stored_rows, size):
    first = await store.upload(png(size), request_id="r")
    other = pb.AlbumProfile(artist="Sex Pistols", title="Never Mind The Bollocks!", year_text="1977")
    for image, profile in ((png(size + 1), first.profile), (png(size), other)):
        with pytest.raises(Refusal) as rejected:
            await store.upload(image, request_id="r", profile=profile)
        assert rejected.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await stored_rows())[0] == 1


async def test_another_album_of_a_batch_under_a_request_id_fails_alone(store, png, make_album, stored_rows):
    described = [("1", 10), ("1", 11), ("2", 10), ("1", 10)]
    results = await store.create_all(*(make_album(png(size), request_id) for request_id, size in described))
    assert [result.WhichOneof("outcome") for result in results] == ["album", "refusal", "album", "album"]
    assert results[1].refusal.reason == "IDEMPOTENCY_KEY_REUSED"
    assert results[0].album == results[3].album
    assert await stored_rows() == (2, 2)


async def test_the_same_request_sent_at_once_to_two_replicas_makes_one_album(store, other_store, png, make_album):
    uploads = [sender.upload(png(100_000), request_id="r") for _ in range(3) for sender in (store, other_store)]
    twice = [sender.create_all(*[make_album(png(10), "s")] * 2) for _ in range(3) for sender in (store, other_store)]
    albums = await asyncio.gather(*uploads)
    results = await asyncio.gather(*twice)
    assert len({album.album_id for album in albums}) == 1
    assert len({result.album.album_id for pair in results for result in pair}) == 1


async def test_more_uploads_than_may_run_at_once_are_all_stored(store, png, stored_rows):
    await asyncio.gather(*(store.upload(png(100_000)) for _ in range(12)))
    assert await stored_rows() == (12, 12)
