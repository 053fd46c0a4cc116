"""Uploads: taken whole, or refused with the right status and nothing passed on."""

import time
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from ..problem_assertions import assert_names  # noqa: TID252
from ..raw_connection import connected  # noqa: TID252

MEBIBYTE = 2**20
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
CREATING = ("BatchCreateAlbums", "UploadAlbum")


def created(mesh) -> int:
    return sum(len(mesh.albums.calls_of(rpc)) for rpc in CREATING)


@pytest.mark.parametrize("size", [8, 57_344, 57_345, 300_000, 10 * MEBIBYTE])
def test_an_album_is_answered_with_its_id_and_the_size_of_its_image(http, mesh, upload, png, size):
    answer = upload(png(size))
    assert answer.status_code == 201
    album_id = answer.json()["albumID"]
    assert answer.json() == {"albumID": album_id, "imageSize": size}
    assert mesh.albums.images[album_id] == png(size)


@pytest.mark.parametrize("year", [1977, "1977", 0, "077"])
def test_an_album_is_shown_as_it_was_described(http, upload, year):
    profile = {"artist": "Ärzte", "title": "13", "year": year}
    album_id = upload(profile=profile).json()["albumID"]
    shown = http.get(f"/albums/{album_id}")
    assert (shown.status_code, shown.json(), shown.headers["x-cache"]) == (200, profile, "off")


def test_the_parts_may_come_in_any_order_and_the_profile_as_a_file(http):
    head, tail = b'--b\r\nContent-Disposition: form-data; name="', b"\r\n"
    image = head + b'image"; filename="i"\r\n\r\n\x89PNG\r\n\x1a\n' + tail
    profile = head + b'profile"; filename="p.json"\r\n\r\n{"artist":"A","title":"T","year":1}' + tail
    for parts in (image + profile, profile + image):
        assert http.post("/albums", content=parts + b"--b--\r\n", headers=MULTIPART).status_code == 201


def test_a_body_that_comes_byte_by_byte_is_read_as_any_other(http, mesh, upload, png):
    request = http.build_request(
        "POST", "/albums", files={"image": png(40), "profile": '{"artist":"A","title":"T","year":1}'}
    )
    body = request.read()

    def one_by_one():
        yield from (body[index : index + 1] for index in range(len(body)))

    answer = http.post("/albums", content=one_by_one(), headers={"content-type": request.headers["content-type"]})
    assert answer.status_code == 201
    assert mesh.albums.images[answer.json()["albumID"]] == png(40)


@pytest.mark.parametrize("size", [10 * MEBIBYTE + 1, 11 * MEBIBYTE])
def test_an_image_over_ten_mebibytes_is_too_large_told_or_not(http, mesh, upload, png, size):
    told = upload(png(size))
    assert (told.status_code, told.json()["reason"]) == (413, "IMAGE_TOO_LARGE")

    def chunks():
        yield b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
        yield png(size)

    untold = http.post("/albums", content=chunks(), headers=MULTIPART)
    assert (untold.status_code, untold.json()["reason"]) == (413, "IMAGE_TOO_LARGE")
    assert created(mesh) == 0


def test_a_profile_over_64_kibibytes_is_too_large(mesh, upload):
    answer = upload(profile="x" * 70_000)
    assert (answer.status_code, answer.json()["reason"]) == (413, "PROFILE_TOO_LARGE")
    assert created(mesh) == 0


@pytest.mark.parametrize("image", [b"hello", b"", b"<svg/>"])
def test_what_is_no_image_is_refused_by_the_name_of_its_part(upload, image):
    assert_names(upload(image), "image")


@pytest.mark.parametrize(("parts", "missing"), [({"image": None}, "image"), ({"profile": None}, "profile")])
def test_a_missing_part_is_named(mesh, upload, parts, missing):
    assert_names(upload(**parts), missing)
    assert created(mesh) == 0


