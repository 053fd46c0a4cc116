"""What every refusal looks like (RFC 9457)."""

from typing import Annotated

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    field: Annotated[str, Field(description="Dotted path of the field.", examples=["lines.0.quantity"])]
    problem: Annotated[str, Field(examples=["Input should be greater than or equal to 1"])]


class Problem(BaseModel):
    type: Annotated[str, Field(description="Stands for `reason`.", examples=["urn:agora:problem:OUT_OF_STOCK"])]
    title: Annotated[str, Field(examples=["Out of stock"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[409])]
    detail: Annotated[str, Field(description="For people.", examples=["fewer than 3 are left of item 8"])]
    reason: Annotated[
        str, Field(description="Stable, for programs.", pattern="^[A-Z0-9_]+$", examples=["OUT_OF_STOCK"])
    ]
    request_id: Annotated[str, Field(description="The answer's `x-request-id`.", examples=["4bf92f3577b34da6a3ce929d"])]
    errors: Annotated[list[FieldProblem], Field(description="Each field that is not as it should be.")] = []
    metadata: Annotated[
        dict[str, str], Field(description="What the refusal is about.", examples=[{"item_id": "8"}])
    ] = {}
