"""What buyers think of sellers: `rate` and `seller-rating`."""

from argparse import Namespace
from collections.abc import Iterator

from cli import operations
from cli.arguments import Commands, identifier
from cli.presentation import Block, Record
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    rate = commands.add("rate", _rate, "vote on an item you bought, once")
    rate.add_argument("id", type=identifier, metavar="ITEM")
    rate.add_argument("vote", choices=("up", "down"))
    rating = commands.add("seller-rating", _seller_rating, "show what buyers think of a seller")
    rating.add_argument("id", type=identifier, metavar="SELLER")


def _rate(arguments: Namespace, visit: Visit) -> None:
    answer = visit.shop.call(operations.LEAVE_FEEDBACK, {"item_id": arguments.id, "vote": arguments.vote})
    visit.output.show(answer, lambda _: iter([f"Voted {arguments.vote} on {arguments.id}."]))


def _seller_rating(arguments: Namespace, visit: Visit) -> None:
    answer = visit.shop.call(operations.GET_SELLER_RATING, {"seller_id": arguments.id})
    visit.output.show(answer, _rating_record)


def _rating_record(rating: Answer) -> Iterator[Block]:
    yield Record(
        {
            "Seller": rating["seller_id"],
            "Thumbs up": rating["thumbs_up"],
            "Thumbs down": rating["thumbs_down"],
        }
    )
