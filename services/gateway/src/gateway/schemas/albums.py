"""The album store, with the names its seed chose."""

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from gateway.schemas.types import RequestBody, Text

_YEAR_TEXT: Final = re.compile(r"[0-9]{1,4}")


def _check_year(value: Any) -> Any:
    is_year = _YEAR_TEXT.fullmatch(value) if isinstance(value, str) else type(value) is int and 0 <= value <= 9999
    if not is_year:
        raise ValueError("should be a year from 0 to 9999, as a number or as its digits")
    return value


AlbumText = Annotated[Text, Field(min_length=1, max_length=200, examples=["Sex Pistols"])]
Year = Annotated[
    int | str,
    BeforeValidator(_check_year),
    Field(description="A number or its digits; shown as it was given.", examples=[1977]),
]
AlbumId = Annotated[str, Field(min_length=1, max_length=64, examples=["1"])]


class Profile(RequestBody):
    artist: AlbumText
    title: AlbumText
    year: Year


class ShownProfile(BaseModel):
    artist: AlbumText
    title: AlbumText
    year: Year


class NewAlbum(BaseModel):
    album_id: Annotated[str, Field(alias="albumID", examples=["1"])]
    image_size: Annotated[int, Field(alias="imageSize", description="Bytes.", examples=[34567])]


class Vote(BaseModel):
    album_id: Annotated[str, Field(alias="albumID", examples=["1"])]
    vote: Annotated[str, Field(examples=["like"])]


class LikeCounts(BaseModel):
    likes: Annotated[int, Field(ge=0, examples=[12])]
    dislikes: Annotated[int, Field(ge=0, examples=[3])]
