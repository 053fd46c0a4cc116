"""Feedback."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.schemas.types import RequestBody

Vote = Annotated[Literal["up", "down"], Field(examples=["up"])]


class NewFeedback(RequestBody):
    vote: Vote
