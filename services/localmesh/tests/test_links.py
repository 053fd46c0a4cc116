"""A mesh with a TCP proxy in every connection between its processes."""

import socket
from urllib.parse import urlsplit

import pytest

from localmesh.control import ask
from localmesh.errors import MeshError
from localmesh.state import StateDirectory


def ping(url):
    """Ask a Valkey for nothing; raises TimeoutError when no answer comes."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=0.3) as connection:
        connection.sendall(f"AUTH {address.password}\r\nPING\r\nQUIT\r\n".encode())
        return b"+PONG" in connection.makefile("rb").read()


def test_each_caller_has_links_of_its_own(proxied_mesh):
    published, given = proxied_mesh.published(), proxied_mesh.gateway_environment()
    real = {process["grpc"] for process in published["processes"] if process["grpc"]}
    targets = given["SHELF_TARGET"].removeprefix("ipv4:").split(",")
    assert len(targets) == len(real) == 2
    assert not real & set(targets)
    assert given["STREAM_URL"] != published["stream"]
    state = StateDirectory(proxied_mesh.directory)
    assert sorted(map(tuple, ask(state, "links"))) == [
        ("gateway-0", "shelf-0"),
        ("gateway-0", "shelf-1"),
        ("gateway-0", "stream"),
        ("shelf-0", "cache"),
        ("shelf-0", "postgres"),
        ("shelf-1", "cache"),
        ("shelf-1", "postgres"),
    ]


def test_a_link_can_be_cut_and_healed(proxied_mesh):
    state = StateDirectory(proxied_mesh.directory)
    url = proxied_mesh.gateway_environment()["STREAM_URL"]
    assert ping(url)
    ask(state, "link", caller="gateway-0", callee="stream", condition={"stall_requests": True})
    with pytest.raises(TimeoutError):
        ping(url)
    assert ping(proxied_mesh.published()["stream"])
    ask(state, "link", caller="gateway-0", callee="stream", condition={})
    assert ping(url)
    with pytest.raises(MeshError, match="no link from 'gateway-0' to 'cache'"):
        ask(state, "link", caller="gateway-0", callee="cache", condition={})


def test_a_usual_mesh_has_no_links(running_mesh):
    state = StateDirectory(running_mesh.directory)
    assert ask(state, "links") == []
    with pytest.raises(MeshError, match="--proxied"):
        ask(state, "link", caller="gateway-0", callee="stream", condition={})
