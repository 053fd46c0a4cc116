"""Search against the same search written plainly in Python, and the pages it is cut into."""

import asyncio
import random
from itertools import product

import grpc
import pytest

from chassis.errors import Refusal
from chassis.status import code_of

WORDS = ["red", "blue", "lamp", "chair", "old", "new", "tea", "pot"]
CATEGORIES = [None, 0, 1, 2]
KEYWORDS = [(), ("red",), ("RED", "red"), ("blue", "Lamp"), ("red", "blue", "lamp", "chair", "nothing")]
TOPICS = [None, "gardens", "GARDENS", "no such topic"]
TEXTS = [None, "red", "Red LAMP", "lamp red", "nothing"]
ITEMS = 300


def generated_items():
    dice = random.Random(20260501)
    for number in range(ITEMS):
        yield {
            "name": " ".join(dice.choices(WORDS, k=3)).capitalize() + f" {number}",
            "category": dice.randrange(3),
            "keywords": dice.sample(["red", "Red", "blue", "lamp", "chair", "old"], dice.randrange(5)),
            "topic": dice.choice([None, None, "gardens", "cities"]),
        }


@pytest.fixture
async def shelf(replica, connection):
    """A catalog of generated items only, as (item id, description) in the order of their ids."""
    await connection.execute("DELETE FROM items")

    async def register(described):
        fields = {name: value for name, value in described.items() if name != "topic"}
        return (await replica.register(**fields)).item_id, described

    shelf = await asyncio.gather(*map(register, generated_items()))
    shelf.sort(key=lambda item: int(item[0]))
    for topic in ("gardens", "cities"):
        ids = [int(item_id) for item_id, item in shelf if item["topic"] == topic]
        await connection.execute("UPDATE items SET topic = $1 WHERE id = ANY($2::bigint[])", topic, ids)
    return shelf


def reference(shelf, category, keywords, topic, text):
    """Ids in the order in which a search must give them."""
    wanted = {keyword.casefold() for keyword in keywords}
    found = []
    for position, (item_id, item) in enumerate(shelf):
        matches = len(wanted & {keyword.casefold() for keyword in item["keywords"]})
        words = item["name"].lower().split()
        if (
            (category is None or item["category"] == category)
            and (not wanted or matches)
            and (topic is None or item["topic"] == topic.lower())
            and (text is None or all(word in words for word in text.lower().split()))
        ):
            found.append((-matches, position, item_id))
    return [item_id for _, _, item_id in sorted(found)]


async def every_page(search, page_size, **filters):
    pages, token = [], ""
    while True:
        page = await search(page_size=page_size, page_token=token, **filters)
        pages.append([item.item_id for item in page.items])
        token = page.next_page_token
        if not token:
            return pages


def given_only(**filters):
    return {name: value for name, value in filters.items() if value not in (None, ())}


async def test_every_combination_of_filters_finds_what_it_should_in_order_and_in_any_pages(replica, shelf):
    dice = random.Random(1)
    for category, keywords, topic, text in product(CATEGORIES, KEYWORDS, TOPICS, TEXTS):
        expected = reference(shelf, category, keywords, topic, text)
        filters = given_only(category=category, keywords=keywords, topic=topic, text=text)
        size = dice.choice([3, 7, 50, 500] if len(expected) < 30 else [50, 500])
        pages = await every_page(replica.search, size, **filters)
        assert [item_id for page in pages for item_id in page] == expected, filters
        assert all(len(page) == size for page in pages[:-1])


async def test_pages_of_any_size_neither_lose_nor_repeat_an_item(replica, shelf, subtests):
    for keywords, page_size in product([(), ("red",), ("red", "blue", "lamp")], [1, 49, 50]):
        with subtests.test(keywords=keywords, page_size=page_size):
            pages = await every_page(replica.search, page_size, **given_only(category=1, keywords=keywords))
            assert [item_id for page in pages for item_id in page] == reference(shelf, 1, keywords, None, None)


async def test_pages_stay_whole_while_items_are_registered(replica, shelf, subtests):
    for filters in ({}, {"category": 1}, {"keywords": ["red", "blue"]}, {"text": "red"}):
        with subtests.test(filters=filters):
            await pages_stay_whole(replica, shelf, filters)


async def pages_stay_whole(replica, shelf, filters):
    wanted = ("category", "keywords", "topic", "text")
    before = reference(shelf, *({"keywords": (), **filters}.get(name) for name in wanted))
    seen, token = [], ""
    while True:
        page = await replica.search(page_size=20, page_token=token, **filters)
        seen += [item.item_id for item in page.items]
        token = page.next_page_token
        if not token:
            break
        await replica.register(name="Red lamp", category=1, keywords=["red", "blue"])
    assert len(set(seen)) == len(seen)
    assert [item_id for item_id in seen if item_id in set(before)] == before


async def test_more_matches_come_first_and_ties_by_registration(replica):
    one = await replica.register(category=9, keywords=["red"])
    two = await replica.register(category=9, keywords=["Blue", "RED"])
    other_one = await replica.register(category=9, keywords=["blue", "old"])
    for filters in ({"category": 9}, {"category": 9, "text": "lamp"}, {}):
        page = await replica.search(keywords=["red", "blue"], **filters)
        assert [item.item_id for item in page.items] == [two.item_id, one.item_id, other_one.item_id]


async def test_text_finds_whole_words_without_regard_to_case_in_any_script(replica):
    item = await replica.register(name="Grüner ÄRMEL Чай 茶")
    for text in ("ärmel", "GRÜNER", "чай", "茶", "ärmel grüner"):
        assert [found.item_id for found in (await replica.search(text=text)).items] == [item.item_id]
    for text in ("ärm", "grüner hut", "?!", "'", "& | !", "lamp:*", "\\"):
        assert not (await replica.search(text=text)).items


async def test_a_page_token_of_another_search_is_refused(replica, shelf, subtests):
    token = (await replica.search(category=1, page_size=2)).next_page_token
    for other in (
        {},
        {"category": 2},
        {"keywords": ["red"]},
        {"category": 1, "keywords": ["blue"]},
        {"category": 1, "text": "red"},
    ):
        with subtests.test(other=other), pytest.raises(Refusal) as refused:
            await replica.search(page_size=2, page_token=token, **other)
        assert code_of(refused.value) is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.reason == "INVALID_PAGE_TOKEN"
    assert (await replica.search(category=1, page_size=2, page_token=token)).items


async def test_a_page_token_is_good_at_every_replica(replica, other_replica, shelf):
    token = (await replica.search(page_size=2)).next_page_token
    assert [item.item_id for item in (await other_replica.search(page_size=2, page_token=token)).items] == [
        item_id for item_id, _ in shelf[2:4]
    ]


async def test_a_bad_request_names_its_field(replica, subtests):
    for request, field in [
        ({"page_size": -1}, "page_size"),
        ({"page_size": 501}, "page_size"),
        ({"page_token": "x"}, "page_token"),
        ({"category": 1000}, "category"),
        ({"keywords": ["a"] * 6}, "keyword"),
        ({"text": "a\0"}, "q"),
    ]:
        with subtests.test(request=request), pytest.raises(Refusal) as refused:
            await replica.search(**request)
        assert code_of(refused.value) is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.metadata["field"] == field
