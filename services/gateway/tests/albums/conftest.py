"""Albums as clients upload them."""

import json

import pytest

PROFILE = {"artist": "Sex Pistols", "title": "Never Mind The Bollocks!", "year": 1977}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def upload(http):
    """`upload(image, profile)`: either part may be left out, and the profile may be JSON already."""

    def post(image=PNG, profile=PROFILE, client=http, **options):
        parts = {}
        if profile is not None:
            text = profile if isinstance(profile, str | bytes) else json.dumps(profile)
            parts["profile"] = (None, text, "application/json")
        if image is not None:
            parts["image"] = ("cover.png", image, "image/png")
        return client.post("/albums", files=parts, **options)

    return post


@pytest.fixture
def album_id(upload) -> str:
    return upload().json()["albumID"]
