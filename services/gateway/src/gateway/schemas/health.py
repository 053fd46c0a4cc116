"""Liveness and readiness."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Liveness(BaseModel):
    status: Literal["alive"]


class Readiness(BaseModel):
    status: Literal["ready", "starting", "stopping"]
    dependencies: Annotated[
        dict[str, Literal["up", "read-only", "down"]],
        Field(examples=[{"catalog": "up", "order": "read-only", "redis": "down"}]),
    ]
