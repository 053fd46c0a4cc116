"""A request's body as JSON, read and refused as FastAPI reads and refuses it."""

import json
from email.message import Message
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticUndefined
from starlette.exceptions import HTTPException

from chassis.context import restart_deadline

_JSON: Final = "application/json"


async def read_json_body(request: Request) -> Any:
    """What the body says; its bytes when its content type is not JSON, and PydanticUndefined when there is none.

    Raises RequestValidationError for what is no JSON, and HTTPException for what is not even text.
    """
    try:
        body = await request.body()
        restart_deadline()
        if not body:
            return PydanticUndefined
        return json.loads(body) if _is_json(request.headers.get("content-type", "")) else body
    except json.JSONDecodeError as error:
        fault = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([fault | {"ctx": {"error": error.msg}}], body=error.doc) from error
    except HTTPException:
        raise
    except Exception as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "There was an error parsing the body") from error


def _is_json(content_type: str) -> bool:
    if content_type == _JSON:
        return True
    if not content_type:
        return False
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
