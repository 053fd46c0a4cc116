"""The seven books of the book store, as the contract lists them."""

from agora.catalog.v1 import catalog_pb2 as pb

BOOKS = {
    "1": ("How to get a good grade in 677 in 20 minutes a day", "distributed systems", 3000),
    "2": ("RPCs for Dummies", "distributed systems", 4000),
    "3": ("Xen and the Art of Surviving Graduate School", "graduate school", 7500),
    "4": ("Cooking for the Impatient Graduate Student", "graduate school", 15000),
    "5": ("How to finish Project 3 on time", "distributed systems", 4000),
    "6": ("Why theory classes are so hard", "graduate school", 5000),
    "7": ("Spring in the Pioneer Valley", "graduate school", 6000),
}


async def test_the_seven_books_are_there_with_a_count_of_1000(replica):
    books = await replica.get(*BOOKS)
    assert {item_id: (book.name, book.topic, book.price_cents) for item_id, book in books.items()} == BOOKS
    assert {(book.quantity, book.currency, book.condition) for book in books.values()} == {
        (1000, "USD", pb.CONDITION_NEW)
    }


async def test_books_are_found_by_topic_whatever_its_case(replica):
    for topic in ("distributed systems", "Distributed Systems"):
        assert [book.item_id for book in (await replica.search(topic=topic)).items] == ["1", "2", "5"]
    assert [book.item_id for book in (await replica.search(topic="graduate school")).items] == ["3", "4", "6", "7"]
    assert not (await replica.search(topic="distributed")).items


async def test_the_first_registered_item_gets_no_number_of_a_book(replica):
    assert int((await replica.register()).item_id) >= 1000
