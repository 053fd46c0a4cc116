"""Uploads of albums: multipart bodies, read as they come, within the limits of each and of all together."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple, Self

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from chassis.clients import client_of
from chassis.errors import ResourceExhausted
from gateway.client_address import client_address
from gateway.problems import FieldProblem, Problem

MAX_IMAGE_BYTES: Final = 10 * 1024 * 1024
MAX_PROFILE_BYTES: Final = 64 * 1024
# With the lines around the parts.
MAX_UPLOAD_BYTES: Final = MAX_IMAGE_BYTES + 2 * MAX_PROFILE_BYTES
RECEIVE_TIMEOUT_S: Final = 60.0
# An upload that takes longer gives way when there is no room for another.
PROTECTED_S: Final = 10.0

_LIMITS: Final = {"image": MAX_IMAGE_BYTES, "profile": MAX_PROFILE_BYTES}
_UNREADABLE: Final = Problem(HTTPStatus.BAD_REQUEST, "UNREADABLE_BODY", "the body is not complete multipart/form-data")
_NOT_MULTIPART: Final = Problem(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "send multipart/form-data with a boundary"
)
_TOO_SLOW: Final = Problem(
    HTTPStatus.REQUEST_TIMEOUT, "UPLOAD_TOO_SLOW", f"an upload may take {RECEIVE_TIMEOUT_S:.0f} s"
)


class UploadRefused(Exception):
    """The body cannot be taken, for a reason that is HTTP's own."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class UploadsBusy(ResourceExhausted):
    reason = "UPLOADS_BUSY"

    def __init__(self) -> None:
        super().__init__("as many uploads as can be are under way, try again")


class Upload(NamedTuple):
    profile: bytearray
    image: bytearray


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bytes of uploads that are held until they are stored."""

    bytes: int = 32 * 1024 * 1024
    bytes_per_client: int = 16 * 1024 * 1024


@dataclass(eq=False, slots=True)
class _Room:
    """The memory of one upload."""

    client: str
    timeout: asyncio.Timeout
    started: float = field(default_factory=time.monotonic)
    held: int = 0
    is_received: bool = False
    is_evicted: bool = False


class Uploads:
    """Receives uploads, and bounds what those of a client, and all of them, hold in memory."""

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._rooms: set[_Room] = set()

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[Upload]:
        """Raises UploadRefused, and UploadsBusy when there is no room. The room is given back after the block."""
        room = _Room(client_of(client_address(request)), asyncio.timeout(RECEIVE_TIMEOUT_S))
        self._rooms.add(room)
        try:
            upload = await self._receive(request, room)
            room.is_received = True
            yield upload
        finally:
            self._rooms.discard(room)

    async def _receive(self, request: Request, room: _Room) -> Upload:
        try:
            with _Form.of(_boundary_of(request)) as form:
                async with room.timeout:
                    async for data in request.stream():
                        self._take(room, len(data))
                        form.feed(data)
                return form.complete()
        except TimeoutError:
            if room.is_evicted:
                raise UploadsBusy from None
            raise UploadRefused(_TOO_SLOW) from None
        except (ClientDisconnect, FormParserError):
            raise UploadRefused(_UNREADABLE) from None

    def _take(self, room: _Room, size: int) -> None:
        """Raises UploadRefused and UploadsBusy."""
        room.held += size
        if room.held > MAX_UPLOAD_BYTES:
            raise UploadRefused(_too_large("image"))
        if self._held(room.client) > self._limits.bytes_per_client:
            raise UploadsBusy
        while self._held() > self._limits.bytes:
            self._evict_slow_one(besides=room)

    def _evict_slow_one(self, besides: _Room) -> None:
        """The oldest of the client that holds most, if it has had its time. Raises UploadsBusy when all are young."""
        latest = time.monotonic() - PROTECTED_S
        others = (room for room in self._rooms - {besides} if room.held and not room.is_received)
        slow = [room for room in others if room.started < latest]
        if not slow:
            raise UploadsBusy
        oldest = max(slow, key=lambda room: (self._held(room.client), -room.started))
        oldest.held = 0
        oldest.is_evicted = True
        oldest.timeout.reschedule(asyncio.get_running_loop().time())

    def _held(self, client: str | None = None) -> int:
        return sum(room.held for room in self._rooms if client is None or room.client == client)


class _Form:
    """The two parts of an upload while they come."""

    def __init__(self, boundary: bytes) -> None:
        self._parts: dict[str, bytearray] = {}
        self._part = bytearray()
        self._name = ""
        self._header_name = b""
        self._header_value = b""
        self._is_complete = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_begin": self._begin_header,
                "on_header_field": self._add_to_header_name,
                "on_header_value": self._add_to_header_value,
                "on_header_end": self._end_header,
                "on_part_begin": self._begin_part,
                "on_headers_finished": self._begin_content,
                "on_part_data": self._add_content,
                "on_end": self._end,
            },
        )

    @classmethod
    @contextmanager
    def of(cls, boundary: bytes) -> Iterator[Self]:
        """While it is received. Parser and form keep each other, and the collector comes late for megabytes."""
        form = cls(boundary)
        try:
            yield form
        finally:
            del form._parser

    def feed(self, data: bytes) -> None:
        """Raises FormParserError, and UploadRefused for a part that is too large, unknown or there twice."""
        self._parser.write(data)

    def complete(self) -> Upload:
        if not self._is_complete:
            raise UploadRefused(_UNREADABLE)
        missing = [FieldProblem(name, "is required") for name in _LIMITS if name not in self._parts]
        if missing:
            raise UploadRefused(_invalid(*missing))
        return Upload(self._parts["profile"], self._parts["image"])

    def _begin_part(self) -> None:
        self._name = ""

    def _begin_header(self) -> None:
        self._header_name = self._header_value = b""

    def _add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            self._name = options.get(b"name", b"").decode("utf-8", "replace")

    def _begin_content(self) -> None:
        name = self._name[:100]
        if name not in _LIMITS:
            raise UploadRefused(_invalid(FieldProblem(name or "body", "is not known here")))
        if name in self._parts:
            raise UploadRefused(_invalid(FieldProblem(name, "is there twice")))
        self._part = self._parts[name] = bytearray()

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if len(self._part) + end - start > _LIMITS[self._name]:
            raise UploadRefused(_too_large(self._name))
        self._part += data[start:end]

    def _end(self) -> None:
        self._is_complete = True


def _boundary_of(request: Request) -> bytes:
    if int(request.headers.get("content-length", 0)) > MAX_UPLOAD_BYTES:
        raise UploadRefused(_too_large("image"))
    media_type, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if media_type != b"multipart/form-data" or not boundary:
        raise UploadRefused(_NOT_MULTIPART)
    return boundary


def _invalid(*problems: FieldProblem) -> Problem:
    detail = "; ".join(f"{field}: {problem}" for field, problem in problems)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_FIELD", detail, problems)


def _too_large(name: str) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{name.upper()}_TOO_LARGE",
        f"the {name} may have {_LIMITS[name]} bytes",
    )
