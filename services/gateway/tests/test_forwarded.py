"""What the gateway believes of a proxy's headers, and of whom."""

import asyncio
import subprocess
import sys

import pytest

from chassis.settings import Environment
from gateway.forwarded import Forwarded, TrustedProxies

from .stand_in_mesh import PortBlock, environment_of, running_gateway

PROXY, BALANCER, CLIENT = "10.0.0.1", "10.0.0.2", "192.0.2.7"
PROXIES = TrustedProxies(Environment({"NETWORKS": "10.0.0.0/24, 2001:db8::/32"}).networks("NETWORKS"))


def seen(peer, *headers):
    """Client, scheme and host as the application sees them."""
    scopes = []

    async def app(scope, _receive, _send):
        scopes.append(scope)

    scope = {
        "type": "http",
        "client": (peer, 4711),
        "scheme": "http",
        "headers": [(b"host", b"gateway:8080"), *((name.lower().encode(), value.encode()) for name, value in headers)],
    }
    asyncio.run(Forwarded(app, PROXIES)(scope, None, None))
    return scopes[0]["client"][0], scopes[0]["scheme"], dict(scopes[0]["headers"])[b"host"].decode()


def client(peer, *headers):
    return seen(peer, *headers)[0]


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-For", CLIENT), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "shop.example")],
        [("Forwarded", f"for={CLIENT};proto=https;host=shop.example")],
        [("Forwarded", f'For="{CLIENT}:80"; Proto=HTTPS; Host="shop.example"')],
    ],
)
def test_forwarded_headers_of_a_trusted_proxy_are_honoured(headers):
    assert seen(PROXY, *headers) == (CLIENT, "https", "shop.example")
    assert seen(CLIENT, *headers) == (CLIENT, "http", "gateway:8080")


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        (f"{CLIENT}", CLIENT),
        (f"{CLIENT}:5000", CLIENT),
        (f"{CLIENT}, {BALANCER}", CLIENT),
        (f"1.1.1.1, {CLIENT}", CLIENT),
        (f"1.1.1.1, {CLIENT}, {BALANCER}", CLIENT),
        (f"unknown, {BALANCER}", BALANCER),
        ("unknown", PROXY),
        ("", PROXY),
        ("a" * 5000, PROXY),
        (f"{BALANCER}, {PROXY}", BALANCER),
        ("2001:db8:1::1, ::ffff:192.0.2.7", CLIENT),
        ("[2a00::7]:443, 2001:db8::1", "2a00::7"),
    ],
)
def test_client_is_the_last_address_a_trusted_proxy_names(hops, expected):
    assert client(PROXY, ("X-Forwarded-For", hops)) == expected


def test_a_list_over_several_lines_is_one_list():
    assert client(PROXY, ("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", CLIENT)) == CLIENT


@pytest.mark.parametrize("forged", ["for=1.1.1.1", 'for="1.1.1.1', "for=1.1.1.1, for=2.2.2.2", "for=10.0.0.9"])
def test_a_header_the_proxy_passes_through_is_not_believed(forged):
    assert client(PROXY, ("X-Forwarded-For", CLIENT), ("Forwarded", forged)) == PROXY
    assert client(PROXY, ("X-Forwarded-For", "1.1.1.1"), ("Forwarded", f"for={CLIENT}")) == PROXY


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Forwarded-Proto", "ftp"), ("X-Forwarded-Host", "a b"), ("X-Forwarded-Host", "a/b"), ("Forwarded", ";=,;;")],
)
def test_malformed_forwarded_headers_change_nothing(name, value):
    assert seen(PROXY, (name, value)) == (PROXY, "http", "gateway:8080")


FORWARDED = {"x-forwarded-for": CLIENT, "x-forwarded-proto": "https", "x-forwarded-host": "shop.example"}


def test_pages_behind_a_trusted_tls_proxy_name_https(mesh, tmp_path):
    changes = {"AGORA_TRUSTED_PROXIES": "127.0.0.0/8"}
    with running_gateway(mesh.targets, tmp_path, **changes) as gateway, gateway.client() as http:
        http.headers.update(FORWARDED)
        assert http.get("/").headers["location"] == "https://shop.example/docs"
        assert "https://shop.example/swagger/" in http.get("/docs").text
        assert "http://" not in http.get("/docs").text
        http.post("/v1/sessions", json={"username": "nobody", "password": "wrong horse"})
        assert mesh.account.calls_of("CreateSession")[-1].request.client_address == CLIENT
        servers = http.get("/openapi.json").json().get("servers", [])
        assert not [server["url"] for server in servers if server["url"].startswith("http:")]


def test_pages_ignore_forwarded_headers_by_default(http, gateway):
    assert http.get("/", headers=FORWARDED).headers["location"] == f"{gateway.url}/docs"


@pytest.mark.parametrize("value", ["10.0.0.1/8", "10.0.0.0/33", "nginx", "10.0.0.1;10.0.0.2"])
def test_a_malformed_network_stops_the_gateway_at_start(tmp_path, value):
    targets = dict.fromkeys(("catalog", "order", "account", "review"), "ipv4:127.0.0.1:1")
    with PortBlock(tmp_path) as ports:
        environment = environment_of(targets, ports) | {"AGORA_TRUSTED_PROXIES": value}
        ended = subprocess.run(
            [sys.executable, "-m", "gateway"], env=environment, capture_output=True, text=True, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("configuration: AGORA_TRUSTED_PROXIES must be CIDRs")
    assert ended.stderr.count("\n") == 1
