"""Liveness and readiness."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Liveness(BaseModel):
    status: Literal["alive"]


class Readiness(BaseModel):
    status: Literal["ready", "not ready", "stopping"]
    dependencies: Annotated[
        dict[str, Literal["up", "down"]], Field(examples=[{"catalog": "up", "order": "up", "redis": "down"}])
    ]
