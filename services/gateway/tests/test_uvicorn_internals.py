"""Parts of uvicorn and httptools that the gateway uses beyond their documented surface; an upgrade may fail here.

All else (`Config`, `Server.on_tick`, `asyncio.Protocol`) is public.
"""

import asyncio
import inspect

import httptools
import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from gateway.http_protocol import HttpProtocol

PROTOCOL = {"client", "cycle", "flow", "headers", "pipeline", "scope", "tasks", "timeout_keep_alive_task", "transport"}
CALLBACKS = ("on_message_begin", "on_headers_complete", "on_body", "send_400_response")


@pytest.fixture
async def protocol():
    return httptools_impl.HttpToolsProtocol(uvicorn.Config(lambda: None), ServerState(), {})


async def test_uvicorn_protocol_has_the_attributes_in_use(protocol):
    assert vars(protocol).keys() >= PROTOCOL
    assert vars(FlowControl(asyncio.Transport())).keys() >= {"read_paused", "write_paused"}
    assert httptools_impl.STATUS_LINE[408] == b"HTTP/1.1 408 Request Timeout\r\n"


@pytest.mark.parametrize("name", CALLBACKS)
def test_uvicorn_protocol_has_the_methods_that_are_extended(name):
    extended, original = (getattr(owner, name) for owner in (HttpProtocol, httptools_impl.HttpToolsProtocol))
    assert [*inspect.signature(extended).parameters] == [*inspect.signature(original).parameters]


def test_uvicorn_stops_its_timer_by_the_method_in_use():
    assert not inspect.signature(HttpProtocol._unset_keepalive_if_required).parameters.keys() - {"self"}


def test_uvicorn_cycle_has_the_attributes_in_use():
    parameters = dict.fromkeys(inspect.signature(httptools_impl.RequestResponseCycle).parameters)
    cycle = httptools_impl.RequestResponseCycle(**parameters)
    assert (cycle.more_body, cycle.response_started, cycle.response_complete) == (True, False, False)


class Callbacks:
    def __init__(self):
        self.called = []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *_: self.called.append(name)


def test_httptools_gives_trailers_as_headers_behind_the_heads_end():
    """Why the list of headers is replaced when the head is complete."""
    callbacks = Callbacks()
    parser = httptools.HttpRequestParser(callbacks)
    parser.feed_data(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-t: y\r\n\r\n")
    called = callbacks.called
    assert called.index("on_headers_complete") < called.index("on_body") < len(called) - called[::-1].index("on_header")
    assert called[-1] == "on_message_complete"
