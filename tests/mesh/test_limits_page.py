"""The page on limits has the numbers of the code."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import account.settings
import gateway.settings
import monolith.settings
from chassis.open_files import RESERVED_FILES
from chassis.settings import Environment
from gateway import edge, http_limits, uploads
from monolith import connection, frames

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \| [^|]+ \| (?:`(\w+)` )?\|$", re.MULTILINE)
CONSTANTS = {
    "request line and headers": http_limits.MAX_FRAMING_BYTES,
    "headers": http_limits.MAX_HEADERS,
    "path and query": edge.MAX_URL_BYTES,
    "chunk extensions and trailers": http_limits.MAX_FRAMING_BYTES,
    "requests sent ahead": http_limits.MAX_PIPELINED,
    "body": edge.MAX_BODY_BYTES,
    f"least rate of a body, over {http_limits.BODY_INTERVAL_S} s": http_limits.MIN_BODY_BYTES_PER_S,
    "image": uploads.MAX_IMAGE_BYTES,
    "profile": uploads.MAX_PROFILE_BYTES,
    "time for an upload": uploads.RECEIVE_TIMEOUT_S,
    "frame": frames.MAX_FRAME_BYTES,
    "frames sent ahead": connection.MAX_AHEAD_BYTES,
}
# Settings that bound something else than clients.
OTHERS = {"DATABASE_POOL_SIZE"}
UNITS = {"": 1, "s": 1, "KiB": 1024, "KiB/s": 1024, "MiB": 1024**2}


class Row(NamedTuple):
    limit: str
    number: int
    setting: str


class Defaults(Environment):
    """An environment in which only what must be set is; `counts` are the defaults of all numbers."""

    def __init__(self) -> None:
        owners = ("ACCOUNT", "CATALOG", "ORDER", "REVIEW", "PAYMENT")
        super().__init__(
            {f"{owner}_TARGET": "ipv4:127.0.0.1:1" for owner in owners}
            | {f"{owner}_DATABASE_URL": "postgresql://127.0.0.1/shop" for owner in owners}
            | {"DATABASE_URL": "postgresql://127.0.0.1/shop"}
            | dict.fromkeys(("REDIS_URL", "STREAM_URL"), "redis://127.0.0.1:1")
            | dict.fromkeys(("METRICS_PORT", "HTTP_PORT", "GRPC_PORT", "MONOLITH_PORT"), "1")
        )
        self.counts: dict[str, int] = {}

    def count(self, name: str, default: int, *, low: int = 1, high: int = 1_000_000) -> int:
        assert low <= default <= high
        self.counts[name] = default
        return default


def number_of(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number.replace(",", "")) * UNITS[unit]


def rows() -> list[Row]:
    found = [Row(limit, number_of(number), setting) for limit, number, setting in ROW.findall(PAGE)]
    assert len(found) == sum(line.startswith("|") for line in PAGE.splitlines()) - 2 * PAGE.count(
        "|---|---|---|---|---|"
    )
    return found


@pytest.fixture
def defaults():
    environment = Defaults()
    for settings in (account.settings, gateway.settings, monolith.settings):
        settings.Settings.read(environment)
    return {name: count for name, count in environment.counts.items() if name not in OTHERS}


def test_the_page_has_each_setting_with_its_default(defaults):
    assert {row.setting: row.number for row in rows() if row.setting} == defaults


def test_the_page_has_each_constant():
    assert {row.limit: row.number for row in rows() if not row.setting} == CONSTANTS


def test_numbers_within_the_text_are_those_of_the_code():
    assert f"keeps {RESERVED_FILES:,} open files" in PAGE
    assert f"if it had {uploads.PROTECTED_S:.0f} s" in PAGE
