"""What a newcomer types first, and what they see."""

import json
import os
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from .conftest import Mesh

ROOT = Path(__file__).parents[2]

TOPIC = "distributed systems"
IDLE_RSS_MIB = 700


def test_items_of_a_category_are_listed(client: httpx.Client):
    answer = client.get("/v1/items", params={"category": 3})
    assert answer.status_code == 200
    assert {item["category"] for item in answer.json()["items"]} == {3}
    assert {"x-request-id", "x-cache", "server-timing"} <= answer.headers.keys()


def test_the_books_of_a_topic_are_listed(client: httpx.Client):
    titles = client.get("/books", params={"topic": TOPIC}).json()
    assert titles == [
        {"id": 1, "title": "How to get a good grade in 677 in 20 minutes a day"},
        {"id": 2, "title": "RPCs for Dummies"},
        {"id": 5, "title": "How to finish Project 3 on time"},
    ]


def test_the_command_line_searches_looks_up_and_buys(mesh: Mesh):
    found = json.loads(mesh.agora("search", "--topic", TOPIC, "--json").stdout)
    assert [book["id"] for book in found] == [1, 2, 5]
    before = json.loads(mesh.agora("lookup", "7", "--json").stdout)
    assert before | {"count": 0} == {
        "id": 7,
        "title": "Spring in the Pioneer Valley",
        "topic": "graduate school",
        "cost": 60.0,
        "count": 0,
    }
    bought = mesh.agora("buy", "7")
    assert bought.returncode == 0, bought.stderr
    after = json.loads(mesh.agora("lookup", "7", "--json").stdout)
    assert after["count"] == before["count"] - 1
    assert mesh.agora("lookup", "8").returncode == 1


def typed(command: str) -> "subprocess.CompletedProcess[str]":
    """Run a line as a person types it: at the root of the tree, with nothing set beforehand."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
    return subprocess.run(
        command, shell=True, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )


def banner_commands(mesh: Mesh) -> list[str]:
    return [line.strip() for line in mesh.banner.partition("Try:")[2].splitlines() if line.strip()]


def test_commands_of_the_banner_run_as_printed(mesh: Mesh):
    search, buy, top, down = banner_commands(mesh)
    assert "RPCs for Dummies" in typed(search).stdout
    assert "Success" in typed(buy).stdout
    assert "gateway" in typed(f"{top} --once --interval 0.1").stdout
    # The session's mesh stays; its last line is only read.
    assert down.endswith("agora mesh down")


def test_piped_status_has_whole_columns(mesh: Mesh):
    status = mesh.agora("mesh", "status", COLUMNS="40").stdout
    assert mesh.description["gateway"].rpartition(":")[2] in status
    assert "…" not in status


@pytest.mark.parametrize("command", ["status", "logs", "top --once --interval 0.1"])
def test_mesh_commands_are_quiet_when_their_reader_leaves(mesh: Mesh, command: str):
    agora = banner_commands(mesh)[-1].removesuffix(" mesh down")
    assert typed(f"{agora} mesh {command} | true").stderr == ""


def test_log_lines_name_the_request(mesh: Mesh, client: httpx.Client):
    client.get("/books/1", headers={"x-request-id": "find-me-in-the-log"})
    deadline = time.monotonic() + 10
    while "find-me-in-the-log" not in (mesh.directory / "logs" / "gateway-0.log").read_text():
        assert time.monotonic() < deadline, "the request was not logged"
        time.sleep(0.05)


def test_the_operator_sets_what_a_book_costs_and_nobody_else(mesh: Mesh, client: httpx.Client):
    change = {"cost": 12.5, "count": 77}
    assert client.patch("/books/6", json=change).status_code == 401
    authorised = client.patch("/books/6", json=change, headers={"authorization": f"Bearer {mesh.operator_token}"})
    assert authorised.status_code == 200
    shown = client.get("/books/6").json()
    assert (shown["cost"], shown["count"]) == (12.5, 77)


def test_a_book_that_is_out_of_stock_says_so(mesh: Mesh, client: httpx.Client):
    client.patch("/books/4", json={"count": 0}, headers={"authorization": f"Bearer {mesh.operator_token}"})
    refused = client.post("/books/4")
    assert (refused.status_code, refused.json()["Order status"]) == (409, "Out of stock")


def test_an_idle_mesh_fits_on_a_laptop(mesh: Mesh):
    rss = sum(psutil.Process(process["pid"]).memory_info().rss for process in mesh.description["processes"])
    assert rss / 2**20 < IDLE_RSS_MIB
