"""`locust -f loadtests/locustfile.py`: every kind of user and every shape, to be picked in the web UI."""

from typing import Any

from locust import events
from locust.env import Environment

from loadtests import options, thresholds
from loadtests.shapes import Ramp, Soak, Spike, Steady
from loadtests.users.album_user import AlbumUser
from loadtests.users.book_shopper import BookShopper
from loadtests.users.buyer import Buyer
from loadtests.users.flash_sale import FlashSaleBuyer
from loadtests.users.seller import Seller
from loadtests.users.socket_users import SocketBuyer, SocketSeller

__all__ = [
    "AlbumUser",
    "BookShopper",
    "Buyer",
    "FlashSaleBuyer",
    "Ramp",
    "Seller",
    "Soak",
    "SocketBuyer",
    "SocketSeller",
    "Spike",
    "Steady",
    "options",
    "thresholds",
]

_SHAPES = {shape.__name__: shape for shape in (Ramp, Soak, Spike, Steady)}


@events.init.add_listener  # type: ignore[untyped-decorator]
def _choose_shape(environment: Environment, **_: Any) -> None:
    """Locust's own choice is the first by name; the web UI may choose again."""
    assert environment.parsed_options is not None
    if not environment.parsed_options.worker:
        environment.shape_class = _SHAPES[environment.parsed_options.shape]()
        environment.shape_class.runner = environment.runner
