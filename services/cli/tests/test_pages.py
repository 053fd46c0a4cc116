"""Lists longer than a page."""

import json

import pytest

from .stand_in_server import Canned


@pytest.fixture(autouse=True)
def sixty_items(stock):
    for number in range(60):
        stock(name=f"pen {number}")


def names(result):
    return [item["name"] for item in result.json["items"]]


def test_the_first_page_comes_with_word_of_the_next(agora):
    result = agora("find", "--page-size", "2")
    assert len(result.out.splitlines()) == 3
    assert result.err == "There is more: --page-token 2 for the next page, --all for every page.\n"


def test_the_next_page_is_reached_by_its_token(agora):
    page = agora("find", "--page-size", "2", "--page-token", "2", "--json")
    assert names(page) == ["pen 2", "pen 3"]
    assert page.json["next_page_token"] == "4"
    assert page.err == ""


def test_all_pages_make_one_table(agora):
    result = agora("find", "--all", "--page-size", "7")
    assert len(result.out.splitlines()) == 61
    assert result.err == ""


def test_all_pages_make_one_document(agora, shop):
    result = agora("find", "--all", "--page-size", "7", "--json")
    assert names(result) == [f"pen {number}" for number in range(60)]
    assert result.json["next_page_token"] == ""
    assert len(shop.requests) == 9


def test_all_pages_are_fetched_in_the_largest_pages_there_are(agora, shop):
    agora("find", "--all")
    assert [request.query["page_size"] for request in shop.requests] == [["500"]]


def test_a_page_that_announces_itself_ends_the_list(agora, shop):
    page = json.dumps({"items": [], "next_page_token": "again"}).encode()
    shop.faults += [Canned(200, page)] * 9
    assert agora("find", "--all").code == 3
    assert len(shop.requests) == 2


def test_listing_that_fails_prints_no_header(agora, shop):
    shop.faults += [Canned(409, b'{"title": "Conflict", "detail": "try again"}')]
    result = agora("find")
    assert (result.code, result.out, result.err) == (1, "", "agora: try again\n")


def test_all_pages_and_one_page_exclude_each_other(agora):
    assert agora("find", "--all", "--page-token", "2").code == 2
    assert agora("find", "--page-size", "0").code == 2