@pytest.mark.parametrize("profile", ["{", "", "not json", b'{"artist": "\xff"}'])
def test_a_profile_that_is_no_json_is_a_400(mesh, upload, profile):
    answer = upload(profile=profile)
    assert (answer.status_code, answer.json()["reason"]) == (400, "UNREADABLE_JSON")
    assert created(mesh) == 0


@pytest.mark.parametrize(
    ("profile", "fields"),
    [
        ("[]", ["profile"]),
        ({}, ["profile.artist", "profile.title", "profile.year"]),
        ({"artist": "", "title": "T" * 201, "year": 1}, ["profile.artist", "profile.title"]),
        ({"artist": "A\0", "title": 7, "year": 1}, ["profile.artist", "profile.title"]),
        ({"artist": "A", "title": "T", "year": -1}, ["profile.year"]),
        ({"artist": "A", "title": "T", "year": 10_000}, ["profile.year"]),
        ({"artist": "A", "title": "T", "year": "next"}, ["profile.year"]),
        ({"artist": "A", "title": "T", "year": True}, ["profile.year"]),
        ({"artist": "A", "title": "T", "year": 1.5}, ["profile.year"]),
        ({"artist": "A", "title": "T", "year": 1, "label": "Virgin"}, ["profile.label"]),
    ],
)
def test_every_field_of_a_profile_that_is_wrong_is_named(mesh, upload, profile, fields):
    assert_names(upload(profile=profile), *fields)
    assert created(mesh) == 0


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"content-type": "multipart/form-data"}])
def test_what_is_no_multipart_form_is_a_415(http, headers):
    answer = http.post("/albums", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("boundary", ["b" * 257, "b" * 7_000, "\xff", '"b'])
def test_an_odd_boundary_is_rejected(http, mesh, boundary):
    content_type = f"multipart/form-data; boundary={boundary}".encode("latin-1")
    answer = http.post("/albums", content=b"--b--\r\n", headers={"content-type": content_type})
    assert answer.status_code in {400, 415}
    assert created(mesh) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n\x89PNG\r\n\x1a\n',
        b"--b\r\n" + b"x" * 20_000,
    ],
)
def test_an_incomplete_or_garbled_form_is_a_400(http, mesh, body):
    answer = http.post("/albums", content=body, headers=MULTIPART)
    assert (answer.status_code, answer.json()["reason"]) == (400, "UNREADABLE_BODY")
    assert created(mesh) == 0


@pytest.mark.parametrize("name", ["picture", "", "image"])
def test_a_part_that_is_unknown_or_there_twice_is_named(http, name):
    part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n'.encode()
    answer = http.post("/albums", content=part + part + b"--b--\r\n", headers=MULTIPART)
    assert_names(answer, name or "body")


def test_a_repeated_key_makes_one_album(upload, png):
    key = {"idempotency-key": f"album-{time.time_ns()}"}
    for size in (100, 300_000):
        assert upload(png(size), headers=key).json() == upload(png(size), headers=key).json()


def test_a_client_that_leaves_in_the_middle_does_no_harm(http, gateway, mesh):
    leaving = HTTPConnection("127.0.0.1", gateway.http_port)
    leaving.putrequest("POST", "/albums")
    for name, value in {**MULTIPART, "content-length": "1000"}.items():
        leaving.putheader(name, value)
    leaving.endheaders(b"--b\r\n")
    leaving.close()
    assert http.get("/healthz").status_code == 200
    assert created(mesh) == 0


def test_only_uploads_may_be_longer_than_64_kibibytes(http):
    answer = http.post("/albums/1", content=b"x" * 70_000, headers=MULTIPART)
    assert answer.status_code in (405, 413)


def test_unfinished_uploads_of_one_client_leave_room_for_others(mesh, gateway, upload, png):
    half = (
        f"POST /albums HTTP/1.1\r\nhost: shop\r\ncontent-type: {MULTIPART['content-type']}\r\ncontent-length: 10400000"
    )
    part = b'\r\n\r\n--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(connected(gateway, "127.0.0.2"))
            connection.send(half.encode() + part + png(10 * MEBIBYTE - 1))
        assert upload(png(10 * MEBIBYTE)).status_code == 201
