"""S1's buyers and sellers: the same wishes as S2's, over the socket protocol of the monolith."""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from google.protobuf.message import Message
from locust import User, task
from locust.exception import StopUser

from agora.account.v1 import account_pb2
from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2
from agora.review.v1 import review_pb2
from loadtests.options import thinking
from monolith.client import SocketClient, SocketRefusal
from monolith.frames import MalformedFrame

ResponseT = TypeVar("ResponseT", bound=Message)
_PASSWORD: Final = "a password for load tests"  # noqa: S105 - of accounts that only load tests use
_ACCOUNT: Final = "agora.account.v1.AccountService"
_CATALOG: Final = "agora.catalog.v1.CatalogService"
_ORDER: Final = "agora.order.v1.OrderService"
_REVIEW: Final = "agora.review.v1.ReviewService"


class Untrue(Exception):
    """The shop answered, and what it said cannot be so."""


class SocketUser(User):
    abstract = True
    role: ClassVar["account_pb2.Role.ValueType"]

    def wait_time(self) -> float:
        return thinking(self.environment)

    def on_start(self) -> None:
        assert self.environment.parsed_options is not None
        self._shop: SocketClient | None = None
        host, _, port = self.environment.parsed_options.monolith.rpartition(":")
        if not port:
            raise StopUser("--monolith is not given, and no mesh runs here")
        self._token = ""
        self._shop = SocketClient(host, int(port), timeout_s=10.0)
        name = f"locust-{uuid.uuid4()}"
        account = account_pb2.CreateAccountRequest(request_id=name, username=name, password=_PASSWORD, role=self.role)
        self.ask(f"{_ACCOUNT}/CreateAccount", account, account_pb2.CreateAccountResponse)
        session = account_pb2.CreateSessionRequest(username=name, password=_PASSWORD)
        opened = self.ask(f"{_ACCOUNT}/CreateSession", session, account_pb2.CreateSessionResponse)
        if opened is None:
            raise StopUser
        self.account_id, self._token = opened.session.account_id, opened.token

    def on_stop(self) -> None:
        if self._shop:
            self._shop.close()

    def ask(
        self,
        method: str,
        request: Message,
        response_type: type[ResponseT],
        *,
        allowed: str = "",
        truth: Callable[[Any], bool] = lambda _: True,
    ) -> ResponseT | None:
        """The response, or None when it was refused. A refusal for another reason than `allowed` is a failure."""
        began = time.perf_counter()
        response: ResponseT | None = None
        failure: Exception | None = None
        assert self._shop is not None
        try:
            response = self._shop.call(method, request, response_type, token=self._token)
            if not truth(response):
                failure = Untrue(str(response)[:200])
        except SocketRefusal as refusal:
            if refusal.reason != allowed:
                failure = refusal
        except (OSError, MalformedFrame) as error:
            failure = error
        self.environment.events.request.fire(
            request_type="TCP",
            name=method.rpartition(".")[2],
            response_time=(time.perf_counter() - began) * 1000,
            response_length=response.ByteSize() if response else 0,
            exception=failure,
            context={},
        )
        return response


class SocketBuyer(SocketUser):
    weight = 1
    role = account_pb2.ROLE_BUYER

    @task(5)
    def search(self) -> None:
        category = random.randrange(1000)  # noqa: S311 - a wish, not a secret
        self.ask(
            f"{_CATALOG}/SearchItems",
            catalog_pb2.SearchItemsRequest(category=category),
            catalog_pb2.SearchItemsResponse,
            truth=lambda page: all(item.category == category for item in page.items),
        )

    @task(3)
    def see_rating(self) -> None:
        self.ask(
            f"{_REVIEW}/BatchGetSellerRatings",
            review_pb2.BatchGetSellerRatingsRequest(seller_ids=[self.account_id]),
            review_pb2.BatchGetSellerRatingsResponse,
            truth=lambda answer: answer.ratings[0].seller_id == self.account_id,
        )

    @task(1)
    def buy(self) -> None:
        book = str(random.randrange(1, 8))  # noqa: S311
        self.ask(
            f"{_ORDER}/PlaceOrder",
            order_pb2.PlaceOrderRequest(request_id=uuid.uuid4().hex, lines=[order_pb2.Line(item_id=book, quantity=1)]),
            order_pb2.PlaceOrderResponse,
            allowed="OUT_OF_STOCK",
            truth=lambda answer: answer.order.total_cents == answer.order.lines[0].price_cents,
        )


class SocketSeller(SocketUser):
    weight = 1
    role = account_pb2.ROLE_SELLER

    @task(3)
    def see_own_items(self) -> None:
        self.ask(
            f"{_CATALOG}/ListSellerItems",
            catalog_pb2.ListSellerItemsRequest(page_size=20),
            catalog_pb2.ListSellerItemsResponse,
            truth=lambda page: all(item.seller_id == self.account_id for item in page.items),
        )

    @task(1)
    def register(self) -> None:
        new: Mapping[str, Any] = {
            "name": "Lamp",
            "category": 100,
            "keywords": ["lamp"],
            "price_cents": 100,
            "quantity": 5,
        }
        self.ask(
            f"{_CATALOG}/RegisterItem",
            catalog_pb2.RegisterItemRequest(request_id=uuid.uuid4().hex, condition=catalog_pb2.CONDITION_NEW, **new),
            catalog_pb2.RegisterItemResponse,
            truth=lambda answer: answer.item.seller_id == self.account_id,
        )
