"""How the command talks to the shop: what every way of talking offers, and which one a URL's scheme chooses."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from cli.errors import WrongUsage
from cli.operations import Operation

Answer = Any
"""Decoded JSON, as the contract describes it for the operation."""


class Transport(Protocol):
    """Asks the shop for one operation at a time."""

    def call(self, operation: Operation, fields: Mapping[str, object], *, key: str | None = None) -> Answer:
        """Ask, and ask again when that is safe. Fields that are None are left out.

        A change carries an idempotency key, the given one or a fresh one, and every repetition carries the same.
        Raises Refused when the shop says no and Unreachable when no shop answers.
        """

    def close(self) -> None: ...


def normalised(url: str) -> str:
    """The one spelling of a shop's URL, under which its session is kept. Raises WrongUsage for what is no such URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as cause:
        raise WrongUsage(f"--url {url}: {cause}") from cause
    if not parts.scheme or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise WrongUsage(f"--url {url}: expected something like http://127.0.0.1:8080")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def connect(url: str, token: str | None) -> Transport:
    scheme, _, _ = url.partition("://")
    if scheme in ("http", "https"):
        # Imported here because it costs most of the command's start-up time, which `agora mesh` need not pay.
        from cli.gateway_client import GatewayClient

        return GatewayClient(url, token)
    if scheme == "tcp":
        from cli.monolith_client import MonolithClient

        return MonolithClient(url, token)
    raise WrongUsage(f"--url {url}: the scheme must be http, https or tcp")
