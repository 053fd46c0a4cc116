"""Headers in which a reverse proxy forwards the client, scheme and host of a request, believed from trusted peers only.

uvicorn's ProxyHeadersMiddleware knows neither `Forwarded` nor `X-Forwarded-Host`, takes an entry that is no address for
the client's, and accepts a misspelt network in its setting.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.settings import Network

_SCHEMES: Final = frozenset({"http", "https"})
_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
# Of one request, all together; more is no chain of proxies.
_MAX_BYTES: Final = 1024
_NAMES: Final = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded")


class TrustedProxies:
    """Peers whose forwarded headers are believed."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def client_of(self, peer: str, hops: Iterable[str]) -> str:
        """Return the last address that a trusted proxy vouches for.

        Each proxy appends whom it was called by, so only what stands right of an address that is not trusted counts.
        """
        client = peer
        for hop in reversed([*hops]):
            address = _address_of(hop)
            if address is None:
                break
            client = address
            if not self.trusts(client):
                break
        return client

    def _trusts(self, peer: str) -> bool:
        address = _address_of(peer)
        return address is not None and any(ip_address(address) in network for network in self._networks)


class Forwarding(NamedTuple):
    """The client's address, and the scheme and host it asked for; empty where the proxy does not say."""

    client: str
    scheme: str
    host: str


class Forwarded:
    """Middleware that lets the application see the request as the client sent it to the first trusted proxy."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies
        # Reading costs a tenth of a cached answer, and a client's next request has the same headers.
        self._forwarding = lru_cache(maxsize=1024)(self._read)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["client"] and self._proxies.trusts(scope["client"][0]):
            lines = tuple(line for line in scope["headers"] if line[0] in _NAMES)
            if lines and sum(len(value) for _, value in lines) <= _MAX_BYTES:
                _apply(self._forwarding(scope["client"][0], lines), scope)
        await self._app(scope, receive, send)

    def _read(self, peer: str, lines: Sequence[tuple[bytes, bytes]]) -> Forwarding:
        x_for, x_proto, x_host, forwarded = (_values_of(lines, name) for name in _NAMES)
        elements = [_pairs_of(element) for element in forwarded]
        chains = (x_for, [element.get("for", "") for element in elements])
        clients = {self._proxies.client_of(peer, chain) for chain in chains if any(chain)}
        nearest = elements[-1] if elements else {}
        scheme = (x_proto[-1] if x_proto else nearest.get("proto", "")).lower()
        host = x_host[-1] if x_host else nearest.get("host", "")
        return Forwarding(
            # A proxy that writes one of the two headers may pass the other on as the client wrote it.
            client=clients.pop() if len(clients) == 1 else peer,
            scheme=scheme if scheme in _SCHEMES else "",
            host=host if _HOST.fullmatch(host) else "",
        )


def _apply(forwarding: Forwarding, scope: Scope) -> None:
    scope["client"] = (forwarding.client, 0)
    if forwarding.scheme:
        scope["scheme"] = forwarding.scheme
    if forwarding.host:
        others = (line for line in scope["headers"] if line[0] != b"host")
        scope["headers"] = [(b"host", forwarding.host.encode()), *others]


def _values_of(lines: Sequence[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """The header's list; a header that stands several times is one list."""
    values = [value.decode("latin-1") for found, value in lines if found == name]
    return [part.strip() for value in values for part in value.split(",")]


def _pairs_of(element: str) -> dict[str, str]:
    """An element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https`. No value that counts has a comma in it."""
    pairs = (pair.partition("=") for pair in element.split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _address_of(hop: str) -> str | None:
    """The address without port and brackets, in one spelling; None for a name, `unknown` or what is malformed."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        address = ip_address(hop)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
