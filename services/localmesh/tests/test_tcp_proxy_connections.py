"""TCP proxy: how connections begin and end, and what delay and loss cost."""

import asyncio

import pytest

from localmesh.ports import PortBlock
from localmesh.tcp_proxy import HEALTHY, Condition, TcpProxy

HOST = "127.0.0.1"
SOON_S = 10.0
NEVER_S = 0.2


class Callee:
    """A server that answers each line with itself, and remembers the lines."""

    def __init__(self) -> None:
        self.heard = asyncio.Queue()
        self.ended = asyncio.Event()

    async def answer(self, reader, writer):
        try:
            while line := await reader.readline():
                self.heard.put_nowait(line)
                writer.write(line)
        except ConnectionResetError:
            pass
        self.ended.set()
        writer.close()


@pytest.fixture
async def callee():
    return Callee()


@pytest.fixture
async def proxy(callee):
    server = await asyncio.start_server(callee.answer, HOST, 0)
    proxy = TcpProxy(HOST, server.sockets[0].getsockname()[1])
    proxy.port = await proxy.start(HOST)
    yield proxy
    await proxy.aclose()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def caller(proxy):
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    await ask(reader, writer, b"hello")
    yield reader, writer
    writer.close()


async def ask(reader, writer, line):
    writer.write(line + b"\n")
    async with asyncio.timeout(SOON_S):
        return await reader.readline()


async def nothing_from(awaitable):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(awaitable, NEVER_S)


async def test_proxy_ends_the_other_side_when_one_ends(caller, callee):
    caller[1].close()
    async with asyncio.timeout(SOON_S):
        await callee.ended.wait()


async def test_a_partition_holds_back_the_end_of_a_connection(caller, callee, proxy):
    proxy.set_condition(Condition(stall_requests=True))
    caller[1].close()
    await nothing_from(callee.ended.wait())
    proxy.set_condition(HEALTHY)
    async with asyncio.timeout(SOON_S):
        await callee.ended.wait()


async def test_a_new_connection_waits_until_the_path_is_healed(callee, proxy):
    proxy.set_condition(Condition(stall_replies=True))
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(b"early\n")
    await nothing_from(callee.heard.get())
    proxy.set_condition(HEALTHY)
    async with asyncio.timeout(SOON_S):
        assert await reader.readline() == b"early\n"
    writer.close()


async def test_delay_applies_to_each_direction(caller, proxy):
    proxy.set_condition(Condition(delay_s=0.1))
    began = asyncio.get_running_loop().time()
    await ask(*caller, b"slow")
    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_lost_chunk_arrives_after_a_retransmission(caller, proxy):
    proxy.set_condition(Condition(loss=1.0))
    began = asyncio.get_running_loop().time()
    assert await ask(*caller, b"lost") == b"lost\n"
    assert asyncio.get_running_loop().time() - began >= 0.4


async def test_an_unreachable_callee_resets_its_caller(unused_port):
    proxy = TcpProxy(HOST, unused_port)
    port = await proxy.start(HOST)
    async with asyncio.timeout(SOON_S):
        with pytest.raises(ConnectionResetError):
            reader, _ = await asyncio.open_connection(HOST, port)
            await reader.readexactly(1)
    await proxy.aclose()


@pytest.fixture
def unused_port(tmp_path):
    with PortBlock(tmp_path) as ports:
        yield ports.take()
