"""Albums and their images, and what may be said of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalog.domain import check_request_id, check_text
from chassis.errors import InvalidField

MAX_TEXT_LENGTH: Final = 200
MAX_YEAR: Final = 9999
MAX_IMAGE_BYTES: Final = 10 * 1024 * 1024
PIECE_BYTES: Final = 256 * 1024

_YEAR_TEXT: Final = re.compile(r"[0-9]{1,4}")
_SIGNATURES: Final[Mapping[str, "re.Pattern[bytes]"]] = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

# A number or its digits: the seed's own clients write text, and everyone gets back what they wrote.
Year = int | str


@dataclass(frozen=True, slots=True)
class Profile:
    """What the one who uploads an album says of it; raises InvalidField for what is not allowed."""

    artist: str
    title: str
    year: Year

    def __post_init__(self) -> None:
        check_text("artist", self.artist, MAX_TEXT_LENGTH)
        check_text("title", self.title, MAX_TEXT_LENGTH)
        if isinstance(self.year, str):
            if not _YEAR_TEXT.fullmatch(self.year):
                raise InvalidField("year", "must have 1 to 4 digits")
        elif not 0 <= self.year <= MAX_YEAR:
            raise InvalidField("year", f"must be from 0 to {MAX_YEAR}")


@dataclass(frozen=True, slots=True)
class NewAlbum:
    """An album whose image is still to come."""

    request_id: str
    profile: Profile
    image_size: int

    def __post_init__(self) -> None:
        check_request_id(self.request_id)
        if not 1 <= self.image_size <= MAX_IMAGE_BYTES:
            raise InvalidField("image", f"must have 1 to {MAX_IMAGE_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class SmallAlbum:
    """An album whose whole image fits in one piece."""

    new: NewAlbum
    image_type: str
    image: bytes
    image_sha256: bytes


@dataclass(frozen=True, slots=True)
class Album:
    album_id: int
    profile: Profile
    image_type: str
    image_size: int
    image_sha256: bytes

    def is_result_of(self, profile: Profile, image_sha256: bytes) -> bool:
        """Whether a request with this profile and image makes such an album."""
        return (self.profile, self.image_sha256) == (profile, image_sha256)


def image_type_of(first_bytes: bytes) -> str:
    """What an image is, told by how it begins and by nothing else. Raises InvalidField for what is none."""
    for image_type, signature in _SIGNATURES.items():
        if signature.match(first_bytes):
            return image_type
    raise InvalidField("image", "must be a PNG, JPEG, GIF or WebP image")
