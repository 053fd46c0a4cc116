from fastapi import Request

from gateway.client_address import client_address


def test_client_address_is_the_peers():
    assert client_address(Request({"type": "http", "client": ("192.0.2.7", 51234)})) == "192.0.2.7"


def test_client_address_is_empty_without_a_peer():
    assert client_address(Request({"type": "http", "client": None})) == ""
