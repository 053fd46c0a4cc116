"""S3's and S5's shoppers: they search by topic, look books up, and buy them without an account."""

import random
import uuid
from collections.abc import Mapping
from typing import ClassVar, Final

from loadtests.users.shopper import Mix, Shopper

_TOPICS: Final = {"distributed%20systems": {1, 2, 5}, "graduate%20school": {3, 4, 6, 7}}
_BOOKS: Final = range(1, 8)
_OUT_OF_STOCK: Final = 409


class BookShopper(Shopper):
    weight = 2
    mixes: ClassVar[Mapping[str, Mix]] = {
        "browse": {"search": 45, "look_up": 53, "buy": 2},
        "balanced": {"search": 30, "look_up": 55, "buy": 15},
        "buy": {"search": 10, "look_up": 30, "buy": 60},
    }

    def search(self) -> None:
        topic, books = random.choice(list(_TOPICS.items()))  # noqa: S311 - a taste, not a secret
        self.ask(
            "GET",
            f"/books?topic={topic}",
            "/books?topic",
            truth=lambda found: {book["id"] for book in found} >= books,
        )

    def look_up(self) -> None:
        number = random.choice(_BOOKS)  # noqa: S311
        self.ask(
            "GET", f"/books/{number}", "/books/{id}", truth=lambda book: book["id"] == number and book["count"] >= 0
        )

    def buy(self) -> None:
        number = random.choice(_BOOKS)  # noqa: S311
        self.ask(
            "POST",
            f"/books/{number}",
            "/books/{id}",
            key=str(uuid.uuid4()),
            allowed=(200, _OUT_OF_STOCK),
            truth=lambda receipt: receipt["Order status"] == "Success" and receipt["ID"] == number,
        )
