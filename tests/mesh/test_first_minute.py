"""What a newcomer types first, and what they see."""

import json

import httpx
import psutil

from .conftest import Mesh

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
