"""What every refusal looks like (RFC 9457)."""

from typing import Annotated

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    field: Annotated[str, Field(description="Dotted path of the field.", examples=["lines.0.quantity"])]
    problem: Annotated[str, Field(examples=["Input should be greater than or equal to 1"])]


class Problem(BaseModel):
    """Examples stand beside each response, by reason."""

    type: Annotated[str, Field(description="Stands for `reason`.")]
    title: Annotated[str, Field(description="The reason in words.")]
    status: Annotated[int, Field(ge=400, le=599, description="The status of the answer.")]
    detail: Annotated[str, Field(description="For people.")]
    reason: Annotated[str, Field(description="Stable, for programs.", pattern="^[A-Z0-9_]+$")]
    request_id: Annotated[str, Field(description="The answer's `x-request-id`.")]
    errors: Annotated[list[FieldProblem], Field(description="Each field that is not as it should be.")] = []
    metadata: Annotated[dict[str, str], Field(description="What the problem is about, such as an item's id.")] = {}
