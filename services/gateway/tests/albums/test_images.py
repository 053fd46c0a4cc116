"""Images: whole, in part, or not at all when one has them."""

import pytest


@pytest.fixture
def image(png):
    """In three pieces."""
    return png(600_000)


@pytest.fixture
def path(upload, image):
    return f"/albums/{upload(image).json()['albumID']}/image"


def test_an_image_is_shown_as_it_was_uploaded(http, path, image):
    answer = http.get(path)
    assert (answer.status_code, answer.content) == (200, image)
    headers = {name: answer.headers[name] for name in ("content-type", "content-length", "accept-ranges")}
    assert headers == {"content-type": "image/png", "content-length": "600000", "accept-ranges": "bytes"}
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_who_has_an_image_does_not_get_it_again(http, mesh, path):
    etag = http.get(path).headers["etag"]
    mesh.albums.calls.clear()
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = http.get(path, headers={"if-none-match": given})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert not mesh.albums.calls_of("GetAlbumImage")
    assert http.get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299999", 100, 300_000),
        ("bytes=262143-262144", 262_143, 262_145),
        ("bytes=599990-", 599_990, 600_000),
        ("bytes=599990-999999", 599_990, 600_000),
        ("bytes=-7", 599_993, 600_000),
        ("bytes=-999999", 0, 600_000),
    ],
)
def test_a_range_is_shown_alone(http, path, image, asked, start, end):
    answer = http.get(path, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, image[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/600000"


@pytest.mark.parametrize("asked", ["bytes=600000-", "bytes=700000-800000", "bytes=-0"])
def test_a_range_outside_the_image_is_a_416_that_tells_its_size(http, path, asked):
    answer = http.get(path, headers={"range": asked})
    assert (answer.status_code, answer.json()["reason"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == "bytes */600000"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,3-4", "bytes=-", "items=0-1", "bytes=a-b"])
def test_what_is_no_single_range_is_answered_with_the_whole(http, path, image, asked):
    answer = http.get(path, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, image)


def test_a_range_of_another_version_is_answered_with_the_whole(http, path, image):
    etag = http.get(path).headers["etag"]
    assert http.get(path, headers={"range": "bytes=0-1", "if-range": etag}).status_code == 206
    assert http.get(path, headers={"range": "bytes=0-1", "if-range": '"other"'}).content == image


@pytest.mark.parametrize("album_id", ["404404", "x", "01", "a%00b"])
def test_an_unknown_album_is_a_404_everywhere(http, album_id):
    for method, path in [
        ("GET", f"/albums/{album_id}"),
        ("GET", f"/albums/{album_id}/image"),
        ("GET", f"/review/{album_id}"),
        ("POST", f"/review/like/{album_id}"),
    ]:
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()["reason"]) == (404, "ALBUM_NOT_FOUND"), path
