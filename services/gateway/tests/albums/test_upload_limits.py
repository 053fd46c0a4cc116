"""Memory of uploads: what one client may hold, what all may, and who gives way."""

import asyncio
import gc
from contextlib import AsyncExitStack

import pytest
from fastapi import Request

from gateway import uploads
from gateway.uploads import UploadLimits, UploadRefused, Uploads, UploadsBusy

HEAD = b'--b\r\nContent-Disposition: form-data; name="profile"\r\n\r\n{}\r\n--b\r\n'
HEAD += b'Content-Disposition: form-data; name="image"\r\n\r\n'


class Upload:
    """A client's upload, which sends when it is told to."""

    def __init__(self, client):
        self.messages = asyncio.Queue()
        headers = [(b"content-type", b"multipart/form-data; boundary=b")]
        self.request = Request({"type": "http", "headers": headers, "client": (client, 1)}, self.messages.get)
        self.result = None

    def send(self, size, *, last=False):
        body = b"x" * size + (b"\r\n--b--" if last else b"")
        self.messages.put_nowait({"type": "http.request", "body": body, "more_body": not last})

    async def settled(self):
        while not self.messages.empty():
            await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
async def begin(monkeypatch):
    """`begin(client, size)` an upload; those begun are old at once, and are received until the test ends."""
    monkeypatch.setattr(uploads, "PROTECTED_S", -1.0)
    limits = Uploads(UploadLimits(bytes=10_000, bytes_per_client=6_000))
    async with AsyncExitStack() as stack:

        async def begin(client, size):
            upload = Upload(client)
            upload.messages.put_nowait({"type": "http.request", "body": HEAD, "more_body": True})
            upload.task = asyncio.create_task(stack.enter_async_context(limits.receive(upload.request)))
            stack.callback(upload.task.cancel)
            upload.send(size)
            await upload.settled()
            return upload

        yield begin


async def test_a_client_cannot_take_the_room_of_others(begin):
    greedy = [await begin("192.0.2.1", 2_500) for _ in range(3)]
    with pytest.raises(UploadsBusy):
        await greedy[2].task
    other = await begin("192.0.2.2", 1_000)
    other.send(1_000, last=True)
    assert len((await other.task).image) == 2_000


async def test_the_oldest_upload_of_the_greediest_gives_way(begin):
    modest = await begin("192.0.2.1", 2_000)
    greedy = [await begin("192.0.2.2", 2_000) for _ in range(2)]
    third = await begin("192.0.2.3", 4_000)
    with pytest.raises(UploadsBusy):
        await greedy[0].task
    for upload in (modest, greedy[1], third):
        upload.send(0, last=True)
        assert (await upload.task).image


async def test_a_young_upload_does_not_give_way(begin, monkeypatch):
    monkeypatch.setattr(uploads, "PROTECTED_S", 60.0)
    young = [await begin(f"192.0.2.{number}", 4_500) for number in range(2)]
    late = await begin("192.0.2.9", 2_000)
    with pytest.raises(UploadsBusy):
        await late.task
    for upload in young:
        upload.send(0, last=True)
        assert (await upload.task).image


async def test_an_upload_that_has_come_does_not_give_way(begin):
    stored = [await begin(f"192.0.2.{number}", 4_500) for number in range(2)]
    for upload in stored:
        upload.send(0, last=True)
        await upload.task
    late = await begin("192.0.2.9", 2_000)
    with pytest.raises(UploadsBusy):
        await late.task


async def test_an_upload_that_takes_too_long_is_a_408(begin, monkeypatch):
    monkeypatch.setattr(uploads, "RECEIVE_TIMEOUT_S", 0.0)
    slow = await begin("192.0.2.1", 1_000)
    with pytest.raises(UploadRefused) as refused:
        await slow.task
    assert refused.value.problem.reason == "UPLOAD_TOO_SLOW"


async def test_memory_of_an_upload_is_free_without_the_collector(begin):
    gc.collect()
    gc.disable()
    try:
        upload = await begin("192.0.2.1", 1_000)
        upload.send(0, last=True)
        await upload.task
        assert not any(isinstance(each, uploads._Form) for each in gc.get_objects())
    finally:
        gc.enable()
